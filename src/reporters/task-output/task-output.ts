import type { RunEvent } from '../../core/events.js';
import type { RunState } from '../../core/run-state.js';
import type { TaskId, TaskSpec } from '../../core/task-spec.js';
import type { LogPaths } from '../../supervisor/ports.js';
import { bytesOf } from '../../util/byte-text.js';
import type { Reporter } from '../reporter.js';
import { LogFollower } from './log-follower.js';
import { LogRemovals } from './log-removals.js';
import type { OutputMode } from './modes.js';
import type { Sink } from './sink.js';

/** While the output of so many tasks waits for its reader, no more tasks are taken. */
const BACKLOG_MAX = 1000;
/** Logs of tasks that failed are kept of so many. */
const FAILED_KEPT = 1000;

/** What the output of tasks is passed on by. */
export interface TaskOutputOptions {
  readonly mode: Exclude<OutputMode, 'none'>;
  readonly keepOrder: boolean;
  readonly logs: LogPaths;
  readonly stdout: Sink;
  readonly stderr: Sink;
  /** What stands before each line of a task (`tag`). */
  readonly tagOf: (task: TaskSpec) => string;
  /** Whether the log of a task that succeeded goes when it was passed on. */
  readonly keepLogs: boolean;
}

/** A reporter that passes on what tasks write. */
export interface TaskOutput extends Reporter {
  /** Resolves when readers have taken enough that more tasks may be started. */
  room(): Promise<void>;
  /** What is left is not passed on: nobody waits for it. */
  abandon(): void;
}

interface Entry {
  readonly task: TaskId;
  readonly tag: string;
  /** The attempt whose output is passed on, and its logs. */
  attempt: number;
  /** The last attempt that was started. */
  newest: number;
  follow: { readonly stdout: LogFollower; readonly stderr: LogFollower } | undefined;
  end: { readonly attempts: number; readonly succeeded: boolean } | undefined;
}

/**
 * Passes on what tasks write, from their logs to our own stdout and stderr: byte for byte, whole lines, and at the pace of
 * whoever reads. The logs are the buffer, so that nothing of it has to fit into memory.
 */
export function createTaskOutput(options: TaskOutputOptions): TaskOutput {
  return new OutputPump(options);
}

class OutputPump implements TaskOutput {
  readonly #options: TaskOutputOptions;
  /** Tasks that have something to pass on, or may have; with `keepOrder` all of them, in order. */
  readonly #entries = new Map<TaskId, Entry>();
  readonly #due = new Set<Entry>();
  readonly #removals = new LogRemovals();
  readonly #abandoned: Promise<void>;
  #abandon: () => void = () => undefined;
  #isAbandoned = false;
  #work: Promise<void> = Promise.resolve();
  #isAtWork = false;
  #trouble: Error | undefined;
  #onRoom: (() => void)[] = [];
  #failedKept = 0;

  constructor(options: TaskOutputOptions) {
    this.#options = options;
    this.#abandoned = new Promise((resolve) => {
      this.#abandon = resolve;
    });
  }

  event(event: RunEvent, state: RunState): void {
    switch (event.kind) {
      case 'task-planned':
        if (this.#options.keepOrder) this.#entry(event.spec.id, state);
        return;
      case 'attempt-launched':
        if (this.#options.mode !== 'group') this.#entry(event.task, state).newest = event.attempt;
        return;
      case 'task-finished': {
        const entry = this.#entry(event.task, state);
        const attempts = state.tasks.get(event.task)?.attempts ?? 0;
        entry.end = { attempts, succeeded: event.outcome === 'succeeded' };
        this.#schedule(entry);
        return;
      }
      default:
        return;
    }
  }

  tick(): void {
    if (this.#options.mode === 'group') return;
    for (const entry of this.#entries.values()) {
      if (entry.end === undefined) this.#schedule(entry);
      if (this.#options.keepOrder) return;
    }
  }

  async close(): Promise<void> {
    await Promise.race([this.#finish(), this.#abandoned]);
    if (this.#trouble !== undefined) throw this.#trouble;
  }

  abandon(): void {
    this.#isAbandoned = true;
    this.#abandon();
    this.#makeRoom();
  }

  async #finish(): Promise<void> {
    while (this.#isAtWork) await this.#work;
    await this.#options.stdout.flush();
    await this.#options.stderr.flush();
    await this.#removals.done();
  }

  room(): Promise<void> {
    if (this.#due.size < BACKLOG_MAX || this.#isAbandoned) return Promise.resolve();
    return new Promise((resolve) => {
      this.#onRoom.push(resolve);
    });
  }

  #entry(task: TaskId, state: RunState): Entry {
    let entry = this.#entries.get(task);
    if (entry === undefined) {
      const spec = state.tasks.get(task)?.spec;
      const tag =
        this.#options.mode === 'tag' && spec !== undefined ? `${this.#options.tagOf(spec)}\t` : '';
      entry = { task, tag, attempt: 1, newest: 1, follow: undefined, end: undefined };
      this.#entries.set(task, entry);
    }
    return entry;
  }

  #schedule(entry: Entry): void {
    this.#due.add(entry);
    if (this.#isAtWork) return;
    this.#isAtWork = true;
    this.#work = this.#pass();
  }

  async #pass(): Promise<void> {
    for (let entry = this.#next(); entry !== undefined; entry = this.#next()) {
      this.#due.delete(entry);
      try {
        await this.#passOn(entry);
      } catch (error) {
        this.#trouble ??= error instanceof Error ? error : new Error(String(error));
        this.#entries.delete(entry.task);
      }
      if (this.#due.size < BACKLOG_MAX / 2) this.#makeRoom();
    }
    this.#isAtWork = false;
  }

  /** Who is first; with `keepOrder` nobody but the first of all. */
  #next(): Entry | undefined {
    if (this.#isAbandoned) return undefined;
    const source = this.#options.keepOrder ? this.#entries.values() : this.#due;
    const [first] = source;
    return first !== undefined && this.#due.has(first) ? first : undefined;
  }

  async #passOn(entry: Entry): Promise<void> {
    const { end } = entry;
    if (end !== undefined) entry.newest = Math.max(1, end.attempts);
    if (this.#options.mode === 'group') entry.attempt = entry.newest;
    // An earlier attempt has written all that it will as soon as there is a later one.
    for (; entry.attempt < entry.newest; entry.attempt += 1) {
      await this.#copy(entry, true);
      entry.follow = undefined;
    }
    await this.#copy(entry, end !== undefined);
    if (end === undefined) return;
    this.#entries.delete(entry.task);
    this.#clearLogs(entry.task, end);
    if (this.#options.keepOrder) this.#scheduleFirst();
  }

  #scheduleFirst(): void {
    const [first] = this.#entries.values();
    if (first?.end !== undefined) this.#due.add(first);
  }

  async #copy(entry: Entry, isOver: boolean): Promise<void> {
    const { logs, stdout, stderr } = this.#options;
    const paths = logs.pathsFor(entry.task, entry.attempt);
    const follow = (entry.follow ??= {
      stdout: new LogFollower(paths.stdoutPath),
      stderr: new LogFollower(paths.stderrPath),
    });
    for (const piece of follow.stdout.read(isOver)) await stdout.write(tagged(piece, entry.tag));
    for (const piece of follow.stderr.read(isOver)) await stderr.write(tagged(piece, entry.tag));
    if (!isOver) return;
    follow.stdout.close();
    follow.stderr.close();
  }

  #clearLogs(task: TaskId, { attempts, succeeded }: NonNullable<Entry['end']>): void {
    if (this.#options.keepLogs || attempts === 0) return;
    if (!succeeded && (this.#failedKept += 1) <= FAILED_KEPT) return;
    this.#removals.remove(this.#options.logs, task, attempts);
  }

  #makeRoom(): void {
    const waiting = this.#onRoom;
    this.#onRoom = [];
    for (const resolve of waiting) resolve();
  }
}

const NEWLINE = 0x0a;

/** Puts the tag before each line, and ends the last one. */
function tagged(bytes: Buffer, tag: string): Buffer {
  if (tag === '') return bytes;
  const parts: Buffer[] = [];
  const head = bytesOf(tag);
  for (let from = 0; from < bytes.length;) {
    const newline = bytes.indexOf(NEWLINE, from);
    const end = newline === -1 ? bytes.length : newline + 1;
    parts.push(head, bytes.subarray(from, end));
    from = end;
  }
  if (bytes.at(-1) !== NEWLINE) parts.push(Buffer.from('\n'));
  return Buffer.concat(parts);
}
