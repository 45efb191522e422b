import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../src/core/events.js';
import { runCli, runFolder, startCli, startJobs, type LiveCli } from '../support/cli.js';
import { ofKind, outcomes } from '../support/journal-view.js';
import { until } from '../support/poll.js';
import { listedProcesses } from '../support/processes.js';
import { tempDir } from '../support/temp-dir.js';

/** Kills on demand: `CRASHES=500 npx vitest run --project e2e test/e2e/crashes.test.ts`. */
const CRASHES = Number(process.env['CRASHES'] ?? 30);
/** A run is killed so often before it may end; the next kills are of another run. */
const KILLS_A_RUN = 10;
const TASKS = 24;
const TIERS = ['auto', 'procfs'] as const;
/** The longest time from a start to a kill: starting alone takes a quarter of a second or so. */
const LONGEST_LIFE_MS = 2000;

/** What a task writes down of itself, in one write each: when its attempt begins and when it has done its work. */
const SCRIPT = `echo "begin $MEMSCHED_TASK $MEMSCHED_ATTEMPT $$" >> "$STORY"
sleep 0.$((RANDOM % 6 + 1))
echo "end $MEMSCHED_TASK $MEMSCHED_ATTEMPT" >> "$STORY"`;

interface Counts {
  kills: number;
  lost: number;
  doubled: number;
  leaked: number;
  adopted: number;
  requeued: number;
  readonly evidence: string[];
}

describe.each(TIERS)('a supervisor that is killed at any instant, tier %s', (tier) => {
  it('loses no task, runs none twice, and leaves nothing behind', async () => {
    const wanted = Math.ceil(CRASHES / TIERS.length);
    const counts: Counts = {
      kills: 0,
      lost: 0,
      doubled: 0,
      leaked: 0,
      adopted: 0,
      requeued: 0,
      evidence: [],
    };
    while (counts.kills < wanted)
      await crashAndResume(tier, Math.min(KILLS_A_RUN, wanted - counts.kills), counts);
    const { evidence, ...figures } = counts;
    process.stdout.write(`crashes, tier ${tier}: ${JSON.stringify(figures)}\n`);
    expect(figures, evidence.join('\n')).toMatchObject({ lost: 0, doubled: 0, leaked: 0 });
    expect(counts.kills).toBe(wanted);
  }, 3_600_000);
});

/** One run, killed again and again, and then left to end. */
async function crashAndResume(tier: string, kills: number, counts: Counts): Promise<void> {
  const story = join(tempDir(), 'story');
  const env = { STORY: story };
  const jobs = {
    work: { matrix: { n: Array.from({ length: TASKS }, (_, n) => n) }, run: SCRIPT, cpus: 0 },
    after: { needs: ['work'], run: SCRIPT },
  };
  const options = { env };
  let live = startJobs({ jobs, max_parallel: 4 }, ['--tier', tier], options);
  const { stateHome } = live;
  for (let kill = 0; kill < kills; kill += 1) {
    // Before there is a journal there is nothing that could be resumed.
    await until('the run begins', () => live.events().length > 0);
    await killSometime(live);
    counts.kills += 1;
    if (isEnded(live.events())) break;
    live = startCli(['resume'], { stateHome, ...options });
  }
  const end = await live.finished;
  const { events } = end;
  // One that died after the end has cleared nothing away: who asks for more finds that there is none, and does.
  if (end.signal !== undefined) await runCli(['resume', 'latest'], { stateHome });
  if (!isEnded(events)) throw new Error(`the run has no end: ${end.story}`);
  expect(new Set(Object.values(outcomes(events))), end.story).toEqual(new Set(['succeeded']));
  count(events, story, counts);
  counts.leaked += leaked(runFolder(stateHome) ?? '', story, counts);
}

function isEnded(events: readonly RunEvent[]): boolean {
  return events.at(-1)?.kind === 'run-ended';
}

async function killSometime(live: LiveCli): Promise<void> {
  const atMs = performance.now() + Math.random() * LONGEST_LIFE_MS;
  await until('the instant', () => performance.now() >= atMs || isEnded(live.events()));
  live.kill('SIGKILL');
  await live.finished;
}

function count(events: readonly RunEvent[], story: string, counts: Counts): void {
  const finished = ofKind(events, 'task-finished').map(({ task }) => task);
  const lines = readFileSync(story, 'utf8').trimEnd().split('\n');
  const done = lines.filter((line) => line.startsWith('end ')).map((line) => line.split(' ')[1]);
  counts.lost += TASKS + 1 - new Set(done.filter((task) => finished.includes(task ?? ''))).size;
  counts.doubled += done.length - new Set(done).size + (finished.length - new Set(finished).size);
  counts.doubled += overlaps(lines);
  const twice = done.filter((task, at) => done.indexOf(task) !== at);
  for (const task of twice)
    counts.evidence.push(
      ...lines.filter((line) => line.split(' ')[1] === task),
      ...events
        .filter((event) => 'task' in event && event.task === task)
        .map((event) => JSON.stringify(event).slice(0, 300)),
    );
  for (const { adopted } of ofKind(events, 'run-resumed')) counts.adopted += adopted.length;
  counts.requeued += ofKind(events, 'task-requeued').length;
}

/** Attempts that began although the one before had not been cut short: its last line comes after their first. */
function overlaps(lines: readonly string[]): number {
  const newest = new Map<string, number>();
  return lines.filter((line) => {
    const [, task = '', attempt = ''] = line.split(' ');
    const isLate = Number(attempt) < (newest.get(task) ?? 0);
    newest.set(task, Math.max(newest.get(task) ?? 0, Number(attempt)));
    return isLate;
  }).length;
}

/** Processes of the run and cgroups that are still there. */
function leaked(folder: string, story: string, counts: Counts): number {
  const processes = listedProcesses().filter(({ environment }) =>
    environment.includes(`STORY=${story}`),
  );
  const place = JSON.parse(readFileSync(join(folder, 'place.json'), 'utf8')) as {
    rootDirectory?: string;
  };
  const name = `memsched-${folder.split('/').at(-1) ?? ''}`;
  const { rootDirectory } = place;
  const cgroups =
    rootDirectory === undefined || !existsSync(rootDirectory)
      ? []
      : readdirSync(rootDirectory).filter((each) => each === name);
  counts.evidence.push(...processes.map(({ pid }) => `process ${pid}`), ...cgroups);
  return processes.length + cgroups.length;
}
