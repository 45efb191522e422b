import { RemovalList } from '../../src/adapters/cgroup/removal-list.js';
import { SampledLimit } from '../../src/adapters/host/sampled-limit.js';
import type { Tier } from '../../src/core/events.js';
import type {
  AttemptRef,
  AttemptSample,
  AttemptTally,
  HostSample,
} from '../../src/core/observation.js';
import type { OomCounters, StartFault } from '../../src/core/outcome.js';
import type { BudgetSpec, NodeSignal, TaskId } from '../../src/core/task-spec.js';
import type {
  AttemptLimits,
  Entry,
  LaunchEnd,
  OpenAttempt,
  TaskHost,
} from '../../src/supervisor/ports.js';
import { present } from '../../src/util/assert.js';
import { MiB } from '../../src/util/bytes.js';
import { err, ok, type Result } from '../../src/util/result.js';
import type { Enclosure, TrueCause } from './enclosure.js';
import type { FakeMachine } from './fake-machine.js';
import type { Mishaps } from './program.js';
import type { Random } from './random.js';
import type { VirtualClock } from './virtual-clock.js';

/** One attempt as the machine saw it, from its opening to its clearing away. */
export interface Life extends AttemptRef {
  readonly openedAtMs: number;
  /** The last of its processes was gone; undefined when none had moved in, Infinity while one lives. */
  readonly emptiedAtMs: number | undefined;
  readonly closedAtMs: number;
  /** Somebody had removed its cgroup before: what lived in it could not be seen any more. */
  readonly isVanished: boolean;
  readonly cause: TrueCause | undefined;
  /** How its main process ended; undefined when it never did. */
  readonly end: LaunchEnd | undefined;
  readonly peakBytes: number;
  readonly cpuMs: number;
  readonly progressMs: number;
  /** How long all its processes stood still. */
  readonly frozenMs: number;
  /** How far it had come when it began: what the attempt before had saved. */
  readonly fromMs: number;
  /** How far it had come when it last saved its work; undefined when it has not. */
  readonly savedMs: number | undefined;
  readonly limitBytes: number | undefined;
  /** Undefined when no process had moved in. */
  readonly oomScoreAdj: number | undefined;
}

/** A signal or kill as it reached the host. */
export interface SentSignal extends AttemptRef {
  readonly tMs: number;
  readonly signal: NodeSignal;
}

/** A signal that asked for a checkpoint, and whether who was to hear it stood still. */
export interface SentAsk extends SentSignal {
  readonly isFrozen: boolean;
}

/** An attempt was frozen or thawed, as it reached the host. */
export interface Frost extends AttemptRef {
  readonly tMs: number;
  readonly what: 'freeze' | 'thaw';
}

/** One look that the supervisor took, at the time at which it took it. */
export interface Look {
  readonly tMs: number;
  readonly usedBytes: number;
  readonly budgetBytes: number;
  /** What there was for tasks under every limit above them, whoever had it, by the machine's own count. */
  readonly roomBytes: number;
}

/** `memory.high` and `memory.max` as they were asked for, and what all tasks used at that moment. */
export interface TreeWrite {
  readonly tMs: number;
  readonly highBytes: number | 'max';
  readonly maxBytes: number;
  readonly usedBytes: number;
}

/** What goes wrong between host and supervisor. */
export interface HostFaults {
  /** Share of the kernel's notices that are lost. */
  readonly lostNoticeShare: number;
  /** Share of them that come twice. */
  readonly doubledNoticeShare: number;
  readonly chance: Random;
  readonly mishapsOf: (ref: AttemptRef) => Mishaps;
}

const DISPOSE_DEADLINE_MS = 10_000;
const DISPOSE_POLL_MS = 50;

/** The tasks' host over a {@link FakeMachine}; keeps a record of what was asked of it. */
export class FakeHost implements TaskHost {
  readonly tier: Tier;
  readonly lives: Life[] = [];
  readonly signals: SentSignal[] = [];
  readonly frosts: Frost[] = [];
  /** Signals that asked for a checkpoint. */
  readonly asks: SentAsk[] = [];
  readonly treeWrites: TreeWrite[] = [];
  readonly looks: Look[] = [];
  /** The newest look at the machine, and what each attempt was last seen to use. */
  lastSample: HostSample | undefined;
  readonly lastSeen = new Map<TaskId, AttemptSample>();
  readonly #machine: FakeMachine;
  readonly #clock: VirtualClock;
  readonly #faults: HostFaults;
  readonly #sampledLimits = new Map<Enclosure, SampledLimit>();
  readonly #removals: RemovalList;
  /** Closed, and not yet cleared away. */
  readonly #counted = new Set<Enclosure>();
  readonly #told = new WeakSet<Enclosure>();
  /** Left by a dead supervisor, and nobody's: cleared away when they are empty. */
  readonly #strays = new Set<Enclosure>();
  /** Cleared away, but until when its cgroup does not go. */
  readonly #busyUntilMs = new Map<string, number>();
  #callback: () => void = () => undefined;
  #noticeIsOnItsWay = false;
  #wantedMax: number | undefined;

  constructor(machine: FakeMachine, clock: VirtualClock, faults: HostFaults) {
    this.#machine = machine;
    this.#clock = clock;
    this.#faults = faults;
    this.tier = machine.spec.tier;
    const remove = (name: string): 'removed' | 'busy' => {
      if (this.#now() < (this.#busyUntilMs.get(name) ?? 0)) return 'busy';
      this.#busyUntilMs.delete(name);
      return 'removed';
    };
    const make = (): void => undefined;
    this.#removals = new RemovalList({ make, remove }, () => this.#now());
    machine.onNotice = () => {
      this.#notify();
    };
  }

  /** Attempts that were opened and never cleared away. */
  get leftOpen(): string[] {
    return [...this.#machine.enclosures.values()].map(({ ref }) => nameOf(ref));
  }

  hasMoved(): boolean {
    const last = present(this.lastSample, 'one looks before one rests');
    const { availableBytes, budgetBytes, psi } = last;
    if (psi !== undefined && this.#machine.psi.someUs - psi.someUs >= 10_000) return true;
    const movedBytes = Math.abs(this.#machine.availableBytes() - availableBytes);
    return movedBytes >= Math.min(16 * MiB, budgetBytes / 64);
  }

  observe(): HostSample {
    this.#removals.retryDue();
    for (const stray of this.#strays) {
      if (stray.isPopulated(this.#now())) continue;
      this.#strays.delete(stray);
      this.#putAway(stray);
    }
    this.#lowerMax();
    const sample = this.#machine.observe();
    this.lastSample = sample;
    const { usedBytes, budgetBytes } = sample;
    const roomBytes = this.#machine.roomForTasks();
    this.looks.push({ tMs: this.#now(), usedBytes, budgetBytes, roomBytes });
    return sample;
  }

  open(ref: AttemptRef, limits: AttemptLimits): Result<Entry, StartFault> {
    if (this.#machine.find(ref) !== undefined)
      return err({ error: 'the enclosure is there already' });
    if (this.#faults.mishapsOf(ref).spawn.kind === 'no-enclosure')
      return err({ error: 'cannot make the fake cgroup: ENOSPC' });
    const enclosure = this.#machine.open(ref, limits);
    if (this.tier !== 'cgroup' && limits.limitBytes !== undefined)
      this.#sampledLimits.set(enclosure, new SampledLimit(limits.limitBytes));
    return ok({ env: {} });
  }

  adopt(): void {
    // The machine knows its processes without being told.
  }

  sample(ref: AttemptRef): AttemptSample | undefined {
    const nowMs = this.#now();
    const enclosure = this.#machine.find(ref);
    if (enclosure?.isPopulated(nowMs) !== true) return undefined;
    const unseenShare = enclosure.tenant?.mishaps.unseenShare ?? 0;
    if (unseenShare > 0 && this.#faults.chance.chance(unseenShare)) return undefined;
    const { anonBytes: usedBytes, peakBytes } = enclosure.memory;
    if (this.#sampledLimits.get(enclosure)?.check(usedBytes) === true)
      enclosure.kill('own-limit', nowMs);
    const { task, attempt } = ref;
    const sample = { task, attempt, usedBytes, peakBytes, cpuMs: Math.round(enclosure.cpuMs) };
    this.lastSeen.set(task, sample);
    return sample;
  }

  signal(ref: AttemptRef, signal: NodeSignal): boolean {
    this.signals.push({ task: ref.task, attempt: ref.attempt, tMs: this.#now(), signal });
    return this.#machine.find(ref)?.signal(signal, this.#now()) ?? false;
  }

  tell(ref: AttemptRef, signal: NodeSignal): number {
    const { task, attempt } = ref;
    const enclosure = this.#machine.find(ref);
    const isFrozen = enclosure?.frozenSinceMs !== undefined;
    this.asks.push({ task, attempt, tMs: this.#now(), signal, isFrozen });
    return enclosure?.askToSave(this.#now()) === true ? 1 : 0;
  }

  entryOf(ref: AttemptRef): Entry | undefined {
    return this.#machine.find(ref) && { env: {} };
  }

  kill(ref: AttemptRef): void {
    const { task, attempt } = ref;
    this.signals.push({ task, attempt, tMs: this.#now(), signal: 'SIGKILL' });
    this.#machine.find(ref)?.kill('supervisor', this.#now());
  }

  freeze(ref: AttemptRef): void {
    this.#noteFrost(ref, 'freeze');
    this.#machine.find(ref)?.freeze(this.#now());
  }

  thaw(ref: AttemptRef): void {
    this.#noteFrost(ref, 'thaw');
    this.#machine.find(ref)?.thaw(this.#now());
  }

  reclaim(ref: AttemptRef, bytes: number): void {
    const enclosure = this.#machine.find(ref);
    if (this.tier === 'cgroup' && enclosure?.frozenSinceMs !== undefined)
      enclosure.reclaimBytes = bytes;
  }

  #noteFrost({ task, attempt }: AttemptRef, what: Frost['what']): void {
    this.frosts.push({ task, attempt, tMs: this.#now(), what });
  }

  close(ref: AttemptRef): AttemptTally | 'populated' {
    const enclosure = this.#machine.find(ref);
    if (enclosure === undefined) return { peakBytes: 0, cpuMs: 0 };
    const nowMs = this.#now();
    if (enclosure.isPopulated(nowMs)) {
      enclosure.isWatched = this.tier !== 'procfs';
      return 'populated';
    }
    this.#counted.add(enclosure);
    this.#tell(enclosure);
    return enclosure.tally(this.#countersOf(enclosure));
  }

  clearClosed(): void {
    for (const enclosure of this.#counted) this.#putAway(enclosure);
    this.#counted.clear();
  }

  /** The machine knows who is there; what is there of nobody is ended. */
  takeOver(attempts: readonly OpenAttempt[]): void {
    this.#counted.clear();
    const names = new Set(attempts.map(nameOf));
    for (const enclosure of [...this.#machine.enclosures.values()]) {
      if (names.has(nameOf(enclosure.ref))) continue;
      enclosure.kill('supervisor', this.#now());
      this.#strays.add(enclosure);
    }
  }

  limitTree(limits: { readonly highBytes: number | 'max'; readonly maxBytes: number }): void {
    const usedBytes = this.#machine.tasks.anonBytes;
    this.treeWrites.push({ tMs: this.#now(), usedBytes, ...limits });
    if (this.tier !== 'cgroup') return;
    this.#machine.drawHigh(limits.highBytes);
    this.#wantedMax = limits.maxBytes;
    this.#lowerMax();
  }

  setBudget(budget: BudgetSpec): void {
    this.#machine.budget = budget;
  }

  onChange(callback: () => void): void {
    this.#callback = callback;
  }

  /** Ends everything and waits for that: time passes on the virtual clock. */
  dispose(): Promise<readonly string[]> {
    return Promise.resolve(this.clearAll());
  }

  /** What {@link dispose} does. Returns what is left. */
  clearAll(): readonly string[] {
    this.#counted.clear();
    this.#strays.clear();
    const deadlineMs = this.#now() + DISPOSE_DEADLINE_MS;
    for (const enclosure of this.#machine.enclosures.values())
      enclosure.kill('supervisor', this.#now());
    for (;;) {
      this.#removals.retryDue();
      for (const enclosure of [...this.#machine.enclosures.values()])
        if (!enclosure.isPopulated(this.#now())) this.#putAway(enclosure);
      const isClear = this.#machine.enclosures.size === 0 && this.#removals.size === 0;
      if (isClear || this.#now() >= deadlineMs) break;
      const untilMs = this.#now() + DISPOSE_POLL_MS;
      this.#clock.runUntil(() => this.#now() >= untilMs, Infinity);
    }
    return [...this.leftOpen, ...this.#busyUntilMs.keys()];
  }

  /** Writes its life down, once: it may be counted by two supervisors, one after the other. */
  #tell(enclosure: Enclosure): void {
    if (this.#told.has(enclosure)) return;
    this.#told.add(enclosure);
    const { ref, openedAtMs, cause, end, cpuMs, progressMs, isVanished, limits } = enclosure;
    const { tenant, frozenMs, savedMs } = enclosure;
    const { peakBytes } = enclosure.memory;
    const emptiedAtMs = enclosure.isAlive ? Infinity : enclosure.emptySinceMs;
    const closedAtMs = this.#now();
    const { task, attempt } = ref;
    this.lives.push({
      task,
      attempt,
      openedAtMs,
      emptiedAtMs,
      closedAtMs,
      isVanished,
      cause,
      end,
      peakBytes,
      cpuMs,
      progressMs,
      frozenMs,
      fromMs: tenant?.fromMs ?? 0,
      savedMs,
      limitBytes: limits.limitBytes,
      oomScoreAdj: tenant?.oomScoreAdj,
    });
  }

  #putAway(enclosure: Enclosure): void {
    this.#tell(enclosure);
    const { ref } = enclosure;
    const closedAtMs = this.#now();
    this.#machine.remove(ref);
    const name = nameOf(ref);
    const busyMs = enclosure.tenant?.mishaps.busyMs ?? 0;
    if (busyMs > 0 && this.tier !== 'procfs') this.#busyUntilMs.set(name, closedAtMs + busyMs);
    this.#removals.remove(name);
  }

  #countersOf(enclosure: Enclosure): OomCounters | undefined {
    if (enclosure.isVanished) return undefined;
    return this.tier === 'cgroup' ? enclosure.oom : this.#sampledLimits.get(enclosure)?.counters();
  }

  /** `memory.max` goes no lower than what is used now: that would be an order to the OOM killer. */
  #lowerMax(): void {
    if (this.#wantedMax === undefined) return;
    const lowest = Math.max(this.#wantedMax, this.#machine.tasks.currentBytes);
    this.#machine.max = lowest;
    if (lowest === this.#wantedMax) this.#wantedMax = undefined;
  }

  #now(): number {
    return this.#clock.monotonicMs();
  }

  /** Notices coalesce, come a moment later, get lost and come twice; in the procfs tier there are none. */
  #notify(): void {
    if (this.#noticeIsOnItsWay || this.tier === 'procfs') return;
    const { chance, lostNoticeShare, doubledNoticeShare } = this.#faults;
    if (lostNoticeShare > 0 && chance.chance(lostNoticeShare)) return;
    this.#noticeIsOnItsWay = true;
    this.#clock.after(1, () => {
      this.#noticeIsOnItsWay = false;
      this.#callback();
      if (doubledNoticeShare > 0 && chance.chance(doubledNoticeShare)) this.#callback();
    });
  }
}

/** A path that is never there: who looks below it finds nothing. */
function nameOf({ task, attempt }: AttemptRef): string {
  return `/fake-cgroup/${task}.${attempt}`;
}
