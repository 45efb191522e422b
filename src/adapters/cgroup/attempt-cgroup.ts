import type { AttemptSample, AttemptTally, PausedBy } from '../../core/observation.js';
import type { OomCounters } from '../../core/outcome.js';
import type { NodeSignal } from '../../core/task-spec.js';
import type { AttemptLimits } from '../../supervisor/ports.js';
import { parseCgroupEvents } from '../host/cgroup-events.js';
import { keyedNumber, singleNumber } from '../host/flat-keyed.js';
import {
  readKernelFile,
  refusal,
  writeKernelFile,
  type KernelFile,
  type KernelFiles,
} from '../host/kernel-file.js';
import { isDeadlyTo } from '../host/listeners.js';
import { Stir } from '../host/look-saver.js';
import { parseMemoryEvents } from '../host/memory-events.js';
import { PauseWatch } from '../host/pause-watch.js';
import { readProcStat } from '../host/processes.js';
import type { SampledLimit } from '../host/sampled-limit.js';
import { wakes } from '../host/waking.js';
import { procsBelow } from './cgroup-fs.js';
import type { ChangeWatch } from './change-watch.js';
import {
  freezeTree,
  killTree,
  liftBrakes,
  signalTree,
  tellListeners,
  thawTree,
} from './kill-tree.js';
import { LimitWatch } from './limit-watch.js';
import type { MemoryMeter } from './memory-meter.js';
import { ProactiveReclaim } from './proactive-reclaim.js';
import { StrayWatch } from './stray-watch.js';

/** cpu.stat is read this often: what comes of it is a matter of half seconds. */
const CPU_EVERY_MS = 200;
/** Of so many processes it is looked whether they are stopped. */
const LOOKED_AT_MAX = 64;

/** What an attempt's cgroup is made with. */
export interface AttemptCgroupOptions {
  readonly directory: string;
  readonly files: KernelFiles;
  readonly meter: MemoryMeter;
  readonly watch: ChangeWatch;
  readonly onChange: () => void;
  readonly now: () => number;
  readonly cgroupKill: boolean;
  /** Enforced here where the kernel does not. */
  readonly limit: SampledLimit;
  /** `memory.max`, as it was written; absent where it was not. */
  readonly limitBytes: number | undefined;
  readonly procPath: string;
  /** `NAME=value`, in the environment of this attempt's processes and of nobody else's. */
  readonly marks: readonly string[];
  /** Whether its processes are to be counted now. */
  readonly countsPids: () => boolean;
}

/** The cgroup of one attempt. */
export class AttemptCgroup {
  readonly directory: string;
  readonly #events: KernelFile;
  readonly #cpu: KernelFile;
  readonly #reclaim: ProactiveReclaim;
  readonly #strays: StrayWatch;
  readonly #limitWatch = new LimitWatch();
  readonly #pauses = new PauseWatch();
  readonly #stir = new Stir();
  #isFrozen = false;
  #stopWatching: (() => void) | undefined;
  /** We have frozen it ourselves; it thaws until the kernel says that it has. */
  #frost: 'frozen' | 'thawing' | undefined;
  /** Its processes were stopped one by one: those that come up meanwhile are found at the next look. */
  #isStoppedOneByOne = false;
  #mainPid: number | undefined;
  #cpuDueMs = -Infinity;
  #cpuMs = 0;

  constructor(private readonly options: AttemptCgroupOptions) {
    this.directory = options.directory;
    this.#events = options.files.file(`${this.directory}/cgroup.events`);
    this.#cpu = options.files.file(`${this.directory}/cpu.stat`);
    this.#reclaim = new ProactiveReclaim(`${this.directory}/memory.reclaim`);
    this.#strays = new StrayWatch(options);
  }

  /** The main process, which gets a signal before its children do. */
  adopt(pid: number): void {
    this.#mainPid = pid;
    this.#strays.adopt(pid);
  }

  /** What it uses now; undefined when nothing lives in it. */
  sample(): Omit<AttemptSample, 'task' | 'attempt'> | undefined {
    const isPopulated = this.isPopulated();
    const nowMs = this.options.now();
    const strayedTo = this.#strays.look(nowMs, isPopulated);
    if (!isPopulated && strayedTo === undefined) return undefined;
    if (this.#isStoppedOneByOne) this.freeze();
    const usedBytes = this.options.meter.usedBytes();
    if (usedBytes === undefined) return undefined;
    this.#stir.note(usedBytes, nowMs);
    if (this.options.limit.check(usedBytes)) this.kill();
    const cpuMs = nowMs >= this.#cpuDueMs ? this.#readCpuMs(nowMs) : this.#cpuMs;
    const pids = this.options.countsPids() ? this.#pidsNow() : undefined;
    const pausedBy = this.#pausedBy(nowMs, cpuMs);
    return {
      usedBytes,
      peakBytes: this.options.meter.sampledPeakBytes(),
      cpuMs,
      ...(pids === undefined ? {} : { pids }),
      ...(pausedBy === undefined ? {} : { pausedBy }),
      ...(strayedTo === undefined ? {} : { strayedTo }),
      ...(this.#isLimitChanged(nowMs) ? { tamperedWith: 'memory.max' } : {}),
    };
  }

  /** Nothing has moved in it for a while, and nothing of ours is under way that every look has to go on with. */
  isQuiet(nowMs: number): boolean {
    return !this.#isStoppedOneByOne && this.#frost === undefined && this.#stir.isQuiet(nowMs);
  }

  /** Processes and threads where the kernel counts them, else processes. */
  #pidsNow(): number | undefined {
    const { meter } = this.options;
    if (meter.processes !== undefined) return meter.processes;
    const count = singleNumber(readKernelFile(`${this.directory}/pids.current`) ?? '');
    return typeof count === 'number' ? count : undefined;
  }

  #isLimitChanged(nowMs: number): boolean {
    const { limitBytes } = this.options;
    if (limitBytes === undefined) return false;
    const path = `${this.directory}/memory.max`;
    if (!this.#limitWatch.look(nowMs, path, limitBytes)) return false;
    writeKernelFile(path, String(limitBytes));
    return true;
  }

  #pausedBy(nowMs: number, cpuMs: number): PausedBy | undefined {
    if (this.#frost !== undefined) return undefined;
    if (this.#isFrozen) return 'freezer';
    return this.#pauses.look(nowMs, cpuMs, () =>
      procsBelow(this.directory)
        .slice(0, LOOKED_AT_MAX)
        .some((pid) => readProcStat(this.options.procPath, pid)?.state === 'T'),
    );
  }

  #readCpuMs(nowMs: number): number {
    this.#cpuDueMs = nowMs + CPU_EVERY_MS;
    this.#cpuMs = Math.round((keyedNumber(this.#cpu.read() ?? '', 'usage_usec') ?? 0) / 1000);
    return this.#cpuMs;
  }

  /** Whether a process lives in it, or below it. False when the cgroup is gone. */
  isPopulated(): boolean {
    const text = this.#events.read();
    if (text === undefined) return false;
    const { populated, frozen } = parseCgroupEvents(text);
    this.#isFrozen = frozen;
    if (!frozen && this.#frost === 'thawing') this.#frost = undefined;
    return populated;
  }

  /**
   * Calls back when the last process leaves. Most attempts are empty when their main process has ended and need no
   * watch, which costs more than all the rest of their end.
   *
   * @returns false when it is empty already.
   */
  watchForEnd(): boolean {
    this.#strays.forgetMain();
    if (this.#strays.endStrays()) return true;
    if (!this.isPopulated()) return false;
    if (this.#stopWatching !== undefined) return true;
    const { watch, onChange } = this.options;
    this.#stopWatching = watch.add(`${this.directory}/cgroup.events`, onChange);
    // What happened before the watch was there was told to nobody.
    return this.isPopulated();
  }

  /**
   * Sends a signal to every process, once each; frozen, braked or stopped ones could not act on it.
   *
   * @returns whether the main process is sure to die of it, or was over before.
   */
  signal(signal: NodeSignal, procPath: string): boolean {
    this.thaw();
    liftBrakes(this.directory);
    const isDeadly = this.#mainPid !== undefined && isDeadlyTo(this.#mainPid, signal, procPath);
    signalTree(this.directory, signal as NodeJS.Signals, this.#mainPid);
    if (wakes(signal)) signalTree(this.directory, 'SIGCONT', undefined);
    return isDeadly;
  }

  /** Stops every process where it is; returns at once. */
  freeze(): void {
    this.#frost = 'frozen';
    this.#isStoppedOneByOne = freezeTree(this.directory) === 'one-by-one';
  }

  /** Lets all of them go on. */
  thaw(): void {
    if (this.#frost === 'frozen') this.#frost = 'thawing';
    this.#isStoppedOneByOne = false;
    this.#reclaim.stop();
    thawTree(this.directory);
  }

  /** Has up to so much of its memory moved to swap, until it is thawed. */
  reclaim(bytes: number): void {
    this.#reclaim.ask(bytes);
  }

  /** Sends a signal to those processes that are to hear of it; frozen or braked ones could not act on it. */
  tell(signal: NodeSignal, procPath: string): number {
    liftBrakes(this.directory);
    return tellListeners(this.directory, signal, procPath);
  }

  /** Ends every process; returns at once. */
  kill(): void {
    this.#isStoppedOneByOne = false;
    this.#reclaim.stop();
    liftBrakes(this.directory);
    killTree(this.directory, { cgroupKill: this.options.cgroupKill });
    this.#strays.endStrays();
  }

  /** The final count; only true once nothing lives in it any more. */
  tally(): AttemptTally {
    const oom = this.options.limit.counters() ?? this.#oomCounters();
    return {
      peakBytes: this.options.meter.peakBytes(),
      cpuMs: this.#readCpuMs(this.options.now()),
      ...(oom !== undefined && { oom }),
    };
  }

  /** Gives all descriptors back. The cgroup itself stays. */
  release(): void {
    this.#stopWatching?.();
    this.#reclaim.stop();
    this.#events.close();
    this.#cpu.close();
    this.options.meter.close();
  }

  #oomCounters(): OomCounters | undefined {
    const text = readKernelFile(`${this.directory}/memory.events.local`);
    if (text === undefined) return undefined;
    const { oomKill, oom, max } = parseMemoryEvents(text);
    return { oomKill, oom, max };
  }
}

/**
 * Writes an attempt's limits: `memory.max` only where the user set one, and `memory.oom.group`, so that the OOM killer
 * takes all of an attempt or nothing of it (cgroup-v2.rst).
 *
 * @returns why a limit that the user set could not be put in place.
 */
export function applyLimits(directory: string, limits: AttemptLimits): string | undefined {
  writeKernelFile(`${directory}/memory.oom.group`, '1');
  const wanted = [
    ['memory.max', limits.limitBytes],
    ['memory.swap.max', limits.swapBytes],
  ] as const;
  for (const [name, bytes] of wanted) {
    if (bytes === undefined) continue;
    const result = writeKernelFile(`${directory}/${name}`, String(bytes));
    const reason = result === 'gone' ? 'this kernel has no such file' : refusal(result);
    // Without swap accounting there is nothing that memory.swap.max could bound.
    if (reason !== undefined && !(name === 'memory.swap.max' && result === 'gone')) {
      return `cannot write ${String(bytes)} to ${directory}/${name}: ${reason}`;
    }
  }
  return undefined;
}
