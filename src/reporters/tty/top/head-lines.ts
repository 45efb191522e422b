import type { ChalkInstance } from 'chalk';
import { linesFor } from '../../../core/lines.js';
import { formatBytes } from '../../../util/bytes.js';
import { formatDuration } from '../../../util/duration.js';
import { printable } from '../../../util/printable.js';
import { fit, fitMiddle } from '../../width.js';
import { pressureWords } from '../../words-memory.js';
import { counted } from '../../words.js';
import { memoryBar } from '../bars.js';
import { memoryLines, taskLine } from '../frame.js';
import { cell, leftAndRight, rule } from './cells.js';
import { shortId, type HostLook, type RunLook, type TopLook } from './look.js';

const LABEL_COLUMNS = 9;
/** What the words beside the host's bar take. */
const HOST_WORDS_COLUMNS = 46;

/** Where lines have to fit. */
export interface Frame {
  readonly columns: number;
  readonly colour: ChalkInstance;
}

/** What is shown, and the time. */
export function titleLine(
  { runs, epochMs }: TopLook,
  choices: readonly string[],
  { columns, colour }: Frame,
): string {
  const live = runs.filter(({ standing }) => standing === 'live').length;
  const left = `memsched top · ${live === 0 ? 'no run is under way' : `${counted(live, 'run')} under way`}`;
  const line = leftAndRight(left, [...choices, clock(epochMs)].join(' · '), columns);
  return colour.bold(line);
}

function clock(epochMs: number): string {
  const at = new Date(epochMs);
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}`;
}

/** The machine: its memory, what of it tasks use, where the first of the runs draws its lines; swap and pressure. */
export function hostLines(host: HostLook, runs: readonly RunLook[], frame: Frame): string[] {
  const { columns, colour } = frame;
  const { totalBytes, availableBytes, swapTotalBytes, swapFreeBytes, pressure } = host;
  const usedBytes = totalBytes - availableBytes;
  const words = `${formatBytes(usedBytes)} of ${formatBytes(totalBytes)} · tasks ${formatBytes(tasksBytes(runs))} · ${formatBytes(availableBytes)} available`;
  const barColumns = Math.max(10, Math.min(60, columns - LABEL_COLUMNS - HOST_WORDS_COLUMNS - 1));
  const stall =
    pressure === undefined
      ? 'the kernel does not tell (no PSI)'
      : `some ${pressure.somePct.toFixed(1)}% full ${pressure.fullPct.toFixed(1)}% of the last 10s`;
  const swap =
    swapTotalBytes === 0
      ? 'no swap'
      : `swap ${formatBytes(swapTotalBytes - swapFreeBytes)} of ${formatBytes(swapTotalBytes)}`;
  const isStalled = (pressure?.somePct ?? 0) >= 10;
  return [
    `${cell('host', LABEL_COLUMNS)}${hostBar(host, runs, barColumns, colour)} ${fit(words, columns - LABEL_COLUMNS - barColumns - 1)}`,
    `${cell('pressure', LABEL_COLUMNS)}${isStalled ? colour.yellow(stall) : stall}${fit(` · ${swap}`, columns - LABEL_COLUMNS - stall.length)}`,
  ];
}

function tasksBytes(runs: readonly RunLook[]): number {
  return runs.reduce((sum, run) => sum + usedBytesOf(run), 0);
}

function usedBytesOf({ state, standing }: RunLook): number {
  return standing === 'live' && state.live.size > 0
    ? (state.lastSample?.numbers.usedBytes ?? 0)
    : 0;
}

/** Use by tasks, use by others, the rest, and `|` where the first run holds and preempts, were nobody else to move. */
function hostBar(
  { totalBytes, availableBytes }: HostLook,
  runs: readonly RunLook[],
  columns: number,
  colour: ChalkInstance,
): string {
  const at = (bytes: number): number =>
    Math.min(columns, Math.max(0, Math.round((bytes / Math.max(1, totalBytes)) * columns)));
  const used = totalBytes - availableBytes;
  const tasks = at(Math.min(used, tasksBytes(runs)));
  const marks = new Set(hostMarks(runs).map((bytes) => Math.min(at(bytes), columns - 1)));
  let bar = '';
  for (let place = 0; place < columns; place += 1) {
    if (marks.has(place)) bar += colour.bold('|');
    else if (place < tasks) bar += colour.green('█');
    else if (place < at(used)) bar += colour.blue('▓');
    else bar += colour.dim('░');
  }
  return bar;
}

function hostMarks(runs: readonly RunLook[]): number[] {
  const run = runs.find(({ standing, state }) => standing === 'live' && state.budget !== undefined);
  const lines = run === undefined ? undefined : linesOf(run);
  if (run?.state.budget === undefined || lines === undefined) return [];
  const { outsideBytes } = run.state.budget;
  return [outsideBytes + lines.holdBytes, outsideBytes + lines.preemptBytes];
}

function linesOf({ state }: RunLook): ReturnType<typeof linesFor> | undefined {
  const { started, budget, lastSample } = state;
  if (started === undefined || budget === undefined) return undefined;
  return linesFor(started.config, budget.budgetBytes, lastSample?.unknownShare);
}

/** One run with all there is to say of it: a rule with its name, then its tasks, its memory and its level. */
export function runBlock(run: RunLook, { columns, colour }: Frame): string[] {
  const { state } = run;
  const lines = [
    (run.standing === 'died' ? colour.red : colour.cyan)(rule(titleOf(run), columns)),
    taskLine(state, columns, { colour }),
    ...memoryLines(state, columns, { colour }),
  ];
  return run.problem === undefined
    ? lines
    : [...lines, colour.red(fit(printable(run.problem), columns))];
}

function titleOf({ runId, state, standing, nowMs, etaMs }: RunLook): string {
  const { started } = state;
  const eta = standing === 'live' && etaMs !== undefined ? ` · ETA ${formatDuration(etaMs)}` : '';
  const resumed = state.resumes > 0 ? ', resumed' : '';
  return `${runId} · ${standing}${resumed} · ${formatDuration(nowMs)}${eta} · tier ${started?.tier ?? '?'}`;
}

const STANDING_COLUMNS = 6;
const RUN_BAR_COLUMNS = 12;

/** Several runs, one a line, those that do not fit counted. */
export function runList(runs: readonly RunLook[], rows: number, frame: Frame): string[] {
  const shown = runs.length <= rows ? runs : runs.slice(0, Math.max(1, rows - 1));
  const lines = shown.map((run) => runLine(run, frame));
  const more = runs.length - shown.length;
  return more > 0
    ? [...lines, frame.colour.dim(`+${more} more runs (Tab steps through them)`)]
    : lines;
}

function runLine(run: RunLook, { columns, colour }: Frame): string {
  const { state, runId, standing } = run;
  const nameColumns = Math.max(12, Math.min(40, columns - 62));
  const total = state.counts.planned;
  const paint = {
    open: colour.green,
    hold: colour.yellow,
    preempt: colour.red,
    critical: colour.red,
  };
  const level = standing === 'live' ? (state.isHeld ? 'held' : state.level) : standing;
  const left = cell(fitMiddle(shortId(runId), nameColumns), nameColumns);
  const word = cell(level, STANDING_COLUMNS + 2);
  const painted = standing === 'live' ? paint[state.level](word) : colour.red(word);
  const rest = `${formatBytes(usedBytesOf(run))} of ${formatBytes(state.budget?.budgetBytes ?? 0)} · ${total - state.unfinished}/${total} tasks · ${state.live.size} running${pressureOf(run)}`;
  const room = columns - nameColumns - STANDING_COLUMNS - 2 - RUN_BAR_COLUMNS - 3;
  return `${left} ${painted} ${smallBar(run, colour)} ${fit(rest, room)}`;
}

function pressureOf({ state }: RunLook): string {
  const words = state.lastSample === undefined ? '' : pressureWords(state.lastSample.numbers);
  return words === '' ? '' : ` · ${words}`;
}

function smallBar(run: RunLook, colour: ChalkInstance): string {
  const lines = linesOf(run);
  if (lines === undefined) return ' '.repeat(RUN_BAR_COLUMNS);
  const { lastSample, level } = run.state;
  const usedBytes = usedBytesOf(run);
  const claimedBytes = usedBytes === 0 ? 0 : (lastSample?.claimedBytes ?? 0);
  return memoryBar({ usedBytes, claimedBytes, level }, lines, RUN_BAR_COLUMNS, colour);
}
