import type { ChalkInstance } from 'chalk';
import { linesFor } from '../../core/lines.js';
import { queueLength } from '../../core/queue.js';
import { finishedCount, isMoreToCome, type RunState } from '../../core/run-state.js';
import { formatBytes } from '../../util/bytes.js';
import { formatDuration } from '../../util/duration.js';
import { printable } from '../../util/printable.js';
import { headOfQueueWords } from '../views/queue-words.js';
import { pressureWords } from '../words-memory.js';
import { counted } from '../words.js';
import { memoryBar, taskBar } from './bars.js';
import { runningRows } from './running.js';
import { columnsOf, fit } from '../width.js';

/** Room that ora's spinner takes at the start of the first line, and the column at the edge that is left free. */
const SPINNER_COLUMNS = 2;
const EDGE_COLUMNS = 1;
/** Below these the live area would be mostly scraps. */
const COLUMNS_MIN = 40;
const ROWS_MIN = 6;
const LABEL_COLUMNS = 9;

/** What a frame depends on besides the state. */
export interface FrameOptions {
  readonly columns: number;
  readonly rows: number;
  readonly colour: ChalkInstance;
  /** Absent while it is unknown. */
  readonly etaMs?: number | undefined;
  /** The newest thing worth a word. */
  readonly note?: string | undefined;
}

/** One picture of a run, as text without a final newline; no line is wider than the terminal, nor are there more than fit. */
export function frame(state: RunState, nowMs: number, options: FrameOptions): string {
  const columns = Math.max(COLUMNS_MIN, options.columns) - EDGE_COLUMNS;
  const rows = Math.max(ROWS_MIN, options.rows) - 1;
  const head = [
    titleLine(state, nowMs, columns - SPINNER_COLUMNS, options),
    taskLine(state, columns, options),
    ...memoryLines(state, columns, options),
  ];
  const foot = footLines(state, nowMs, columns, options);
  const room = rows - head.length;
  const shownFoot = room - foot.length >= 3 ? foot : [];
  const table = runningRows(state, nowMs, {
    columns,
    rows: room - shownFoot.length,
    colour: options.colour,
  });
  return [...head, ...table, ...shownFoot].join('\n');
}

function titleLine(
  state: RunState,
  nowMs: number,
  columns: number,
  { colour, etaMs }: FrameOptions,
): string {
  const { started } = state;
  const right = `${formatDuration(nowMs)} · ETA ${etaMs === undefined ? '–' : formatDuration(etaMs)}`;
  const name =
    started?.config.name === undefined || started.config.name === ''
      ? (started?.runId ?? '')
      : started.config.name;
  const left = `${printable(name)} · ${countedTasks(state)} · tier ${started?.tier ?? '?'}`;
  const shown = fit(left, columns - columnsOf(right) - 2);
  const gap = ' '.repeat(Math.max(1, columns - columnsOf(shown) - columnsOf(right)));
  return colour.bold(shown) + gap + right;
}

function countedTasks(state: RunState): string {
  const { planned } = state.counts;
  return `${counted(planned, 'task')}${isMoreToCome(state) ? ' and more to come' : ''}`;
}

/** How far the tasks have come: a bar and the counts. */
export function taskLine(
  state: RunState,
  columns: number,
  { colour }: Pick<FrameOptions, 'colour'>,
): string {
  const total = state.counts.planned;
  const finished = finishedCount(state);
  const succeeded = state.counts.outcomes.get('succeeded') ?? 0;
  const running = state.live.size;
  const queued = queueLength(state.queue);
  const unsuccessful = finished - succeeded;
  const bad = (['failed', 'oom-killed', 'timed-out', 'canceled', 'skipped'] as const).flatMap(
    (outcome) => {
      const count = state.counts.outcomes.get(outcome) ?? 0;
      return count === 0 ? [] : [` · ${count} ${outcome}`];
    },
  );
  const blocked = state.unfinished - running - queued;
  const text = `${finished}/${total}${isMoreToCome(state) ? '+' : ''}${bad.join('')} · ${running} running · ${queued} queued${blocked > 0 ? ` · ${blocked} blocked` : ''}`;
  const bar = taskBar({ succeeded, unsuccessful, running, total }, barColumns(columns), colour);
  return `${label('tasks')}${bar} ${fit(text, columns - LABEL_COLUMNS - barColumns(columns) - 1)}`;
}

/** Memory against its lines, and the level of alarm; none before the budget is known. */
export function memoryLines(
  state: RunState,
  columns: number,
  { colour }: Pick<FrameOptions, 'colour'>,
): string[] {
  const { started, lastSample, budget } = state;
  const budgetBytes = budget?.budgetBytes ?? lastSample?.numbers.budgetBytes;
  if (started === undefined || budgetBytes === undefined) return [];
  const lines = linesFor(started.config, budgetBytes, lastSample?.unknownShare);
  const usedBytes = lastSample?.numbers.usedBytes ?? 0;
  const claimedBytes = lastSample?.claimedBytes ?? 0;
  const bar = memoryBar(
    { usedBytes, claimedBytes, level: state.level },
    lines,
    barColumns(columns),
    colour,
  );
  const text = `${formatBytes(usedBytes)} of ${formatBytes(budgetBytes)} · claims ${formatBytes(claimedBytes)} · hold ${formatBytes(lines.holdBytes)} · preempt ${formatBytes(lines.preemptBytes)}`;
  const pressure = lastSample === undefined ? '' : pressureWords(lastSample.numbers);
  const counts = [
    ...(pressure === '' ? [] : [pressure]),
    ...(state.counts.preemptions > 0 ? [counted(state.counts.preemptions, 'preemption')] : []),
    ...(state.counts.suspensions > 0 ? [counted(state.counts.suspensions, 'suspension')] : []),
    ...(state.counts.oomKills > 0 ? [counted(state.counts.oomKills, 'OOM kill')] : []),
    ...(state.isHeld ? ['held: starts nothing'] : []),
    ...(state.stop === undefined ? [] : [stopWords(state.stop)]),
  ];
  const level = {
    open: colour.green,
    hold: colour.yellow,
    preempt: colour.red,
    critical: colour.red.bold,
  }[state.level];
  return [
    `${label('memory')}${bar} ${fit(text, columns - LABEL_COLUMNS - barColumns(columns) - 1)}`,
    `${label('level')}${level(state.level)}${fit(counts.map((count) => ` · ${count}`).join(''), columns - LABEL_COLUMNS - state.level.length)}`,
  ];
}

function stopWords({ signal, by }: NonNullable<RunState['stop']>): string {
  return by === undefined ? `stopping after ${signal}` : 'canceled';
}

function footLines(
  state: RunState,
  nowMs: number,
  columns: number,
  { colour, note }: FrameOptions,
): string[] {
  const next = headOfQueueWords(state, nowMs);
  const lines = [
    ...(next === undefined ? [] : [['next', next] as const]),
    ...(note === undefined ? [] : [['last', note] as const]),
  ];
  return lines.map(
    ([name, text]) => `${label(name)}${colour.dim(fit(text, columns - LABEL_COLUMNS))}`,
  );
}

function label(text: string): string {
  return text.padEnd(LABEL_COLUMNS);
}

/** What the words beside the memory bar take, so that on eighty columns none is cut. */
const MEMORY_WORDS_COLUMNS = 54;
const BAR_COLUMNS_MIN = 10;
const BAR_COLUMNS_MAX = 60;

function barColumns(columns: number): number {
  const most = Math.max(BAR_COLUMNS_MIN, Math.floor((columns - LABEL_COLUMNS) / 4));
  const free = columns - LABEL_COLUMNS - MEMORY_WORDS_COLUMNS;
  return Math.min(BAR_COLUMNS_MAX, Math.max(BAR_COLUMNS_MIN, free, Math.min(16, most)));
}
