import Table from 'cli-table3';
import type { Contest, Rules, Stage } from './contests.js';
import type { Figures } from './figures.js';
import { JUDGED, ORACLES } from './policies.js';

/** What came of a contest: for each policy, the figures of each order. */
export interface Result {
  readonly contest: Contest;
  readonly stage: Pick<Stage, 'floor' | 'left'> & {
    readonly tasks: number;
    readonly about: string;
  };
  readonly figures: ReadonlyMap<string, readonly Figures[]>;
}

/** Whether the gates are met by one contest that they are for. */
export interface Verdict {
  readonly contest: Contest;
  readonly ratio: number;
  readonly killedShare: number;
  readonly oracleRatio: number;
  readonly isMet: boolean;
}

/** What the gates are for: recorded tasks of this workflow, all at once, on this machine. */
const GATED = { workload: 'eager', memoryGb: 64, cpus: Infinity, arrivals: 'at once' } as const;
const MOST_RATIO = 1.55;
const MOST_KILLED_SHARE = 0.015;
const HOUR_MS = 3_600_000;
const GBH = 1e9 * HOUR_MS;

/** Means over all orders, held against the gates. */
export function judge(results: readonly Result[]): Verdict[] {
  return results.filter(({ contest }) => isGated(contest)).flatMap(judgeOne);
}

function isGated(contest: Contest): boolean {
  const keys = ['workload', 'memoryGb', 'cpus', 'arrivals'] as const;
  return keys.every((key) => contest[key] === GATED[key]);
}

function judgeOne({ contest, figures }: Result): Verdict[] {
  const judged = figures.get(JUDGED);
  const oracles = ORACLES.flatMap((name) => figures.get(name) ?? []);
  if (judged === undefined || oracles.length === 0) return [];
  const ratio = mean(judged, 'ratio');
  const killedShare = mean(judged, 'killedShare');
  const oracleRatio = Math.min(
    ...ORACLES.flatMap((name) => {
      const rows = figures.get(name);
      return rows === undefined ? [] : mean(rows, 'ratio');
    }),
  );
  const isMet = ratio <= MOST_RATIO && killedShare <= MOST_KILLED_SHARE && ratio < oracleRatio;
  return [{ contest, ratio, killedShare, oracleRatio, isMet }];
}

/** A contest as a table for people. */
export function tableOf({ contest, stage, figures }: Result): string {
  const table = new Table({
    head: [
      '',
      'makespan/LB',
      '±',
      'of LB peak',
      'killed',
      'GBh',
      'kills',
      'OOM',
      'peak/M',
      'used',
      'wait p50',
      'p95',
      'failed',
      's',
    ],
    colAligns: ['left', ...Array<'right'>(13).fill('right')],
    style: { head: [], border: [], compact: true },
  });
  for (const [name, rows] of figures) {
    const ratios = rows.map(({ ratio }) => ratio);
    table.push([
      name,
      mean(rows, 'ratio').toFixed(3),
      ((Math.max(...ratios) - Math.min(...ratios)) / 2).toFixed(2),
      mean(rows, 'ratioAtPeak').toFixed(2),
      percent(mean(rows, 'killedShare')),
      mean(rows, 'killedGBh').toFixed(1),
      mean(rows, 'kills').toFixed(0),
      mean(rows, 'oomKills').toFixed(1),
      Math.max(...rows.map(({ peakShare }) => peakShare)).toFixed(3),
      mean(rows, 'usedShare').toFixed(2),
      hours(mean(rows, 'medianWaitMs')),
      hours(mean(rows, 'p95WaitMs')),
      Math.max(...rows.map(({ failed }) => failed)),
      mean(rows, 'seconds').toFixed(1),
    ]);
  }
  return `${titleOf(contest, stage)}\n${table.toString()}`;
}

function titleOf(contest: Contest, { floor, left, tasks, about }: Result['stage']): string {
  const cpus = contest.cpus === Infinity ? 'processors without end' : `${contest.cpus} processors`;
  const tooLarge = left === 0 ? '' : ` (${left} larger than that left out)`;
  const bounds = Object.entries(floor.bounds)
    .filter(([, ms]) => ms > 0)
    .map(([name, ms]) => `${name} ${hours(ms)}`)
    .join(', ');
  return (
    `${contest.workload}: ${tasks} tasks ${contest.arrivals} on ${contest.memoryGb} GB${tooLarge}, ${cpus}; ${about}\n` +
    `LB ${hours(floor.bestMs)} h (${bounds}); with peaks set aside ${hours(floor.bestAtPeakMs)} h; useful ${(floor.usefulByteMs / GBH).toFixed(0)} GBh`
  );
}

/** What holds for every table, in a few lines. */
export function preamble(rules: Rules, shuffles: number): string {
  return [
    `Means over ${shuffles} orders (± half the spread). GB are 10⁹ bytes; M is the budget of all tasks together, nobody else uses the machine.`,
    `Every task may be preempted (level low) but in rows that say level 0. Nothing is declared and nothing known beforehand but where a row says so;`,
    `baselines count with what the user asked for until they know better. Looks every ${rules.intervalMs} ms, memory free ${rules.killLatencyMs} ms after a kill,`,
    `start-up ${percent(rules.startUpShare)} of the duration. Killed: memory × time of attempts that did not come to their end, of what had to be done.`,
    `Where curves are recorded or made up by parts, a rise is spread over its part. Hours but for the last column.`,
  ].join('\n');
}

/** A verdict as a line for people. */
export function lineOf({ contest, ratio, killedShare, oracleRatio, isMet }: Verdict): string {
  return (
    `${isMet ? 'met   ' : 'MISSED'} ${contest.workload}, ${contest.memoryGb} GB: ${JUDGED} ${ratio.toFixed(3)} (at most ${MOST_RATIO}), ` +
    `killed ${percent(killedShare)} (at most ${percent(MOST_KILLED_SHARE)}), best oracle of peaks ${oracleRatio.toFixed(3)}`
  );
}

/** Results and verdicts for programs. */
export function jsonOf(
  rules: Rules,
  results: readonly Result[],
  verdicts: readonly Verdict[],
): string {
  const plain = results.map(({ contest, stage, figures }) => ({
    contest: { ...contest, cpus: contest.cpus === Infinity ? 'inf' : contest.cpus },
    stage,
    policies: [...figures].map(([name, orders]) => ({ name, orders })),
  }));
  return JSON.stringify({ rules, results: plain, verdicts }, null, 2);
}

function mean(rows: readonly Figures[], of: keyof Figures): number {
  return rows.reduce((sum, row) => sum + row[of], 0) / Math.max(1, rows.length);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}

function hours(ms: number): string {
  return (ms / HOUR_MS).toFixed(2);
}
