import {
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  lstatSync,
  openSync,
  readSync,
  statfsSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import type { AttemptRef, LogStream } from '../../core/observation.js';
import type {
  LogCutOrder,
  LogFact,
  LogKeeper,
  LogPaths,
  LogWriter,
} from '../../supervisor/ports.js';
import { formatBytes } from '../../util/bytes.js';
import { describeError, errorCode } from '../../util/system-error.js';

/** Sizes are looked at this often at the least… */
const LOOK_EVERY_MS = 1000;
/** …and more often of logs that could be too large by then: so fast may a task write, bytes in a millisecond. */
const FASTEST = (2 * 1024 ** 3) / 1000;
const LOOK_AGAIN_MS = 100;
/** …but only this often while the disk has lost less than half of what a log may still grow by: nobody has written it… */
const LOOK_IDLE_MS = 5000;
/** …and so often when it had not grown between two looks either. */
const LOOK_STILL_MS = 20_000;
/** `stat.blocks` counts these, whatever the file system (stat(2)). */
const BLOCK_BYTES = 512;
const NEWLINE = 0x0a;

/** What the line begins with that stands where something was left out. */
export const LOG_MARKER = '[memsched: about ';

const STREAMS = ['stdout', 'stderr'] as const;

/** What a {@link LogKeeper} needs. */
export interface LogKeeperOptions {
  readonly paths: LogPaths;
  readonly maxBytes: number;
  /** Says something that the user should know, once. */
  readonly warn: (sentence: string) => void;
  /** Bytes that are free on the disk of a folder, undefined where nobody knows; default: by statfs(2). */
  readonly freeBytesOf?: (folder: string) => number | undefined;
}

/** Bounds the logs of a run: looks at their sizes, and cuts them on order. */
export function createLogKeeper({
  paths,
  maxBytes,
  warn,
  freeBytesOf = freeOnDisk,
}: LogKeeperOptions): LogKeeper {
  const lastLooks = new Map<string, LastLook>();
  /** Where the logs are, and from how little free on the disk on one of them may have grown by half of what it may. */
  let alarm: { readonly folder: string; readonly belowBytes: number } | undefined;
  let hasComplained = false;
  /** Logs that cannot be cut: nobody is told again that they should be. */
  const uncut = new Set<string>();
  const pathOf = (ref: AttemptRef, stream: LogStream): string => pathIn(paths, ref, stream);
  const overgrown = (ref: AttemptRef): { readonly facts: LogFact[]; readonly largest: number } => {
    const facts: LogFact[] = [];
    let largest = 0;
    for (const stream of STREAMS) {
      const path = pathOf(ref, stream);
      if (uncut.has(path)) continue;
      const bytes = bytesOnDisk(path);
      largest = Math.max(largest, bytes);
      const { task, attempt } = ref;
      if (bytes > maxBytes) facts.push({ kind: 'log-overgrown', task, attempt, stream, bytes });
    }
    return { facts, largest };
  };
  return {
    look(writers, nowMs) {
      const all: LogFact[] = [];
      const [first] = writers;
      alarm = undefined;
      if (first === undefined) return all;
      const folder = dirname(pathOf(first, 'stdout'));
      const freeBytes = freeBytesOf(folder);
      let belowBytes = 0;
      for (const ref of writers) {
        let last = lastLooks.get(ref.task);
        if (last?.attempt !== ref.attempt && isYoung(ref, nowMs, maxBytes)) continue;
        if (last?.attempt !== ref.attempt || isDue(last, nowMs, freeBytes)) {
          const { facts, largest } = overgrown(ref);
          all.push(...facts);
          last = lookOf(ref, { atMs: nowMs, freeBytes, roomBytes: maxBytes - largest }, last);
          lastLooks.set(ref.task, last);
        }
        belowBytes = Math.max(belowBytes, (last.freeBytes ?? Infinity) - last.roomBytes / 2);
      }
      alarm = { folder, belowBytes };
      return all;
    },
    hasMoved() {
      if (alarm === undefined) return false;
      return (freeBytesOf(alarm.folder) ?? 0) <= alarm.belowBytes;
    },
    lookAtEnd(ref) {
      lastLooks.delete(ref.task);
      return overgrown(ref).facts;
    },
    cut(order) {
      // It has room again, and nobody knows by what the disk's free space has changed.
      lastLooks.delete(order.task);
      const path = pathOf(order, order.stream);
      try {
        cutFile(path, order);
      } catch (error) {
        // Removed meanwhile, together with what was to be cut.
        if (errorCode(error) === 'ENOENT') return;
        uncut.add(path);
        if (hasComplained) return;
        hasComplained = true;
        warn(`the log ${path} cannot be kept to its size: ${describeError(error)}`);
      }
    },
  };
}

function pathIn(paths: LogPaths, { task, attempt }: AttemptRef, stream: LogStream): string {
  const { stdoutPath, stderrPath } = paths.pathsFor(task, attempt);
  return stream === 'stdout' ? stdoutPath : stderrPath;
}

/** What a look at the logs of an attempt has found. */
interface LastLook {
  readonly attempt: number;
  readonly atMs: number;
  /** What was free on the disk then; undefined where nobody knows. */
  readonly freeBytes: number | undefined;
  /** By how much the larger log could still grow. */
  readonly roomBytes: number;
  /** It had not grown since the look before. */
  readonly isStill: boolean;
}

function lookOf(
  { attempt }: AttemptRef,
  found: Pick<LastLook, 'atMs' | 'freeBytes' | 'roomBytes'>,
  before: LastLook | undefined,
): LastLook {
  const isStill = before?.attempt === attempt && before.roomBytes === found.roomBytes;
  return { attempt, ...found, isStill };
}

/** Too young to have written as much as it may: its end comes first, for most, and its logs are looked at then. */
function isYoung({ sinceMs }: LogWriter, nowMs: number, maxBytes: number): boolean {
  return (nowMs - sinceMs) * FASTEST < maxBytes;
}

function isDue(last: LastLook, nowMs: number, freeBytes: number | undefined): boolean {
  const sinceMs = nowMs - last.atMs;
  if (sinceMs < waitMs(last.roomBytes)) return false;
  if (freeBytes === undefined || last.freeBytes === undefined) return true;
  if (sinceMs >= (last.isStill ? LOOK_STILL_MS : LOOK_IDLE_MS)) return true;
  return last.freeBytes - freeBytes >= last.roomBytes / 2;
}

/** One call instead of one for each log: what logs grow by is missing there, unless others make room at the same time. */
function freeOnDisk(folder: string): number | undefined {
  try {
    const { bfree, bsize } = statfsSync(folder);
    return bfree * bsize;
  } catch {
    return undefined;
  }
}

function waitMs(roomBytes: number): number {
  return Math.min(LOOK_EVERY_MS, Math.max(LOOK_AGAIN_MS, roomBytes / FASTEST));
}

/**
 * What it takes on the disk: a task that opens its log anew may leave holes in it, which take nothing, and what a link in
 * its place leads to is not ours.
 */
function bytesOnDisk(path: string): number {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  if (stat?.isFile() !== true) return 0;
  return Math.min(stat.size, stat.blocks * BLOCK_BYTES);
}

/**
 * The file becomes its first whole lines, a line of ours that says what is missing, and its last whole lines. It stays the
 * same file, and the task, which appends, goes on behind them.
 */
function cutFile(path: string, order: LogCutOrder): void {
  // The folder is the task's user's, too: a link that was put in place of the log is not followed.
  const fd = openSync(path, constants.O_RDWR | constants.O_APPEND | constants.O_NOFOLLOW);
  try {
    const { size } = fstatSync(fd);
    const tailFrom = Math.max(order.headBytes, size - order.tailBytes);
    const tail = readAt(fd, tailFrom, size - tailFrom);
    const firstLine = tail.indexOf(NEWLINE) + 1;
    ftruncateSync(fd, endOfLines(fd, Math.min(size, order.headBytes)));
    writeSync(fd, `${marker(order)}\n`);
    writeAll(fd, tail.subarray(firstLine));
  } finally {
    closeSync(fd);
  }
}

function marker({ leftOutBytes, maxBytes }: LogCutOrder): string {
  return `${LOG_MARKER}${formatBytes(leftOutBytes)} are left out here, as a log takes ${formatBytes(maxBytes)} at the most (max_log)]`;
}

/** The last end of a line at or before `limit`; `limit` where there is none in the last 64 KiB. */
function endOfLines(fd: number, limit: number): number {
  const from = Math.max(0, limit - 64 * 1024);
  const newline = readAt(fd, from, limit - from).lastIndexOf(NEWLINE);
  return newline < 0 ? limit : from + newline + 1;
}

function readAt(fd: number, from: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  let done = 0;
  while (done < length) {
    const count = readSync(fd, buffer, done, length - done, from + done);
    if (count === 0) break;
    done += count;
  }
  return buffer.subarray(0, done);
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length;) done += writeSync(fd, bytes.subarray(done));
}
