import { existsSync } from 'node:fs';
import { singleNumber } from '../host/flat-keyed.js';
import {
  readKernelFile,
  refusal,
  writeKernelFile,
  type KernelFile,
  type KernelFiles,
} from '../host/kernel-file.js';
import { parseMemoryEvents } from '../host/memory-events.js';
import { parseMemoryStat, workingSetBytes } from '../host/memory-stat.js';
import { LimitWatch } from './limit-watch.js';
import type { ChangeWatch } from './change-watch.js';

/** Limits of the tree, in bytes. */
export interface TreeLimits {
  readonly highBytes: number | 'max';
  readonly maxBytes: number;
}

/** What the cgroup of all attempts is looked at with. */
export interface TasksCgroupOptions {
  readonly directory: string;
  readonly files: KernelFiles;
  readonly watch: ChangeWatch;
  readonly onChange: () => void;
  /** Says something that the user should know, once. */
  readonly warn: (sentence: string) => void;
  /** Milliseconds on a clock that never jumps. */
  readonly now: () => number;
}

/** The cgroup `tasks/`: all attempts together. */
export class TasksCgroup {
  /** The PSI file of all tasks together; absent where the kernel keeps none per cgroup. */
  readonly pressurePath: string | undefined;
  readonly #current: KernelFile;
  readonly #stat: KernelFile;
  readonly #events: KernelFile;
  readonly #stopWatching: (() => void) | undefined;
  readonly #written = new Map<string, string>();
  /** As they were last told. */
  #limits: TreeLimits | undefined;
  /** Limits that are not in place yet. */
  #wanted: TreeLimits | undefined;
  #saidRefused = false;
  readonly #watches = { 'memory.high': new LimitWatch(), 'memory.max': new LimitWatch() };
  #saidChanged = false;
  #scannedPages = 0;
  /** As of the last {@link usedBytes}. */
  #currentBytes: number | undefined;

  constructor(private readonly options: TasksCgroupOptions) {
    const { directory, files, watch, onChange } = options;
    const pressure = `${directory}/memory.pressure`;
    this.pressurePath = isReadable(pressure) ? pressure : undefined;
    this.#current = files.file(`${directory}/memory.current`);
    this.#stat = files.file(`${directory}/memory.stat`);
    // The local counters: a task with a memory.high of its own is no business of the brake's. Kernel 5.2.
    const local = existsSync(`${directory}/memory.events.local`);
    this.#events = files.file(`${directory}/memory.events${local ? '.local' : ''}`);
    // The hierarchical file tells of the brake and of kills inside the tree alike.
    this.#stopWatching = watch.add(`${directory}/memory.events`, onChange);
  }

  /** Working set of all tasks; undefined without the memory controller. */
  usedBytes(): number | undefined {
    const current = singleNumber(this.#current.read() ?? '');
    const text = this.#stat.read();
    if (typeof current !== 'number' || text === undefined) return undefined;
    const stat = parseMemoryStat(text);
    this.#currentBytes = current;
    this.#scannedPages = stat.scannedPages;
    return workingSetBytes(current, stat);
  }

  /** By how much `memory.current` has moved since the last {@link usedBytes}; 0 without the memory controller. */
  movedBytes(): number {
    if (this.#currentBytes === undefined) return 0;
    const current = singleNumber(this.#current.read() ?? '');
    return typeof current === 'number' ? current - this.#currentBytes : 0;
  }

  /** Pages scanned for reclaim in the tree, as of the last {@link usedBytes}. */
  scannedPages(): number {
    return this.#scannedPages;
  }

  /** How often the brake has slowed someone. */
  brakeEvents(): number {
    return parseMemoryEvents(this.#events.read() ?? '').high;
  }

  /**
   * Sets `memory.high` and `memory.max`, as far as they change. A `memory.max` below what is used now would be an order
   * to the OOM killer (cgroup-v2.rst), so it goes no lower than that; {@link settle} lowers it further.
   */
  limit(limits: TreeLimits): void {
    this.#limits = limits;
    this.#wanted = limits;
    this.settle();
  }

  /** Goes on with what the last {@link limit} could not do yet; to be called at every look. */
  settle(): void {
    this.#noticeChange('memory.high');
    this.#noticeChange('memory.max');
    if (this.#wanted === undefined) return;
    const { highBytes, maxBytes } = this.#wanted;
    const current = singleNumber(this.#current.read() ?? '');
    const lowestBytes = Math.max(maxBytes, typeof current === 'number' ? current : 0);
    const isHighSet = this.#write('memory.high', String(highBytes));
    const isMaxSet = this.#write('memory.max', String(lowestBytes));
    if (isHighSet && isMaxSet && lowestBytes === maxBytes) this.#wanted = undefined;
  }

  /** What somebody else has written over ours is to be written again, by the same rule; `max` may be anybody's. */
  #noticeChange(name: 'memory.high' | 'memory.max'): void {
    const bytes = Number(this.#written.get(name));
    if (!Number.isFinite(bytes)) return;
    const path = `${this.options.directory}/${name}`;
    if (!this.#watches[name].look(this.options.now(), path, bytes)) return;
    this.#written.delete(name);
    this.#wanted = this.#limits;
    if (this.#saidChanged) return;
    this.#saidChanged = true;
    this.options.warn(
      `${path} was changed, and not by memsched: it is set again, now and whenever that happens`,
    );
  }

  close(): void {
    this.#stopWatching?.();
    for (const file of [this.#current, this.#stat, this.#events]) file.close();
  }

  /** False when the kernel refuses; where there is no such file, there is nothing to be done. */
  #write(name: string, text: string): boolean {
    if (this.#written.get(name) === text) return true;
    const path = `${this.options.directory}/${name}`;
    const reason = refusal(writeKernelFile(path, text));
    if (reason === undefined) {
      this.#written.set(name, text);
      return true;
    }
    if (!this.#saidRefused) {
      this.#saidRefused = true;
      this.options.warn(
        `the limits of all tasks together cannot be set: writing ${text} to ${path} is refused (${reason}); it is tried again at every look`,
      );
    }
    return false;
  }
}

/** There with `psi=0`, too, but then not to be read. */
function isReadable(path: string): boolean {
  return readKernelFile(path) !== undefined;
}
