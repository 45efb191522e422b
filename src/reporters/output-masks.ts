import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import type { TaskId } from '../core/task-spec.js';
import type { LogPaths } from '../supervisor/ports.js';
import type { Reporter } from './reporter.js';

/** How a task tells a CI system that something is secret (GitHub Actions, "Workflow commands"); Forgejo and Gitea too. */
const COMMAND = '::add-mask::';
const LEGACY_COMMAND = '##[add-mask]';
/** So much of a log is searched, at its beginning and at its end: a task says so before it writes what it means. */
const SEARCHED_BYTES = 8 * 1024 * 1024;
/** More secrets than this, or longer ones, are no secrets. */
const MASKS_MAX = 1000;
const MASK_MAX_CHARACTERS = 10_000;
/** What stands instead, as on GitHub. */
const STARS = '***';

/** Logs of which parts are quoted, and what must not be seen in what is quoted. */
export interface QuotedLogs extends LogPaths {
  /** Of the whole run; absent: only what the quoted attempt says itself. */
  readonly masks?: OutputMasks;
}

/**
 * Values that tasks have asked to mask by `::add-mask::VALUE`, and that are not to be seen where we quote output. The
 * logs themselves stay as the tasks wrote them.
 */
export class OutputMasks {
  readonly #values = new Set<string>();
  #longestFirst: readonly string[] = [];

  /** Length of the longest value, characters. */
  get longest(): number {
    return this.#longestFirst[0]?.length ?? 0;
  }

  /** Takes in what an attempt has said; logs that are not there, or cannot be read, say nothing. */
  learn(logs: LogPaths, task: TaskId, attempt: number): void {
    const { stdoutPath, stderrPath } = logs.pathsFor(task, attempt);
    for (const path of new Set([stdoutPath, stderrPath]))
      for (const part of endsOf(path)) if (hasCommand(part)) this.#search(part.toString('utf8'));
  }

  /** The text without the values. */
  applyTo(text: string): string {
    return this.#longestFirst.reduce((masked, value) => masked.replaceAll(value, STARS), text);
  }

  #search(text: string): void {
    for (const line of text.split(/\r\n|\n|\r/)) this.#take(commandIn(line));
    this.#longestFirst = [...this.#values].sort((a, b) => b.length - a.length);
  }

  /** As the runner does: a value of several lines is masked line by line, too. */
  #take(data: string | undefined): void {
    if (data === undefined) return;
    for (const value of [data, ...data.split(/\r\n|\n|\r/)]) {
      if (this.#values.size >= MASKS_MAX || value.length > MASK_MAX_CHARACTERS) continue;
      if (value.trim() !== '') this.#values.add(value);
    }
  }
}

/** Learns from the logs of every attempt as soon as it has ended. */
export function createMaskReporter(logs: QuotedLogs): Reporter {
  return {
    event(event) {
      if (event.kind === 'attempt-ended') logs.masks?.learn(logs, event.task, event.attempt);
    },
    close: () => Promise.resolve(),
  };
}

/** What a line asks to mask; undefined for any other line. */
function commandIn(line: string): string | undefined {
  const trimmed = line.trimStart();
  if (trimmed.startsWith(COMMAND)) return unescaped(trimmed.slice(COMMAND.length));
  const legacy = line.indexOf(LEGACY_COMMAND);
  return legacy < 0 ? undefined : unescaped(line.slice(legacy + LEGACY_COMMAND.length));
}

/** The runner's own escapes. */
function unescaped(data: string): string {
  return data.replaceAll('%0D', '\r').replaceAll('%0A', '\n').replaceAll('%25', '%');
}

function hasCommand(bytes: Buffer): boolean {
  return bytes.includes(COMMAND) || bytes.includes(LEGACY_COMMAND);
}

/** The beginning and the end of a file. */
function endsOf(path: string): readonly Buffer[] {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch {
    return [];
  }
  try {
    const { size } = fstatSync(fd);
    const head = bytesAt(fd, 0, Math.min(size, SEARCHED_BYTES));
    if (size <= SEARCHED_BYTES) return [head];
    const from = Math.max(SEARCHED_BYTES, size - SEARCHED_BYTES);
    return [head, bytesAt(fd, from, size - from)];
  } catch {
    // A folder, or a disk that fails: what is quoted of it fails in the same way, and that is told.
    return [];
  } finally {
    closeSync(fd);
  }
}

function bytesAt(fd: number, from: number, length: number): Buffer {
  const buffer = Buffer.alloc(length);
  return buffer.subarray(0, readSync(fd, buffer, 0, length, from));
}
