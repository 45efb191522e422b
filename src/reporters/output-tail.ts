import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { printableOutput } from '../util/printable.js';
import { OutputMasks, type QuotedLogs } from './output-masks.js';

/** The most that is read of a log to show its end. */
const TAIL_MAX_BYTES = 16 * 1024;
/** A longer line is cut. */
const LINE_MAX_CHARACTERS = 500;

/** The end of what one attempt wrote. */
export interface OutputTail {
  readonly stream: 'stdout' | 'stderr';
  readonly path: string;
  /** Safe to print, oldest first, at most as many as were asked for. */
  readonly lines: readonly string[];
  /** There was more before. */
  readonly cut: boolean;
}

/**
 * The ends of an attempt's logs, without those that are empty or were never written, and without what tasks have asked
 * to mask. stderr comes last, as it says most.
 */
export function outputTails(
  logs: QuotedLogs,
  task: string,
  attempt: number,
  maxLines: number,
): readonly OutputTail[] {
  const { stdoutPath, stderrPath } = logs.pathsFor(task, attempt);
  const masks = logs.masks ?? new OutputMasks();
  masks.learn(logs, task, attempt);
  return (
    [
      ['stdout', stdoutPath],
      ['stderr', stderrPath],
    ] as const
  ).flatMap(([stream, path]) => {
    const tail = readTail(path, maxLines, masks);
    return tail === undefined ? [] : [{ stream, path, ...tail }];
  });
}

/** The tails as lines for a person, indented; with both streams each is labelled. */
export function tailLines(tails: readonly OutputTail[]): string[] {
  return tails.flatMap(({ stream, lines, cut }) => [
    ...(tails.length > 1 || cut ? [`    ${stream}${cut ? ', its end' : ''}:`] : []),
    ...lines.map((line) => `    | ${line}`),
  ]);
}

function readTail(
  path: string,
  maxLines: number,
  masks: OutputMasks,
): { lines: string[]; cut: boolean } | undefined {
  const end = readEnd(path);
  if (end === undefined || end.text.trim() === '') return undefined;
  const text = masks.applyTo(end.whole ? end.text : withoutHalf(end.text, masks));
  const all = printableOutput(text, { colour: false }).replace(/\n+$/, '').split('\n');
  const lines = all.slice(-maxLines).map(shorten);
  return { lines, cut: !end.whole || lines.length < all.length };
}

/** The first line of a part of a file is most likely half a line; where it is the only one, it may begin within a secret. */
function withoutHalf(text: string, masks: OutputMasks): string {
  const next = text.indexOf('\n') + 1;
  return next > 0 && next < text.length ? text.slice(next) : text.slice(masks.longest);
}

function shorten(line: string): string {
  return line.length <= LINE_MAX_CHARACTERS ? line : `${line.slice(0, LINE_MAX_CHARACTERS)}…`;
}

/** The last bytes of a file as text; undefined when it is not there (it is data of the task, not ours to insist on). */
function readEnd(path: string): { text: string; whole: boolean } | undefined {
  let fd: number;
  try {
    // A task can put a pipe in the place of its log; nobody is to wait for that.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    return { text: `(its log ${path} cannot be read: ${(error as Error).message})`, whole: true };
  }
  try {
    const { size } = fstatSync(fd);
    const from = Math.max(0, size - TAIL_MAX_BYTES);
    const buffer = Buffer.alloc(Math.min(size, TAIL_MAX_BYTES));
    const length = readSync(fd, buffer, 0, buffer.length, from);
    return { text: buffer.toString('utf8', 0, length), whole: from === 0 };
  } finally {
    closeSync(fd);
  }
}
