import type {
  AttemptRef,
  AttemptSample,
  AttemptTally,
  HostSample,
  PidsSample,
} from '../../core/observation.js';
import type { StartFault } from '../../core/outcome.js';
import type { BudgetSpec, MaxPids, NodeSignal } from '../../core/task-spec.js';
import type { AttemptLimits, Entry, OpenAttempt, TaskHost } from '../../supervisor/ports.js';
import { assert, present } from '../../util/assert.js';
import { ok, type Result } from '../../util/result.js';
import { fdBudget } from '../host/fd-budget.js';
import { createHostReader, type HostReader } from '../host/host-reader.js';
import { KernelFiles } from '../host/kernel-file.js';
import { isDeadlyTo } from '../host/listeners.js';
import { LookSaver, Stir } from '../host/look-saver.js';
import type { LimitSource } from '../host/memory-levels.js';
import { PauseWatch } from '../host/pause-watch.js';
import { pageBytes } from '../host/page-size.js';
import { ProcessMemory } from '../host/process-memory.js';
import { protectFromOom } from '../host/oom-score.js';
import { LimitWarner, SampledLimit } from '../host/sampled-limit.js';
import { ProcessTree } from './process-tree.js';
import { continueAll, endAll, stopAll, tellAll, tellListeners } from './signals.js';

/** What a procfs host needs to know. */
export interface ProcfsHostOptions {
  readonly budget: BudgetSpec;
  /** Processes that all tasks together may have; absent: as many as the host lets them. */
  readonly maxPids?: MaxPids;
  /** Ancestors that may limit us, from the survey. */
  readonly limits: readonly LimitSource[];
  /** A name for an attempt, unique in the run. */
  readonly nameOf: (ref: AttemptRef) => string;
  /** Unguessable, and the same for all supervisors of a run: marks the environment of all its tasks. */
  readonly cookie: string;
  /** Milliseconds on a clock that never jumps. */
  readonly now: () => number;
  /** Says something that the user should know, once. */
  readonly warn?: (sentence: string) => void;
  /** `/proc`, or a recorded one. */
  readonly procPath?: string;
}

/** In the environment of every task of this tier. */
export const COOKIE_VARIABLE = 'MEMSCHED_COOKIE';

/** How long `dispose` goes on killing what comes up anew. */
const DISPOSE_DEADLINE_MS = 10_000;
const DISPOSE_POLL_MS = 10;

interface Attempt {
  readonly limit: SampledLimit;
  readonly pauses: PauseWatch;
  mainPid?: number;
  /** Whoever comes up in it is stopped at the next look. */
  isFrozen: boolean;
  peakBytes: number;
  /** Found by the last look at it. */
  usedBytes: number;
  readonly stir: Stir;
  /** Whether the last look was at it, too. */
  isLooked: boolean;
}

/** The host of the `procfs` tier: nothing but `/proc`, sessions and environment. */
export function createProcfsHost(options: ProcfsHostOptions): TaskHost {
  return new ProcfsHost(options);
}

class ProcfsHost implements TaskHost {
  readonly tier = 'procfs';
  readonly #attempts = new Map<string, Attempt>();
  readonly #files: KernelFiles;
  readonly #reader: HostReader;
  readonly #memory: ProcessMemory;
  readonly #processes: ProcessTree;
  readonly #warner: LimitWarner;
  readonly #unprotect = protectFromOom();
  readonly #saver = new LookSaver();

  constructor(private readonly options: ProcfsHostOptions) {
    const procPath = options.procPath ?? '/proc';
    this.#files = new KernelFiles(fdBudget(procPath));
    this.#memory = new ProcessMemory(procPath, this.#files, pageBytes(), options.now);
    this.#processes = new ProcessTree(procPath, this.#files, options.now);
    this.#warner = new LimitWarner(options.warn ?? (() => undefined));
    if (options.maxPids !== undefined) this.#warner.notePids(options.maxPids);
    this.#reader = createHostReader({
      files: this.#files,
      budget: options.budget,
      limits: options.limits,
      procPath,
      pressurePath: `${procPath}/pressure/memory`,
    });
  }

  hasMoved(): boolean {
    return this.#saver.hasMoved(this.#reader.glance());
  }

  observe(): HostSample {
    const nowMs = this.options.now();
    const freeBytes = this.#reader.availableBytes();
    this.#saver.startLook(nowMs, this.#attempts.size, freeBytes);
    this.#memory.startLook(this.#saver.isForAll, this.#saver.allowance(this.#attempts.size));
    this.#processes.refresh(this.#chooseLooked(nowMs));
    this.#keepFrozen();
    let usedBytes = 0;
    for (const [name, attempt] of this.#attempts)
      usedBytes += attempt.isLooked ? this.#measure(name, attempt, nowMs) : attempt.usedBytes;
    const pids = this.#countPids();
    const sample = this.#reader.look({
      usedBytes,
      brakeEvents: 0,
      scannedPages: 0,
      ...(pids === undefined ? {} : { pids }),
    });
    return this.#saver.noteHost(sample);
  }

  open(ref: AttemptRef, limits: AttemptLimits): Result<Entry, StartFault> {
    const name = this.options.nameOf(ref);
    assert(!this.#attempts.has(name), `attempt ${name} is opened once`);
    this.#warner.noteLimits(limits);
    return ok({ env: { [COOKIE_VARIABLE]: this.#add(name, limits) } });
  }

  /** Nothing is left behind where nothing was made. */
  clearClosed(): void {
    return;
  }

  takeOver(attempts: readonly OpenAttempt[]): void {
    for (const attempt of attempts) this.#add(this.options.nameOf(attempt), attempt);
    this.#processes.refresh();
  }

  /** Looks for the attempt's processes from now on; returns what marks their environment. */
  #add(name: string, limits: AttemptLimits): string {
    const value = this.#cookieOf(name);
    this.#processes.addOwner(name, `${COOKIE_VARIABLE}=${value}`);
    this.#attempts.set(name, {
      limit: new SampledLimit(limits.limitBytes),
      pauses: new PauseWatch(),
      isFrozen: false,
      peakBytes: 0,
      usedBytes: 0,
      stir: new Stir(),
      isLooked: true,
    });
    return value;
  }

  #cookieOf(name: string): string {
    return `${this.options.cookie}-${name}`;
  }

  adopt(ref: AttemptRef, pid: number): void {
    const name = this.options.nameOf(ref);
    const attempt = this.#attempts.get(name);
    if (attempt === undefined) return;
    attempt.mainPid = pid;
    this.#processes.adopt(name, pid);
  }

  sample(ref: AttemptRef): AttemptSample | undefined {
    this.#saver.noteTaken();
    const name = this.options.nameOf(ref);
    const attempt = this.#attempts.get(name);
    if (attempt?.isLooked !== true || this.#processes.membersOf(name).length === 0)
      return undefined;
    if (attempt.limit.check(attempt.usedBytes)) this.kill(ref);
    const { usedBytes, peakBytes } = attempt;
    const cpuMs = this.#processes.cpuMs(name);
    const members = this.#processes.membersOf(name);
    const pausedBy = attempt.isFrozen
      ? undefined
      : attempt.pauses.look(this.options.now(), cpuMs, () =>
          members.some((member) => this.#processes.isStopped(member)),
        );
    return {
      task: ref.task,
      attempt: ref.attempt,
      usedBytes,
      peakBytes,
      cpuMs,
      pids: members.length,
      ...(pausedBy === undefined ? {} : { pausedBy }),
    };
  }

  signal(ref: AttemptRef, signal: NodeSignal): boolean {
    const name = this.options.nameOf(ref);
    const attempt = this.#attempts.get(name);
    if (attempt?.isFrozen === true) this.thaw(ref);
    this.#processes.refresh([name]);
    const mainPid = attempt?.mainPid;
    const isDeadly =
      mainPid !== undefined && isDeadlyTo(mainPid, signal, this.options.procPath ?? '/proc');
    tellAll(this.#processes, name, signal, mainPid);
    return isDeadly;
  }

  tell(ref: AttemptRef, signal: NodeSignal): number {
    const name = this.options.nameOf(ref);
    this.#processes.refresh([name]);
    return tellListeners(this.#processes, name, signal, this.options.procPath ?? '/proc');
  }

  entryOf(ref: AttemptRef): Entry | undefined {
    const name = this.options.nameOf(ref);
    return this.#attempts.has(name)
      ? { env: { [COOKIE_VARIABLE]: this.#cookieOf(name) } }
      : undefined;
  }

  kill(ref: AttemptRef): void {
    const name = this.options.nameOf(ref);
    const attempt = this.#attempts.get(name);
    if (attempt !== undefined) attempt.isFrozen = false;
    endAll(this.#processes, [name]);
  }

  freeze(ref: AttemptRef): void {
    const name = this.options.nameOf(ref);
    const attempt = this.#attempts.get(name);
    if (attempt === undefined) return;
    attempt.isFrozen = true;
    stopAll(this.#processes, name);
  }

  thaw(ref: AttemptRef): void {
    const name = this.options.nameOf(ref);
    const attempt = this.#attempts.get(name);
    if (attempt === undefined) return;
    attempt.isFrozen = false;
    continueAll(this.#processes, name);
  }

  /** Nobody can be told whose memory to take here. */
  reclaim(): void {
    return;
  }

  /** A child that was on its way, or somebody who was woken from outside, is stopped as well. */
  #keepFrozen(): void {
    for (const [name, { isFrozen }] of this.#attempts) {
      if (!isFrozen) continue;
      const runs = this.#processes.membersOf(name).some((one) => !this.#processes.isStopped(one));
      if (runs) stopAll(this.#processes, name);
    }
  }

  close(ref: AttemptRef): AttemptTally | 'populated' {
    const name = this.options.nameOf(ref);
    const attempt = present(this.#attempts.get(name), `attempt ${name} is open when it is closed`);
    this.#processes.refresh([name]);
    if (this.#processes.membersOf(name).length > 0) return 'populated';
    const cpuMs = this.#processes.cpuMs(name);
    const oom = attempt.limit.counters();
    this.#processes.removeOwner(name);
    this.#attempts.delete(name);
    return { peakBytes: attempt.peakBytes, cpuMs, ...(oom !== undefined && { oom }) };
  }

  /** Nothing enforces a limit here. */
  limitTree(): void {
    return;
  }

  setBudget(budget: BudgetSpec): void {
    this.#reader.setBudget(budget);
  }

  /** Nothing tells of changes here: they are seen at the next sample. */
  onChange(): void {
    return;
  }

  async dispose(): Promise<readonly string[]> {
    const deadlineMs = this.options.now() + DISPOSE_DEADLINE_MS;
    const left = new Set(this.#attempts.keys());
    for (;;) {
      this.#processes.refresh();
      for (const name of left) {
        if (this.#processes.membersOf(name).length === 0) left.delete(name);
      }
      endAll(this.#processes, [...left]);
      if (left.size === 0 || this.options.now() >= deadlineMs) break;
      await pause(DISPOSE_POLL_MS);
    }
    const stuck = [...left].flatMap((name) => this.#processes.membersOf(name));
    this.#attempts.clear();
    this.#reader.close();
    this.#files.closeAll();
    this.#unprotect();
    return stuck.map((member) => `/proc/${member.pid}`);
  }

  #countPids(): PidsSample | undefined {
    const { maxPids } = this.options;
    if (maxPids === undefined) return undefined;
    const counts = [...this.#attempts.keys()].map((name) => this.#processes.membersOf(name).length);
    return { current: counts.reduce((a, b) => a + b, 0), max: maxPids.pids, refusals: 0 };
  }

  /** Notes whom this look is at, and names them. */
  #chooseLooked(nowMs: number): string[] {
    for (const attempt of this.#attempts.values())
      attempt.isLooked = this.#saver.isForAll || attempt.isFrozen || !attempt.stir.isQuiet(nowMs);
    return [...this.#attempts].flatMap(([name, { isLooked }]) => (isLooked ? [name] : []));
  }

  #measure(name: string, attempt: Attempt, nowMs: number): number {
    const members = this.#processes.membersOf(name);
    const used = members.map((member) => this.#memory.usedBytes(member.pid) ?? 0);
    attempt.usedBytes = used.reduce((sum, bytes) => sum + bytes, 0);
    attempt.peakBytes = Math.max(attempt.peakBytes, attempt.usedBytes);
    attempt.stir.note(attempt.usedBytes, nowMs);
    return attempt.usedBytes;
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
