import type { HaltRule, RunConfig } from '../../core/task-spec.js';
import { linesFor } from '../../core/lines.js';
import type { RunState } from '../../core/run-state.js';
import { formatBytes } from '../../util/bytes.js';
import { formatDuration } from '../../util/duration.js';
import { printable } from '../../util/printable.js';
import { localTime } from '../views/show.js';
import { growthWords } from '../words-growth.js';
import { counted } from '../words.js';

/** What there is to know of a run beside its tasks, as names and values. */
export function runFacts(
  state: RunState,
  peakBytes: number,
  untilMs: number,
): readonly (readonly [string, string])[] {
  const { started, budget } = state;
  if (started === undefined) return [];
  const { config } = started;
  return [
    ['Started', localTime(started.startedAtMs)],
    ['Ran', formatDuration(untilMs)],
    ['Tier', started.tier],
    ...(budget === undefined ? [] : budgetFacts(state, config, budget.budgetBytes, peakBytes)),
    ['Processors', String(config.cpus)],
    ...limitFacts(config),
    [
      'Looks at memory',
      `every ${config.intervalMs < 1000 ? `${config.intervalMs}ms` : formatDuration(config.intervalMs)}`,
    ],
    ['Jobfile', printable(started.jobfile)],
    ['memsched', printable(started.memsched)],
  ];
}

function budgetFacts(
  state: RunState,
  config: RunConfig,
  budgetBytes: number,
  peakBytes: number,
): readonly (readonly [string, string])[] {
  const lines = linesFor(config, budgetBytes, state.lastSample?.unknownShare);
  const share = budgetBytes > 0 ? ` (${Math.round((100 * peakBytes) / budgetBytes)}%)` : '';
  return [
    ['Budget', `${formatBytes(budgetBytes)}${config.budget.kind === 'auto' ? ' (auto)' : ''}`],
    [
      'Thresholds',
      `hold ${formatBytes(lines.holdBytes)}, preempt ${formatBytes(lines.preemptBytes)}, critical ${formatBytes(lines.criticalBytes)}`,
    ],
    ['Peak', `${formatBytes(peakBytes)}${share}`],
  ];
}

function limitFacts(config: RunConfig): readonly (readonly [string, string])[] {
  return [
    ...(config.maxParallel === undefined
      ? []
      : [['At once', counted(config.maxParallel, 'task')] as const]),
    ...(config.halt.kind === 'never' ? [] : [['Halts', haltWords(config.halt)] as const]),
    ...(config.maxGrowthPct === undefined
      ? []
      : [['Growth allowed', `${config.maxGrowthPct}%`] as const]),
  ];
}

function haltWords(halt: Exclude<HaltRule, { kind: 'never' }>): string {
  const { threshold } = halt;
  const at =
    threshold.kind === 'count'
      ? counted(threshold.failures, 'failure')
      : `${threshold.pct}% failures`;
  return `${halt.kind} at ${at}`;
}

/** What happened to the run as a whole. */
export function runNotes(state: RunState): readonly string[] {
  const { stop, halted, grown } = state;
  return [
    ...(stop === undefined
      ? []
      : [
          `${stop.by === undefined ? `memsched got ${printable(stop.signal)}` : 'The user canceled the run'}${stop.times > 1 ? ' again' : ''}.`,
        ]),
    ...(state.isHeld ? ['The run is held: nothing starts until it is released.'] : []),
    ...(halted === undefined
      ? []
      : [`The run was halted after ${counted(halted.failures, 'failure')}.`]),
    ...grown.map((event) => `${growthWords(event)}.`),
  ];
}
