import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import type { RunEvent } from '../../src/core/events.js';
import { runCli, runFolder, startCli, startJobs, type LiveCli } from './cli.js';
import { add, countRun, noCounts, type Counts } from './crash-counts.js';
import { jobfile, tasksOf } from './crash-workload.js';
import { ofKind, outcomes } from './journal-view.js';
import { until } from './poll.js';
import { tempDir } from './temp-dir.js';

/** A run is killed so often before it may end; the next kills are of another run. */
const KILLS_A_RUN = 10;
/** Hours are long: the counts so far are printed whenever there are so many more. */
const NEWS_KILLS = 25;
/** An emulated machine that shares its host with others may need so long for anything. */
const DEADLINE_MS = 120_000;
/** Of all kills, those that are meant for a supervisor that has hardly begun; the others wait until it has. */
const EARLY_PART = 0.35;
/** An early kill comes within so many times as long as starting a run takes; resuming one takes longer. */
const EARLY_STARTS = 1.5;
/** A later one within this and half as long as starting takes, from when it has begun on: on a slow machine all is slow. */
const WORK_MS = 2000;
/** After the end there is as much to do as in this part of a start. */
const ENDING_PART = 0.25;

/** A test with five hundred kills on an emulated machine takes hours. */
export const CRASHES_TIMEOUT_MS = 8 * 3_600_000;

/**
 * How many kills are asked for: `$CRASHES`, or else `usual`.
 *
 * @throws when `$CRASHES` is no whole number above 0.
 */
export function wantedCrashes(usual: number): number {
  const wanted = Number(process.env['CRASHES'] ?? usual);
  if (Number.isInteger(wanted) && wanted > 0) return wanted;
  throw new Error(
    `CRASHES=${process.env['CRASHES'] ?? ''}: expected a number of kills, as in CRASHES=500`,
  );
}

/**
 * Kills the supervisor of real runs at random instants, `wanted` times in all, resumes each time, lets each run come to
 * its end, and expects that no task was lost or run twice and that nothing was left behind. Prints the counts.
 *
 * @param name - what the counts are of, for the line that is printed.
 * @param args - options of `memsched run`, as the tier.
 */
export async function crashAgainAndAgain(
  name: string,
  wanted: number,
  args: readonly string[],
): Promise<void> {
  const counts = noCounts();
  for (let run = 0; counts.kills < wanted; run += 1) {
    const { kills } = counts;
    const crashed = { args, isTight: run % 2 === 1 };
    await crashAndResume(crashed, Math.min(KILLS_A_RUN, wanted - kills), counts);
    const isNews = Math.floor(kills / NEWS_KILLS) < Math.floor(counts.kills / NEWS_KILLS);
    if (isNews && counts.kills < wanted) print(name, counts);
  }
  print(name, counts);
  const { evidence, ...figures } = counts;
  expect(figures, evidence.join('\n')).toMatchObject({ lost: 0, doubled: 0, leaked: 0 });
  expect(counts.kills).toBe(wanted);
}

function print(name: string, { evidence, ...figures }: Counts): void {
  const told = evidence.length === 0 ? '' : `\n${evidence.join('\n')}`;
  process.stdout.write(`crashes, ${name}: ${JSON.stringify(figures)}${told}\n`);
}

interface Crashed {
  readonly args: readonly string[];
  /** Whether two of its tasks grow beyond what there is, so that one is frozen. */
  readonly isTight: boolean;
}

/** One run, killed again and again, and then left to end. */
async function crashAndResume(crashed: Crashed, kills: number, counts: Counts): Promise<void> {
  const story = join(tempDir(), 'story');
  const options = { env: { STORY: story }, timeoutMs: 5 * DEADLINE_MS };
  const startedMs = performance.now();
  let live = startJobs(jobfile(crashed.isTight), crashed.args, options);
  const { stateHome } = live;
  // Before there is a journal there is nothing that could be resumed.
  await until('the run begins', () => live.events().length > 0, DEADLINE_MS);
  const startMs = performance.now() - startedMs;
  let [before, beforeBytes] = [0, 0];
  for (let kill = 0; kill < kills; kill += 1) {
    const isKilled = await killSometime(live, startMs, beforeBytes);
    const events = live.events();
    if (isKilled) add(counts, events, before);
    if (isEnded(events)) break;
    if (!isKilled)
      throw new Error(`it ended by itself before its run: ${(await live.finished).story}`);
    [before, beforeBytes] = [events.length, statSync(journalOf(live)).size];
    live = startCli(['resume'], { stateHome, ...options });
  }
  const end = await live.finished;
  // One that died after the end has cleared nothing away: who asks for more finds that there is none, and does.
  if (end.signal !== undefined) await runCli(['resume', 'latest'], { stateHome });
  if (!isEnded(end.events)) throw new Error(`the run has no end: ${end.story}`);
  expect(new Set(Object.values(outcomes(end.events))), end.story).toEqual(new Set(['succeeded']));
  countRun(counts, end.events, tasksOf(crashed.isTight), story, runFolder(stateHome) ?? '');
}

function isEnded(events: readonly RunEvent[]): boolean {
  return ofKind(events, 'run-ended').length > 0;
}

/** False when it has ended by itself before the instant came. */
async function killSometime(live: LiveCli, startMs: number, beforeBytes: number): Promise<boolean> {
  const path = journalOf(live);
  const lifeMs = Math.random() * (startMs / 2 + WORK_MS);
  const earlyMs = Math.random() * EARLY_STARTS * startMs;
  const isEarly = Math.random() < EARLY_PART;
  if (!isEarly) await until('it has begun', () => statSync(path).size > beforeBytes, DEADLINE_MS);
  await passed(isEarly ? earlyMs : lifeMs, () => saysEnd(path));
  if (saysEnd(path)) await passed(Math.random() * ENDING_PART * startMs);
  live.kill('SIGKILL');
  return (await live.finished).signal === 'SIGKILL';
}

/** Waits for so long, or until `isEnough`. */
async function passed(ms: number, isEnough = () => false): Promise<void> {
  const atMs = performance.now() + ms;
  await until('the instant', () => performance.now() >= atMs || isEnough(), ms + DEADLINE_MS);
}

/** Whether the run has ended. Not read as events: in an emulated machine that alone would keep a processor busy. */
function saysEnd(journal: string): boolean {
  return readFileSync(journal, 'utf8').includes('"run-ended"');
}

function journalOf(live: LiveCli): string {
  return join(runFolder(live.stateHome) ?? '', 'journal.jsonl');
}
