import type { ChalkInstance } from 'chalk';
import type { AttemptSample } from '../../core/observation.js';
import { ageMsOf } from '../../core/frozen.js';
import type { LiveAttempt, RunState, TaskPhase, TaskRecord } from '../../core/run-state.js';
import { formatBytes } from '../../util/bytes.js';
import { formatDuration } from '../../util/duration.js';
import { tableText } from '../table.js';
import { fit, fitMiddle } from '../width.js';

/** Room of everything but the task's name: `attempt`, `1023M / 1023M`, `99h59m`, state, and gaps. */
const OTHER_COLUMNS = 7 + 13 + 6 + 24 + 8;
const NAME_COLUMNS_MIN = 8;

/** Where the table of running tasks has to fit. */
export interface RunningOptions {
  readonly columns: number;
  readonly rows: number;
  readonly colour: ChalkInstance;
}

/**
 * The running tasks as lines, in the order of the jobfile so that they keep their places. When there is no room for
 * all, those that use most memory are shown and the others counted.
 */
export function runningRows(
  state: RunState,
  nowMs: number,
  { columns, rows, colour }: RunningOptions,
): string[] {
  const { size } = state.live;
  if (size === 0 || rows < 2)
    return size === 0 || rows < 1 ? [] : [colour.dim(`  +${size} running`)];
  const samples = new Map(state.lastSample?.attempts.map((sample) => [sample.task, sample]));
  const room = size <= rows - 1 ? size : rows - 2;
  const shown = mostMemory(state, samples, room);
  shown.sort((a, b) => a.spec.index - b.spec.index);
  const nameColumns = Math.max(NAME_COLUMNS_MIN, columns - OTHER_COLUMNS);
  const lines = tableText(
    [
      { title: 'TASK' },
      { title: 'ATTEMPT', align: 'right' },
      { title: 'MEMORY', align: 'right' },
      { title: 'TIME', align: 'right' },
      { title: 'STATE' },
    ],
    shown.map((record) => cells(record, samples.get(record.spec.id), nowMs, nameColumns)),
  ).split('\n');
  const [titles = '', ...body] = lines.map((line) => fit(line, columns));
  const more = size - shown.length;
  return [colour.dim(titles), ...body, ...(more > 0 ? [colour.dim(`+${more} more`)] : [])];
}

/** The tasks to show: all, or those that use most, without sorting a thousand of them ten times a second. */
function mostMemory(
  state: RunState,
  samples: ReadonlyMap<string, AttemptSample>,
  room: number,
): TaskRecord[] {
  const live = [...state.live.values()];
  if (live.length <= room) return live;
  const used = (record: TaskRecord): number => samples.get(record.spec.id)?.usedBytes ?? 0;
  const shown: { readonly record: TaskRecord; readonly bytes: number }[] = [];
  for (const record of live) {
    const bytes = used(record);
    const least = shown.at(-1);
    if (shown.length === room && (least === undefined || bytes <= least.bytes)) continue;
    const at = shown.findIndex((other) => other.bytes < bytes);
    shown.splice(at === -1 ? shown.length : at, 0, { record, bytes });
    if (shown.length > room) shown.pop();
  }
  return shown.map(({ record }) => record);
}

function cells(
  record: TaskRecord,
  sample: AttemptSample | undefined,
  nowMs: number,
  nameColumns: number,
): string[] {
  const { phase, spec } = record;
  if (!('attempt' in phase)) return [fitMiddle(spec.id, nameColumns), '', '', '', phase.kind];
  const { attempt } = phase;
  const used = sample?.attempt === attempt.number ? formatBytes(sample.usedBytes) : '–';
  return [
    fitMiddle(spec.id, nameColumns),
    String(attempt.number),
    `${used} / ${formatBytes(attempt.estimate.bytes)}`,
    formatDuration(ageMsOf(phase, nowMs)),
    liveWords(phase, nowMs),
  ];
}

type LivePhase = Extract<TaskPhase, { readonly attempt: LiveAttempt }>;

function liveWords(phase: LivePhase, nowMs: number): string {
  if (phase.kind === 'stopping') return stoppingWords(phase, nowMs);
  const { attempt } = phase;
  if (attempt.exited !== undefined) return 'ending';
  if (phase.kind === 'suspended') return frozenWords(phase, nowMs);
  if (attempt.pausedAtMs !== undefined) return 'paused';
  return attempt.saving === undefined ? phase.kind : 'saving';
}

/** How long an attempt has been frozen: `frozen 12s`. */
export function frozenWords({ sinceMs }: { readonly sinceMs: number }, nowMs: number): string {
  return `frozen ${formatDuration(Math.max(0, nowMs - sinceMs))}`;
}

const STOPPING = {
  preempted: 'preempting',
  'timed-out': 'timed out',
  signal: 'canceling',
  halt: 'canceling',
  canceled: 'canceling',
  'over-pids': 'too many processes',
  'left-behind': 'clearing up',
} as const;

/** What an attempt that is being stopped is in for: `preempting, kill in 4.2s`. */
export function stoppingWords(
  { stop, attempt: { saving } }: Extract<TaskPhase, { kind: 'stopping' }>,
  nowMs: number,
): string {
  const { reason, sinceMs, graceMs, killedAtMs, stuck } = stop;
  const what = STOPPING[reason.kind];
  if (stuck === true) return `${what}, stuck`;
  if (killedAtMs !== undefined) return `${what}, killed`;
  if (saving !== undefined)
    return `${what}, saving ${formatDuration(Math.max(0, saving.sinceMs + saving.timeoutMs - nowMs))}`;
  return `${what}, kill in ${formatDuration(Math.max(0, sinceMs + graceMs - nowMs))}`;
}
