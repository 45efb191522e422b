import { basename } from 'node:path';
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
import { err, ok, type Result } from '../../util/result.js';
import { errnoOf } from '../host/errno.js';
import { startFault } from '../host/start-fault.js';
import { fdBudget } from '../host/fd-budget.js';
import type { HostError } from '../host/host-error.js';
import { createHostReader, type HostReader } from '../host/host-reader.js';
import { KernelFiles } from '../host/kernel-file.js';
import type { LimitSource } from '../host/memory-levels.js';
import { killAll, markedProcesses } from '../host/marked-processes.js';
import { pageBytes } from '../host/page-size.js';
import { ProcessMemory } from '../host/process-memory.js';
import { protectFromOom } from '../host/oom-score.js';
import { LookSaver } from '../host/look-saver.js';
import { LimitWarner, SampledLimit } from '../host/sampled-limit.js';
import { applyLimits, AttemptCgroup } from './attempt-cgroup.js';
import { childrenOf, kernelTree, type CgroupTree } from './cgroup-fs.js';
import { createChangeWatch, type ChangeWatch } from './change-watch.js';
import { killTree } from './kill-tree.js';
import { KernelMeter, StatAllowance, SummingMeter } from './memory-meter.js';
import { PidsGuard } from './pids-guard.js';
import { RemovalList } from './removal-list.js';
import { makeRunTree, type RunTree } from './run-tree.js';
import { TasksCgroup } from './tasks-cgroup.js';

/** What a cgroup host needs to know. */
export interface CgroupHostOptions {
  /** `hybrid`: a v2 tree without the memory controller. */
  readonly tier: 'cgroup' | 'hybrid';
  readonly runId: string;
  /** The delegated directory, from the tier choice. */
  readonly rootDirectory: string;
  /** A tree that a dead supervisor of the same run has left is kept as it is, for `takeOver`. */
  readonly keepsTree?: boolean;
  readonly budget: BudgetSpec;
  /** Processes that all tasks together may have; absent: as many as the host lets them. */
  readonly maxPids?: MaxPids;
  /** Ancestors that may limit us, from the survey. */
  readonly limits: readonly LimitSource[];
  /** The cgroup's name for an attempt: `task-<index>.<attempt>`, unique in the run. */
  readonly nameOf: (ref: AttemptRef) => string;
  /** Milliseconds on a clock that never jumps. */
  readonly now: () => number;
  /** Says something that the user should know, once. */
  readonly warn: (sentence: string) => void;
  /** False: act as if the kernel had no `cgroup.kill`. */
  readonly cgroupKill?: boolean;
  /** False: before kernel 5.9, which could slow a task at `memory.high` for ever; then nobody is braked. */
  readonly safeBrake?: boolean;
  /** `/proc`, or a recorded one. */
  readonly procPath?: string;
  /** Makes and removes cgroups; the kernel's by default. */
  readonly tree?: CgroupTree;
}

/** How long `dispose` waits for killed processes to go. */
const DISPOSE_DEADLINE_MS = 10_000;
const DISPOSE_POLL_MS = 5;
/** Someone who was on the way in may have come after the first time. */
const DISPOSE_KILL_AGAIN_MS = 100;

/**
 * Makes the run's tree and the host of the `cgroup` and `hybrid` tiers on it. From here on this process lives in the
 * tree (`cgroup` tier), until `dispose`.
 */
export function createCgroupHost(options: CgroupHostOptions): Result<TaskHost, HostError> {
  const tree = options.tree ?? kernelTree;
  const made = makeRunTree({ ...options, tree });
  return made.ok ? ok(new CgroupHost(options, made.value, tree)) : made;
}

class CgroupHost implements TaskHost {
  readonly tier: 'cgroup' | 'hybrid';
  readonly #attempts = new Map<string, AttemptCgroup>();
  /** What `observe` found where use has to be added up: looked at once, not once more by `sample`. */
  readonly #looked = new Map<AttemptCgroup, ReturnType<AttemptCgroup['sample']>>();
  readonly #files: KernelFiles;
  readonly #tasks: TasksCgroup;
  readonly #reader: HostReader;
  readonly #memory: ProcessMemory;
  readonly #allowance = new StatAllowance();
  readonly #removals: RemovalList;
  /** Cgroups of attempts that were counted. */
  readonly #closed: string[] = [];
  readonly #watch: ChangeWatch;
  readonly #warner: LimitWarner;
  readonly #listeners: (() => void)[] = [];
  readonly #pids: PidsGuard | undefined;
  readonly #unprotect = protectFromOom();
  readonly #saver = new LookSaver();
  #lookMs = -Infinity;

  constructor(
    private readonly options: CgroupHostOptions,
    private readonly runTree: RunTree,
    private readonly tree: CgroupTree,
  ) {
    const procPath = options.procPath ?? '/proc';
    this.tier = options.tier;
    this.#files = new KernelFiles(fdBudget(procPath));
    this.#memory = new ProcessMemory(procPath, this.#files, pageBytes(), options.now);
    this.#removals = new RemovalList(tree, options.now);
    this.#watch = createChangeWatch(options.warn);
    this.#warner = new LimitWarner(options.warn);
    this.#tasks = new TasksCgroup({
      directory: runTree.tasksDirectory,
      files: this.#files,
      watch: this.#watch,
      onChange: this.#changed,
      warn: options.warn,
      now: options.now,
    });
    this.#pids = this.#guardPids();
    this.#reader = createHostReader({
      files: this.#files,
      budget: options.budget,
      limits: options.limits,
      procPath,
      pressurePath: this.#tasks.pressurePath ?? `${procPath}/pressure/memory`,
    });
  }

  hasMoved(): boolean {
    return this.#saver.hasMoved(this.#reader.glance(), this.#tasks.movedBytes());
  }

  observe(): HostSample {
    this.#removals.retryDue();
    this.#tasks.settle();
    const usedBytes = this.#usedBytes();
    const pids = this.#lookAtPids();
    const sample = this.#reader.look({
      usedBytes,
      ...(pids === undefined ? {} : { pids }),
      brakeEvents: this.#tasks.brakeEvents(),
      scannedPages: this.#tasks.scannedPages(),
    });
    return this.#saver.noteHost(sample);
  }

  open(ref: AttemptRef, limits: AttemptLimits): Result<Entry, StartFault> {
    const name = this.options.nameOf(ref);
    const directory = `${this.runTree.tasksDirectory}/${name}`;
    assert(!this.#attempts.has(name), `attempt ${name} is opened once`);
    if (this.tier === 'hybrid') this.#warner.noteLimits(limits);
    try {
      this.tree.make(directory);
    } catch (error) {
      const code = errnoOf(error);
      return err(startFault(`cannot make the cgroup ${directory}: ${code ?? String(error)}`, code));
    }
    const refused = this.tier === 'cgroup' ? applyLimits(directory, limits) : undefined;
    if (refused !== undefined) {
      this.#removals.remove(directory);
      return err({ error: refused });
    }
    this.#attempts.set(name, this.#attempt(ref, directory, limits));
    return ok({ procsFile: `${directory}/cgroup.procs`, env: {} });
  }

  adopt(ref: AttemptRef, pid: number): void {
    this.#find(ref)?.adopt(pid);
  }

  sample(ref: AttemptRef): AttemptSample | undefined {
    const attempt = this.#find(ref);
    if (attempt === undefined) return undefined;
    this.#saver.noteTaken();
    if (this.#isSkipped(attempt)) return undefined;
    const sample = this.#looked.has(attempt) ? this.#looked.get(attempt) : attempt.sample();
    return sample && { task: ref.task, attempt: ref.attempt, ...sample };
  }

  signal(ref: AttemptRef, signal: NodeSignal): boolean {
    return this.#find(ref)?.signal(signal, this.options.procPath ?? '/proc') ?? false;
  }

  tell(ref: AttemptRef, signal: NodeSignal): number {
    return this.#find(ref)?.tell(signal, this.options.procPath ?? '/proc') ?? 0;
  }

  entryOf(ref: AttemptRef): Entry | undefined {
    const attempt = this.#find(ref);
    return attempt && { procsFile: `${attempt.directory}/cgroup.procs`, env: {} };
  }

  kill(ref: AttemptRef): void {
    this.#find(ref)?.kill();
  }

  freeze(ref: AttemptRef): void {
    this.#find(ref)?.freeze();
  }

  thaw(ref: AttemptRef): void {
    this.#find(ref)?.thaw();
  }

  reclaim(ref: AttemptRef, bytes: number): void {
    if (this.tier === 'cgroup') this.#find(ref)?.reclaim(bytes);
  }

  close(ref: AttemptRef): AttemptTally | 'populated' {
    const name = this.options.nameOf(ref);
    const attempt = present(this.#attempts.get(name), `attempt ${name} is open when it is closed`);
    if (attempt.watchForEnd()) return 'populated';
    const tally = attempt.tally();
    this.#attempts.delete(name);
    this.#pids?.forget(attempt.directory);
    attempt.release();
    this.#closed.push(attempt.directory);
    return tally;
  }

  clearClosed(): void {
    for (const directory of this.#closed.splice(0)) this.#removals.remove(directory);
  }

  takeOver(attempts: readonly OpenAttempt[]): void {
    const { tasksDirectory } = this.runTree;
    for (const attempt of attempts) {
      const name = this.options.nameOf(attempt);
      this.#attempts.set(name, this.#attempt(attempt, `${tasksDirectory}/${name}`, attempt));
    }
    for (const directory of childrenOf(tasksDirectory)) {
      if (this.#attempts.has(basename(directory))) continue;
      killTree(directory, { cgroupKill: this.options.cgroupKill ?? true });
      this.#removals.remove(directory);
    }
  }

  limitTree(limits: { readonly highBytes: number | 'max'; readonly maxBytes: number }): void {
    const { safeBrake = true } = this.options;
    this.#tasks.limit(safeBrake ? limits : { ...limits, highBytes: 'max' });
  }

  setBudget(budget: BudgetSpec): void {
    this.#reader.setBudget(budget);
  }

  onChange(callback: () => void): void {
    this.#listeners.push(callback);
  }

  async dispose(): Promise<readonly string[]> {
    const { now } = this.options;
    const deadlineMs = now() + DISPOSE_DEADLINE_MS;
    this.clearClosed();
    let killAtMs = -Infinity;
    while (now() < deadlineMs) {
      if (now() >= killAtMs) {
        for (const attempt of this.#attempts.values()) attempt.kill();
        killAtMs = now() + DISPOSE_KILL_AGAIN_MS;
      }
      if (this.#cleared()) break;
      await pause(DISPOSE_POLL_MS);
    }
    const stuck = [...this.#attempts.values()].map((attempt) => attempt.directory);
    for (const attempt of this.#attempts.values()) attempt.release();
    this.#attempts.clear();
    this.#endStrays();
    this.#pids?.close();
    this.#tasks.close();
    this.#reader.close();
    this.#files.closeAll();
    const left = this.runTree.remove();
    this.#unprotect();
    return [...stuck, ...left];
  }

  /** Puts away every attempt that is empty by now; true when nothing is left. */
  #cleared(): boolean {
    for (const [name, attempt] of this.#attempts) {
      if (attempt.isPopulated()) continue;
      this.#attempts.delete(name);
      attempt.release();
      this.#removals.remove(attempt.directory);
    }
    this.#removals.retryDue();
    return this.#attempts.size === 0 && this.#removals.size === 0;
  }

  /** The kernel's limit on processes; undefined where there is none, or where it is kept by counting at each look. */
  #guardPids(): PidsGuard | undefined {
    const { maxPids, warn } = this.options;
    if (maxPids === undefined) return undefined;
    const { tasksDirectory } = this.runTree;
    if (this.tier === 'hybrid') {
      this.#warner.notePids(maxPids);
      return undefined;
    }
    const guard = PidsGuard.create(tasksDirectory, this.#files, maxPids.pids);
    if (typeof guard !== 'string') return guard;
    warn(`the number of processes is not limited (max_pids): ${guard}`);
    return undefined;
  }

  #lookAtPids(): PidsSample | undefined {
    const { maxPids } = this.options;
    if (maxPids === undefined) return undefined;
    if (this.tier === 'cgroup')
      return this.#pids?.look([...this.#attempts.values()].map(({ directory }) => directory));
    const counts = [...this.#looked.values()].map((sample) => sample?.pids ?? 0);
    return { current: counts.reduce((a, b) => a + b, 0), max: maxPids.pids, refusals: 0 };
  }

  /** What tasks have moved out of the tree is known by its environment. */
  #endStrays(): void {
    const { procPath = '/proc', runId, warn } = this.options;
    const strays = markedProcesses(procPath, [`MEMSCHED_RUN_ID=${runId}`]);
    if (strays.length === 0) return;
    killAll(strays);
    warn(
      `processes of this run lived outside of its cgroups and were ended: ${strays.slice(0, 10).join(' ')}${strays.length > 10 ? ' …' : ''}`,
    );
  }

  #find(ref: AttemptRef): AttemptCgroup | undefined {
    return this.#attempts.get(this.options.nameOf(ref));
  }

  #attempt(ref: AttemptRef, directory: string, limits: AttemptLimits): AttemptCgroup {
    const { now, cgroupKill = true, runId, procPath = '/proc', maxPids } = this.options;
    const sampledLimitBytes = this.tier === 'hybrid' ? limits.limitBytes : undefined;
    return new AttemptCgroup({
      directory,
      files: this.#files,
      meter:
        this.tier === 'cgroup'
          ? new KernelMeter(directory, this.#files, this.#allowance, now)
          : new SummingMeter(directory, this.#files, this.#memory),
      watch: this.#watch,
      onChange: this.#changed,
      now,
      cgroupKill,
      limit: new SampledLimit(sampledLimitBytes),
      limitBytes: this.tier === 'cgroup' ? limits.limitBytes : undefined,
      procPath,
      marks: [
        `MEMSCHED_RUN_ID=${runId}`,
        `MEMSCHED_TASK=${ref.task}`,
        `MEMSCHED_ATTEMPT=${ref.attempt}`,
      ],
      countsPids: () =>
        this.tier === 'hybrid' ? maxPids !== undefined : this.#pids?.isNear === true,
    });
  }

  /** What all attempts use; decides by it, or by what the host has left, whether the quiet ones are looked at. */
  #usedBytes(): number {
    const counted = this.#tasks.usedBytes();
    const freeBytes = counted === undefined ? this.#reader.availableBytes() : -counted;
    this.#lookMs = this.options.now();
    this.#saver.startLook(this.#lookMs, this.#attempts.size, freeBytes);
    const allowance = this.#saver.allowance(this.#attempts.size);
    this.#allowance.renew(allowance);
    this.#memory.startLook(this.#saver.isForAll, allowance);
    return counted ?? this.#sumOfAttempts();
  }

  #sumOfAttempts(): number {
    const before = new Map(this.#looked);
    this.#looked.clear();
    let sum = 0;
    for (const attempt of this.#attempts.values()) {
      const sample = this.#isSkipped(attempt) ? before.get(attempt) : attempt.sample();
      this.#looked.set(attempt, sample);
      sum += sample?.usedBytes ?? 0;
    }
    return sum;
  }

  #isSkipped(attempt: AttemptCgroup): boolean {
    return !this.#saver.isForAll && attempt.isQuiet(this.#lookMs);
  }

  readonly #changed = (): void => {
    for (const listener of this.#listeners) listener();
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
