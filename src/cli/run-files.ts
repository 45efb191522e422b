import {
  closeSync,
  createWriteStream,
  fstatSync,
  ftruncateSync,
  openSync,
  readSync,
  writeSync,
  type WriteStream,
} from 'node:fs';
import { JOBLOG_HEADER } from '../adapters/map/joblog.js';
import type { JoblogSink } from '../reporters/joblog.js';
import { bytesOf } from '../util/byte-text.js';
import { describeError } from '../util/system-error.js';
import { UsageError } from './errors.js';
import { JoblogFile } from './joblog-file.js';
import type { RunOptions } from './run-options.js';

/** Files that a run writes because the user named them. */
export interface RunFiles {
  /** Takes a copy of the event stream. */
  readonly events: WriteStream | undefined;
  readonly joblog: JoblogSink | undefined;
}

/**
 * Opens them.
 *
 * @param warn - takes a sentence for the user, should one of them fail later.
 * @throws UsageError when one cannot be written.
 */
export function openRunFiles(
  { events, joblog }: Pick<RunOptions, 'events' | 'joblog'>,
  warn: (sentence: string) => void,
): RunFiles {
  return {
    events: events === undefined ? undefined : openEvents(events),
    joblog: joblog === undefined ? undefined : openJoblog(joblog.path, joblog.append, warn),
  };
}

function openEvents(path: string): WriteStream {
  return createWriteStream(path, { fd: openOrRefuse(path, '--events', 'w') });
}

function openJoblog(path: string, append: boolean, warn: (sentence: string) => void): JoblogSink {
  const fd = openOrRefuse(path, '--joblog', append ? 'a' : 'w');
  orRefuse(path, '--joblog', () => {
    if (append) cutToLines(path, fd);
    if (fstatSync(fd).size === 0) writeSync(fd, bytesOf(JOBLOG_HEADER));
  });
  const file = {
    path,
    write: (bytes: Buffer) => writeSync(fd, bytes),
    close: () => {
      closeSync(fd);
    },
  };
  return new JoblogFile(file, warn);
}

const NEWLINE = 0x0a;
const LOOK_BYTES = 64 * 1024;

/** A line that was cut off by a kill goes: the next one would be glued onto it, and both be lost. */
function cutToLines(path: string, fd: number): void {
  const stat = fstatSync(fd);
  if (!stat.isFile() || stat.size === 0) return;
  const reader = openSync(path, 'r');
  try {
    const end = endOfLines(reader, stat.size);
    if (end === stat.size) return;
    if (!beginsAsJoblog(reader))
      throw new Error('it is no joblog (its first line is another), and its last line has no end');
    ftruncateSync(fd, end);
  } finally {
    closeSync(reader);
  }
}

/** Of the header, too, there may be but a part. */
function beginsAsJoblog(fd: number): boolean {
  const head = Buffer.alloc(JOBLOG_HEADER.length);
  const read = readSync(fd, head, 0, head.length, 0);
  return JOBLOG_HEADER.startsWith(head.toString('latin1', 0, read));
}

/** Where the last whole line ends. */
function endOfLines(fd: number, size: number): number {
  const look = Buffer.alloc(LOOK_BYTES);
  for (let to = size; to > 0;) {
    const from = Math.max(0, to - LOOK_BYTES);
    const read = readSync(fd, look, 0, to - from, from);
    const newline = look.subarray(0, read).lastIndexOf(NEWLINE);
    if (newline >= 0) return from + newline + 1;
    to = from;
  }
  return 0;
}

function openOrRefuse(path: string, option: string, flags: 'w' | 'a'): number {
  return orRefuse(path, option, () => openSync(path, flags, 0o600));
}

function orRefuse<T>(path: string, option: string, act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw new UsageError(`${option} ${path} cannot be written: ${describeError(error)}`);
  }
}
