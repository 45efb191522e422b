import type { Rehearsal } from '../../core/rehearsal/score.js';
import type { Outcome } from '../../core/outcome.js';
import { formatBytes } from '../../util/bytes.js';
import { formatDuration } from '../../util/duration.js';
import { tableText, type Column } from '../table.js';

/** A run rehearsed on one machine. */
export interface SimulatedMachine {
  /** `here`, `16G machine`, `16G budget`. */
  readonly name: string;
  readonly budgetBytes: number;
  readonly cpus: number;
  readonly rehearsal: Rehearsal;
}

const COLUMNS: readonly Column[] = [
  { title: 'ON' },
  { title: 'BUDGET', align: 'right' },
  { title: 'CPUS', align: 'right' },
  { title: 'MAKESPAN', align: 'right' },
  { title: 'PEAK', align: 'right' },
  { title: 'PREEMPTIONS', align: 'right' },
  { title: 'THROWN AWAY', align: 'right' },
  { title: 'HEAD WAITED FOR' },
  { title: 'OUTCOME' },
];

/** A run on several machines, to choose one by. */
export function simulationTable(machines: readonly SimulatedMachine[]): string {
  return tableText(COLUMNS, machines.map(row));
}

/** The same as objects for `--json`: bytes and milliseconds. */
export function simulationRow({ name, budgetBytes, cpus, rehearsal }: SimulatedMachine): object {
  const { makespanMs, peakBytes, preemptions, oomKills, headWaitedMs } = rehearsal;
  return {
    on: name,
    budgetBytes,
    cpus,
    makespanMs: Math.round(makespanMs),
    peakBytes: Math.round(peakBytes),
    preemptions,
    oomKills,
    thrownAwayShare: thrownAway(rehearsal),
    headWaitedMs,
    outcomes: Object.fromEntries(outcomes(rehearsal)),
  };
}

function row({ name, budgetBytes, cpus, rehearsal }: SimulatedMachine): string[] {
  const { makespanMs, peakBytes, preemptions } = rehearsal;
  return [
    name,
    formatBytes(budgetBytes),
    String(cpus),
    formatDuration(makespanMs),
    formatBytes(peakBytes),
    String(preemptions),
    `${(100 * thrownAway(rehearsal)).toFixed(1)} %`,
    waitedFor(rehearsal),
    outcomeWords(rehearsal),
  ];
}

function thrownAway({ killedByteMs, usefulByteMs }: Rehearsal): number {
  return usefulByteMs === 0 ? 0 : killedByteMs / usefulByteMs;
}

/** What the first in line waited for longest, and its share of the makespan: what more of would help. */
function waitedFor({ headWaitedMs, makespanMs }: Rehearsal): string {
  const [longest] = Object.entries(headWaitedMs).sort(([, a], [, b]) => b - a);
  if (longest === undefined || makespanMs === 0) return 'nothing';
  const [what, ms] = longest;
  const pct = Math.round((100 * ms) / makespanMs);
  return pct === 0 ? 'nothing' : `${WAITED[what] ?? what}, ${pct} % of the time`;
}

const WAITED: Readonly<Record<string, string>> = {
  memory: 'memory',
  level: 'memory (held)',
  cpus: 'processors',
  'slow-start': 'first results',
  'max-parallel': 'max_parallel',
};

function outcomes({ tasks }: Rehearsal): Map<Outcome, number> {
  const counts = new Map<Outcome, number>();
  for (const { outcome } of tasks.values()) counts.set(outcome, (counts.get(outcome) ?? 0) + 1);
  return counts;
}

function outcomeWords(rehearsal: Rehearsal): string {
  const counts = outcomes(rehearsal);
  const failed = [...counts].filter(([outcome]) => outcome !== 'succeeded');
  if (failed.length === 0) return 'all succeed';
  return failed.map(([outcome, count]) => `${count} ${outcome}`).join(', ');
}
