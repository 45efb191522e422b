import { budgetNow } from '../../src/core/budget.js';
import type { AttemptRef, HostSample } from '../../src/core/observation.js';
import type { BudgetSpec } from '../../src/core/task-spec.js';
import type { AttemptLimits } from '../../src/supervisor/ports.js';
import { GiB } from '../../src/util/bytes.js';
import { Enclosure, type TrueCause } from './enclosure.js';
import type { VirtualClock } from './virtual-clock.js';

/** The machine moves in steps of this. */
export const STEP_MS = 20;
/** Above `memory.high` growth goes on at this share of its speed: the kernel makes allocators sleep. */
const BRAKED_SHARE = 0.02;
/** Nobody's memory, always there for the kernel. */
const KERNEL_BYTES = 48 * 1024 * 1024;

/** A machine, and what else happens on it. */
export interface MachineSpec {
  readonly totalBytes: number;
  readonly cpus: number;
  readonly budget: BudgetSpec;
  /** What everything but our tasks uses, over time. */
  readonly outsideBytes: (tMs: number) => number;
  /** `cgroup`: brake, limits and counters; the others go without. */
  readonly hasMemoryController: boolean;
  readonly hasPsi: boolean;
}

/** How often the kernel's OOM killer had to act, by whose limit it was. */
export interface OomKills {
  own: number;
  tree: number;
  host: number;
}

/**
 * The memory of a host as far as a scheduler can tell: tasks that grow along their curves, page cache that gives way,
 * `memory.high` that slows and `memory.max` that kills, the OOM killer's choice, PSI, and others who use memory too.
 */
export class FakeMachine {
  readonly spec: MachineSpec;
  readonly enclosures = new Map<string, Enclosure>();
  readonly oomKills: OomKills = { own: 0, tree: 0, host: 0 };
  readonly psi = { someUs: 0, fullUs: 0 };
  reclaimScans = 0;
  brakeEvents = 0;
  high: number | 'max' = 'max';
  max = Infinity;
  /** Called when the kernel would notify: brake felt, attempt emptied. */
  onNotice: () => void = () => undefined;
  /** Called after each step. */
  onStep: () => void = () => undefined;
  readonly #clock: VirtualClock;

  constructor(spec: MachineSpec, clock: VirtualClock) {
    this.spec = spec;
    this.#clock = clock;
  }

  /** Sets the machine in motion. */
  start(): void {
    this.#clock.after(STEP_MS, () => {
      this.#step();
      this.start();
    });
  }

  open(ref: AttemptRef, limits: AttemptLimits): Enclosure {
    const enclosure = new Enclosure(ref, limits, this.nowMs());
    this.enclosures.set(keyOf(ref), enclosure);
    return enclosure;
  }

  find(ref: AttemptRef): Enclosure | undefined {
    return this.enclosures.get(keyOf(ref));
  }

  remove(ref: AttemptRef): void {
    this.enclosures.delete(keyOf(ref));
  }

  nowMs(): number {
    return this.#clock.monotonicMs();
  }

  /** Working set of all tasks. */
  tasksBytes(): number {
    return this.#sum((enclosure) => enclosure.anonBytes);
  }

  outsideBytes(): number {
    return this.spec.outsideBytes(this.nowMs()) + KERNEL_BYTES;
  }

  /** One look, as the supervisor gets it. */
  observe(): HostSample {
    const { totalBytes, budget, hasPsi } = this.spec;
    const usedBytes = this.tasksBytes();
    const level = { limitBytes: totalBytes, usedBytes: usedBytes + this.outsideBytes() };
    const now = budgetNow(budget, [level], usedBytes);
    return {
      ...now,
      usedBytes,
      availableBytes: Math.max(0, totalBytes - level.usedBytes),
      swapFreeBytes: 0,
      reclaimScans: this.reclaimScans,
      brakeEvents: this.brakeEvents,
      oomKills: this.oomKills.own + this.oomKills.tree + this.oomKills.host,
      ...(hasPsi ? { psi: { ...this.psi } } : {}),
    };
  }

  #sum(of: (enclosure: Enclosure) => number): number {
    let sum = 0;
    for (const enclosure of this.enclosures.values()) sum += of(enclosure);
    return sum;
  }

  #step(): void {
    const nowMs = this.nowMs();
    let hasNews = false;
    for (const enclosure of this.enclosures.values()) {
      hasNews = enclosure.settle(nowMs) || hasNews;
    }
    const working = [...this.enclosures.values()].filter((one) => one.isWorking);
    const wanted = working.reduce((sum, one) => sum + (one.tenant?.program.cpus ?? 0), 0);
    const ms = STEP_MS * Math.min(1, this.spec.cpus / Math.max(wanted, 1e-9));
    let stalled = 0;
    for (const enclosure of working) {
      if (enclosure.isWorking && this.#work(enclosure, ms)) stalled += 1;
    }
    this.#makeRoomForOthers();
    this.#stall(stalled, working.length);
    if (hasNews) this.onNotice();
    this.onStep();
  }

  /** One task gets on. Returns true when it had to wait for memory. */
  #work(enclosure: Enclosure, ms: number): boolean {
    const growth = enclosure.wantedBytes(ms) - enclosure.anonBytes;
    this.#read(enclosure, ms);
    if (growth <= 0) {
      enclosure.advance(ms, enclosure.anonBytes + growth);
      return false;
    }
    const isBraked = this.#isOverHigh(growth);
    const doneMs = isBraked ? ms * BRAKED_SHARE : ms;
    const bytes = enclosure.wantedBytes(doneMs);
    if (!this.#isAllowed(enclosure, bytes)) return true;
    enclosure.advance(doneMs, bytes);
    return isBraked;
  }

  #read(enclosure: Enclosure, ms: number): void {
    const rate = enclosure.tenant?.program.cacheBytesPerS ?? 0;
    if (rate === 0) return;
    const spare = this.spec.totalBytes - this.outsideBytes() - this.tasksBytes() - this.#cache();
    enclosure.cacheBytes += Math.max(0, Math.min((rate * ms) / 1000, spare));
  }

  #cache(): number {
    return this.#sum((enclosure) => enclosure.cacheBytes);
  }

  /** Over `memory.high`: page cache goes first; what then is left over slows the allocator down. */
  #isOverHigh(growth: number): boolean {
    if (!this.spec.hasMemoryController || this.high === 'max') return false;
    const anon = this.tasksBytes() + growth;
    if (anon + this.#cache() <= this.high) return false;
    this.brakeEvents += 1;
    this.#reclaim(anon + this.#cache() - this.high);
    this.onNotice();
    return anon > this.high;
  }

  #reclaim(bytes: number): void {
    let left = bytes;
    for (const enclosure of this.enclosures.values()) {
      const taken = Math.min(left, enclosure.cacheBytes);
      enclosure.cacheBytes -= taken;
      left -= taken;
    }
    this.reclaimScans += 1;
  }

  /** Whether every limit on the way up allows it; where one does not, its OOM killer acts and the allocator waits. */
  #isAllowed(enclosure: Enclosure, bytes: number): boolean {
    const { limits } = enclosure;
    const { hasMemoryController, totalBytes } = this.spec;
    const growth = bytes - enclosure.anonBytes;
    if (hasMemoryController) {
      if (limits.limitBytes !== undefined && bytes > limits.limitBytes) {
        enclosure.oom.oom += 1;
        enclosure.oom.max += 1;
        this.oomKills.own += 1;
        this.#oomKill(enclosure, 'own-limit');
        return false;
      }
      if (!this.#fits(growth, this.max - this.tasksBytes())) return this.#oom('tree-oom', this.max);
    }
    const left = totalBytes - this.outsideBytes() - this.tasksBytes();
    return this.#fits(growth, left) || this.#oom('host-oom', totalBytes);
  }

  #fits(growth: number, roomBytes: number): boolean {
    const overBytes = growth + this.#cache() - roomBytes;
    if (overBytes > 0 && this.#cache() > 0) this.#reclaim(overBytes);
    return growth <= roomBytes;
  }

  /** The OOM killer: largest and most expendable first, nobody while someone is dying already. Always returns false. */
  #oom(cause: 'tree-oom' | 'host-oom', totalBytes: number): false {
    const living = [...this.enclosures.values()].filter((one) => one.isPopulated);
    if (living.some((one) => one.isBeingKilled)) return false;
    const badness = (one: Enclosure): number =>
      one.anonBytes + ((one.tenant?.oomScoreAdj ?? 0) * totalBytes) / 1000;
    const victim = living.reduce<Enclosure | undefined>(
      (worst, one) => (worst === undefined || badness(one) > badness(worst) ? one : worst),
      undefined,
    );
    if (victim === undefined) return false;
    this.oomKills[cause === 'tree-oom' ? 'tree' : 'host'] += 1;
    this.#oomKill(victim, cause);
    return false;
  }

  #oomKill(victim: Enclosure, cause: TrueCause): void {
    victim.oom.oomKill += 1;
    victim.kill(cause, this.nowMs());
  }

  /** Others may grow too, and the host itself may run out. */
  #makeRoomForOthers(): void {
    const left = this.spec.totalBytes - this.outsideBytes() - this.tasksBytes();
    if (!this.#fits(0, left)) this.#oom('host-oom', this.spec.totalBytes);
  }

  #stall(stalled: number, working: number): void {
    if (stalled === 0) return;
    this.psi.someUs += STEP_MS * 1000;
    if (stalled === working) this.psi.fullUs += STEP_MS * 1000;
  }
}

/** A host that nobody else uses. */
export function idleMachine(totalBytes: number, cpus = 8): MachineSpec {
  return {
    totalBytes,
    cpus,
    budget: { kind: 'auto' },
    outsideBytes: () => Math.min(totalBytes / 20, GiB / 8),
    hasMemoryController: true,
    hasPsi: true,
  };
}

function keyOf({ task, attempt }: AttemptRef): string {
  return `${task}#${attempt}`;
}
