// Inside the guest: contends for one pile, and leaves the scores in /vmout/scores.json as they come.
// Arguments: NAME-OF-PILE, quick or full, rounds, the compiled replay.c.
import { mkdtempSync, writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir, totalmem } from 'node:os';
import { join } from 'node:path';
import { thisMachine } from '../harness/machine.js';
import { inOrderOf } from '../harness/rounds.js';
import { Arena, type Score } from './contest.js';
import { nameOf, type Contestant } from './contestants.js';
import { thumbMib } from './untold.js';
import { boundMsOf, lengthMsOf, peakMibOf, piles, type Pile } from './workloads.js';
import type { GuestReport, NamedScore } from './guest-report.js';

/** Nobody waits longer than so many times the bound, and a moment to start. */
const MOST_TIMES_BOUND = 8;
const START_MS = 60_000;
/** Of a guest's memory what tasks may hope for, to know the bound before memsched's budget is known. */
const HOPED_SHARE = 0.75;
/** Numbers of tasks at once that are tried beside the number of processors: times those that the bound has at once. */
const SCAN = [0.5, 0.75, 1, 1.5, 2];
/** In short: one, and fewer contestants. */
const QUICK_SCAN = [8];
const QUICK_FIELD = 5;

const [pileName = '', mode = '', roundsText = '', replay = ''] = process.argv.slice(2);
const isQuick = mode === 'quick';
const pile = piles(isQuick).find(({ name }) => name === pileName);
if (pile === undefined) throw new Error(`no pile "${pileName}"`);
writeFileSync('/proc/self/oom_score_adj', '-1000');
await contend(pile, Number(roundsText));

async function contend(pile: Pile, rounds: number): Promise<void> {
  const nproc = availableParallelism();
  const boundMs = boundMsOf(pile, HOPED_SHARE * totalmem());
  const limitMs = START_MS + MOST_TIMES_BOUND * boundMs;
  const arena = new Arena(pile, replay, limitMs);
  const scores: NamedScore[] = [];
  const machine = thisMachine(['parallel', 'xargs', 'make']);
  const keep = (name: string, score: Score): void => {
    scores.push({ name, ...score });
    const report: GuestReport = { machine, scores };
    writeFileSync('/vmout/scores.json', JSON.stringify(report));
    console.log(`${pile.name}: ${name}: ${lineOf(score)}`);
  };
  const play = async (contestant: Contestant): Promise<void> => {
    const name = nameOf(contestant, nproc);
    const profiles = join(mkdtempSync(join(tmpdir(), 'memsched-profiles-')), 'profiles.json');
    if (contestant.kind === 'memsched') {
      keep('memsched, first run', await arena.play(contestant, profiles));
      keep('memsched, second run', await arena.play(contestant, profiles));
    } else {
      keep(name, await arena.play(contestant, profiles));
    }
  };
  const atOnce = pile.tasks.reduce((sum, task) => sum + lengthMsOf(task), 0) / boundMs;
  const scan = [nproc, ...SCAN.map((times) => Math.round(times * atOnce))];
  for (const jobs of isQuick ? QUICK_SCAN : new Set(scan))
    await play({ kind: 'parallel', jobs, options: [] });
  const all = fieldOf(pile, bestJobs(scores, nproc));
  const field = isQuick ? all.slice(0, QUICK_FIELD) : all;
  for (let round = 0; round < rounds; round += 1)
    for (const contestant of inOrderOf(round, field)) await play(contestant);
}

/** Those that are told how many tasks are best, or how much memory the largest needs; and memsched, which is told nothing. */
function fieldOf(pile: Pile, jobs: number): Contestant[] {
  const largestMib = Math.max(...pile.tasks.map(peakMibOf));
  const tenthMib = thumbMib(totalmem());
  const byMemory = (option: string, mib: number): Contestant => ({
    kind: 'parallel',
    jobs: pile.tasks.length,
    options: [option, `${mib}M`],
  });
  return [
    { kind: 'memsched' },
    byMemory('--memfree', largestMib),
    byMemory('--memsuspend', largestMib),
    { kind: 'xargs', jobs },
    { kind: 'make', jobs },
    { kind: 'parallel', jobs, options: [] },
    byMemory('--memfree', tenthMib),
    byMemory('--memsuspend', tenthMib),
  ];
}

/** Of the numbers that were tried, the fastest with which nothing was killed. */
function bestJobs(scores: readonly NamedScore[], nproc: number): number {
  const safe = scores
    .filter(({ oomKills, left }) => oomKills === 0 && left === 0)
    .toSorted((a, b) => a.makespanMs - b.makespanMs);
  return Number(/-j(\d+)/.exec(safe[0]?.name ?? '')?.[1] ?? nproc);
}

function lineOf(score: Score): string {
  const cut = score.isCutOff ? ', cut off' : '';
  return `${(score.wallMs / 1000).toFixed(1)} s (tasks ${(score.makespanMs / 1000).toFixed(1)} s), ${score.oomKills} OOM kills, ${score.kills} kills, thrown away ${(100 * score.thrownAwayShare).toFixed(1)} %, peak ${(score.peakBytes / 2 ** 20).toFixed(0)}M, ${score.left} left${cut}`;
}
