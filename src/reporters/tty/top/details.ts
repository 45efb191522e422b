import type { TaskRecord } from '../../../core/run-state.js';
import { formatBytes } from '../../../util/bytes.js';
import { formatDuration } from '../../../util/duration.js';
import { printable } from '../../../util/printable.js';
import { tailLines } from '../../output-tail.js';
import { fit } from '../../width.js';
import { pastPeakOf } from '../../views/task-facts.js';
import { estimateWords, verdictWords } from '../../words.js';
import { cell, rule, wrap } from './cells.js';
import type { Frame } from './head-lines.js';
import type { Details, LiveFigures, TaskRow } from './look.js';
import { sparkline } from './sparkline.js';
import type { TaskNotes } from './task-notes.js';

const LABEL_COLUMNS = 10;
/** Of a longer past the last attempts are told. */
const ATTEMPTS_SHOWN = 4;

/** One task with all there is to say of it, and the end of its log in what room is left. */
export function detailLines(
  row: TaskRow,
  { tails, live }: Details,
  notes: TaskNotes,
  rows: number,
  frame: Frame,
): string[] {
  const { columns, colour } = frame;
  const { record, status } = row;
  const title = `${printable(record.spec.id)} · ${status}`;
  const facts = [
    ...labelled('memory', memoryText(row), frame),
    ...graphLines(row, frame),
    ...(live === undefined ? [] : labelled('now', liveText(live), frame)),
    ...labelled('attempt', attemptText(row), frame),
    ...labelled(record.phase.kind === 'queued' ? 'why' : 'note', notes.inFull(row), frame),
    ...pastLines(record, frame),
  ];
  const log = tailLines(tails);
  const from = log.length > 0 ? 'output' : 'no output yet';
  const room = Math.max(0, rows - facts.length - 2);
  return [
    colour.cyan(rule(title, columns)),
    ...facts,
    colour.dim(rule(from, columns)),
    ...log
      .slice(Math.max(0, log.length - room))
      .map((text) => fit(text.replace(/^ {2}/, ''), columns)),
  ].slice(0, rows);
}

function labelled(label: string, text: string, { columns }: Frame): string[] {
  if (text === '') return [];
  return wrap(text, columns - LABEL_COLUMNS).map(
    (line, at) => `${cell(at === 0 ? label : '', LABEL_COLUMNS)}${line}`,
  );
}

function memoryText({ record, bytes }: TaskRow): string {
  const { phase, limitBytes } = record;
  const parts = [
    ...(bytes === undefined
      ? []
      : [`${formatBytes(bytes)}${phase.kind === 'finished' ? ' at its peak' : ''}`]),
    ...('attempt' in phase ? [`estimate ${estimateWords(phase.attempt.estimate)}`] : []),
    ...(limitBytes === undefined ? [] : [`limit ${formatBytes(limitBytes)}`]),
    ...(record.past.length > 0 && phase.kind !== 'finished'
      ? [`earlier peak ${formatBytes(pastPeakOf(record))}`]
      : []),
    ...(record.inputBytes === undefined ? [] : [`input ${formatBytes(record.inputBytes)}`]),
  ];
  return parts.join(' · ');
}

function graphLines({ run, record }: TaskRow, { columns, colour }: Frame): string[] {
  const course = run.history.of(record.spec.id);
  if (course.length === 0) return [];
  const most = course.reduce((a, b) => Math.max(a, b), 1);
  const graph = sparkline(course, most, columns - LABEL_COLUMNS - 22);
  return [
    `${cell('', LABEL_COLUMNS)}${colour.green(graph)} ${fit(`of ${formatBytes(most)}, last ${course.length}s`, 21)}`,
  ];
}

function liveText({ processes, memory, cpuMs }: LiveFigures): string {
  return [
    `${processes} ${processes === 1 ? 'process' : 'processes'}`,
    ...(memory === undefined
      ? []
      : [
          `memory.current ${formatBytes(memory.currentBytes)}`,
          `anon ${formatBytes(memory.anonBytes)}`,
          `page cache ${formatBytes(memory.cacheBytes)}`,
          `shmem ${formatBytes(memory.shmemBytes)}`,
          `swap ${formatBytes(memory.swapBytes)}`,
        ]),
    ...(cpuMs === undefined ? [] : [`processor time ${formatDuration(cpuMs)}`]),
  ].join(' · ');
}

function attemptText({ record, ranMs, run }: TaskRow): string {
  const { phase } = record;
  if (!('attempt' in phase)) return '';
  const { attempt } = phase;
  const pid = attempt.launched === undefined ? '' : `, process ${attempt.launched.pid}`;
  const waitedMs = attempt.admittedAtMs;
  return `${attempt.number}, admitted ${formatDuration(waitedMs)} into the run${pid}, runs ${formatDuration(ranMs ?? 0)} of ${formatDuration(run.nowMs)}`;
}

function pastLines({ past }: TaskRecord, frame: Frame): string[] {
  const shown = past.slice(-ATTEMPTS_SHOWN);
  return shown.flatMap(({ number, verdict, ranMs, peakBytes }) =>
    labelled(
      `attempt ${number}`,
      `${verdictWords(verdict)}; ran ${formatDuration(ranMs)}, peak ${formatBytes(peakBytes)}`,
      frame,
    ),
  );
}
