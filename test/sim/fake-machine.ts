import { budgetNow, type MemoryLevel } from '../../src/core/budget.js';
import type { AttemptRef, HostSample } from '../../src/core/observation.js';
import type { BudgetSpec } from '../../src/core/task-spec.js';
import type { AttemptLimits } from '../../src/supervisor/ports.js';
import { KiB, MiB } from '../../src/util/bytes.js';
import { Enclosure } from './enclosure.js';
import type { MachineSpec } from './machine-spec.js';
import { Sums } from './memory.js';
import { chooseVictim } from './oom-killer.js';
import { Reclaim } from './reclaim.js';
import { throttled } from './throttle.js';
import type { VirtualClock } from './virtual-clock.js';
import { levelOf, othersOf, wallsOf, type Other, type Wall, type Walls } from './walls.js';

/** The machine moves in steps of this. */
export const STEP_MS = 20;
const PAGE_BYTES = 4 * KiB;
/** Nobody's memory, always there for the kernel. */
const KERNEL_BYTES = 48 * MiB;
/** With less free than this share of the host, the kernel drops page cache before anyone has to wait. */
const LOW_SHARE = 0.03;
/** A task touches everything it holds in this time: what was moved out comes back, if there is room. */
const TOUCH_MS = 5000;
/** However much it thrashes, a task gets on a little. */
const CRAWL_SHARE = 0.05;
/** Files come from the disk so fast. */
const DISK_BYTES_PER_MS = MiB / 2;
/** Share of time that a task waits when none of the files it comes back to are in the page cache. */
const REFAULT_STALL = 0.8;

/** How often the kernel's OOM killer had to act, by whose limit it was. */
export interface OomKills {
  own: number;
  tree: number;
  host: number;
}

/** One kill by the OOM killer, as the machine knows it. */
export interface OomRecord {
  readonly tMs: number;
  readonly cause: 'own-limit' | 'tree-oom' | 'host-oom';
  /** The task that was taken; undefined when it was somebody else's process. */
  readonly task: string | undefined;
}

/**
 * The memory of a host as far as a scheduler can tell: tasks that grow along their curves, page cache that gives way,
 * swap that is slow, `memory.high` that slows and `memory.max` that kills, limits above them, the OOM killer's choice,
 * PSI, and others who use memory too.
 */
export class FakeMachine {
  readonly spec: MachineSpec;
  /** As the supervisor was told last. */
  budget: BudgetSpec;
  readonly enclosures = new Map<string, Enclosure>();
  readonly oomKills: OomKills = { own: 0, tree: 0, host: 0 };
  readonly oomRecords: OomRecord[] = [];
  readonly psi = { someUs: 0, fullUs: 0 };
  /** Of all tasks. */
  readonly tasks = new Sums();
  /** Of those that were moved out of our sight. */
  readonly strays = new Sums();
  brakeEvents = 0;
  high: number | 'max' = 'max';
  /** Called when the kernel would notify: brake felt, a limit hit, a watched attempt emptied. */
  onNotice: () => void = () => undefined;
  /** Called after each step. */
  onStep: () => void = () => undefined;
  readonly #clock: VirtualClock;
  readonly #reclaim: Reclaim;
  readonly #others: readonly Other[];
  readonly #walls: Walls;
  readonly #ghosts = new Set<Enclosure>();
  /** What {@link enclosures} holds, and the ghosts; undefined when that has changed. */
  #listed: readonly Enclosure[] | undefined;
  #turn = 0;
  #hasNews = false;
  #stat = { atMs: -Infinity, cacheBytes: 0 };

  constructor(spec: MachineSpec, clock: VirtualClock) {
    this.spec = spec;
    this.budget = spec.budget;
    this.#clock = clock;
    this.#reclaim = new Reclaim(spec.swap, [this.tasks, this.strays]);
    this.#others = othersOf(spec);
    this.#walls = wallsOf(spec);
    this.#lookAround();
  }

  /** `memory.max` of all tasks. */
  get max(): number {
    return this.#walls.tree.limitBytes;
  }

  set max(bytes: number) {
    this.#walls.tree.limitBytes = bytes;
  }

  /** `memory.high` of all tasks; whoever draws it below use has the kernel reclaim at once. */
  drawHigh(bytes: number | 'max'): void {
    this.high = bytes;
    if (bytes === 'max' || this.spec.tier !== 'cgroup') return;
    const overBytes = this.tasks.currentBytes - bytes;
    if (overBytes > 0) this.#reclaim.free(this.#all, overBytes);
  }

  get reclaimScans(): number {
    return this.#reclaim.scans;
  }

  /** Sets the machine in motion. */
  start(): void {
    const next = (): void => {
      this.#step();
      this.#clock.after(STEP_MS, next);
    };
    this.#clock.after(STEP_MS, next);
  }

  open(ref: AttemptRef, limits: AttemptLimits): Enclosure {
    const enclosure = new Enclosure(ref, limits, this.nowMs(), this.tasks);
    this.enclosures.set(keyOf(ref), enclosure);
    this.#listed = undefined;
    return enclosure;
  }

  find(ref: AttemptRef): Enclosure | undefined {
    return this.enclosures.get(keyOf(ref));
  }

  /** Its place is cleared away; what still lives, out of sight, lives on. */
  remove(ref: AttemptRef): void {
    const enclosure = this.find(ref);
    if (enclosure?.isAlive === true) this.#ghosts.add(enclosure);
    this.enclosures.delete(keyOf(ref));
    this.#listed = undefined;
  }

  get #all(): readonly Enclosure[] {
    return (this.#listed ??= [...this.enclosures.values(), ...this.#ghosts]);
  }

  nowMs(): number {
    return this.#clock.monotonicMs();
  }

  /** What everything but our tasks uses. */
  outsideBytes(): number {
    return this.#walls.host.othersBytes;
  }

  /** The limits above us, and what is used inside each, with everything of ours. */
  levels(): readonly MemoryLevel[] {
    const { anonBytes } = this.tasks;
    const levels = [levelOf(this.#walls.host, anonBytes)];
    if (this.spec.ancestor !== undefined) levels.push(levelOf(this.#walls.ancestor, anonBytes));
    return levels;
  }

  /** What there is for tasks under every limit above them, whoever has it. */
  roomForTasks(): number {
    let room = Infinity;
    for (const wall of this.#walls.all)
      if (wall !== this.#walls.tree) room = Math.min(room, wall.limitBytes - wall.othersBytes);
    return Math.max(0, room);
  }

  /** The most that tasks may use now, whatever anyone believes. */
  budgetBytes(): number {
    return budgetNow(this.budget, this.levels(), this.tasks.anonBytes).budgetBytes;
  }

  /** One look, as the supervisor gets it. */
  observe(): HostSample {
    this.#lookAround();
    const usedBytes = this.#usedAsSeen();
    const budget = budgetNow(this.budget, this.levels(), usedBytes);
    const { own, tree, host } = this.oomKills;
    const sample: { -readonly [K in keyof HostSample]: HostSample[K] } = {
      budgetBytes: budget.budgetBytes,
      capacityBytes: budget.capacityBytes,
      ceilingBytes: budget.ceilingBytes,
      outsideBytes: budget.outsideBytes,
      usedBytes,
      availableBytes: this.#availableNow(),
      swapFreeBytes: this.#reclaim.swapFreeBytes,
      reclaimScans: this.#reclaim.scans,
      brakeEvents: this.brakeEvents,
      oomKills: own + tree + host,
    };
    const { someUs, fullUs } = this.psi;
    if (this.spec.hasPsi) sample.psi = { someUs, fullUs };
    return sample;
  }

  /** `MemAvailable` at this moment. */
  availableBytes(): number {
    this.#lookAround();
    return this.#availableNow();
  }

  #availableNow(): number {
    const { limitBytes, othersBytes } = this.#walls.host;
    return Math.max(0, limitBytes - othersBytes - this.tasks.anonBytes);
  }

  /** `memory.current` is exact; how much of it is page cache is known as of the last flush of `memory.stat`. */
  #usedAsSeen(): number {
    const { statLagMs = 0, tier } = this.spec;
    const { anonBytes, cacheBytes } = this.tasks;
    if (statLagMs === 0 || tier !== 'cgroup') return anonBytes;
    const nowMs = this.nowMs();
    if (nowMs - this.#stat.atMs >= statLagMs) this.#stat = { atMs: nowMs, cacheBytes };
    return anonBytes + Math.max(0, cacheBytes - this.#stat.cacheBytes);
  }

  /** Where the limits are now, and what others have behind them. */
  #lookAround(): void {
    const { spec } = this;
    let others = KERNEL_BYTES + this.strays.currentBytes;
    for (const { bytes } of this.#others) others += bytes;
    if (spec.ancestor !== undefined) {
      const nowMs = this.nowMs();
      this.#walls.ancestor.limitBytes = spec.ancestor.limitBytes(nowMs);
      this.#walls.ancestor.othersBytes = Math.round(spec.ancestor.outsideBytes(nowMs));
      others += this.#walls.ancestor.othersBytes;
    }
    this.#walls.host.limitBytes = spec.totalBytes;
    this.#walls.host.othersBytes = others;
  }

  /** Others take what they want, if it is there or can be had. */
  #growOthers(nowMs: number): void {
    for (const other of this.#others) {
      const wanted = other.isGone ? 0 : Math.round(other.spec.bytes(nowMs));
      const growth = wanted - other.bytes;
      const free = Math.max(0, this.#roomIn(this.#walls.host));
      this.#give(other, Math.min(growth, free));
      if (growth > free)
        this.#give(other, Math.floor(this.#underWall(this.#walls.host, growth - free)));
    }
  }

  #give(other: Other, bytes: number): void {
    other.bytes += bytes;
    this.#walls.host.othersBytes += bytes;
  }

  #step(): void {
    const nowMs = this.nowMs();
    this.#hasNews = false;
    this.#lookAround();
    this.#reclaim.begin(STEP_MS);
    this.#growOthers(nowMs);
    for (const enclosure of this.#all) this.#settle(enclosure, nowMs);
    this.#moveFrozenOut();
    this.#workAll();
    for (const wall of this.#walls.all) this.#keepWithin(wall);
    this.#dropEarly();
    this.#tell();
    this.onStep();
  }

  /** `memory.reclaim` of what stands still. */
  #moveFrozenOut(): void {
    for (const one of this.enclosures.values()) {
      if (one.reclaimBytes > 0) one.reclaimBytes -= this.#reclaim.moveOutOf(one, one.reclaimBytes);
    }
  }

  #tell(): void {
    if (this.#hasNews) this.onNotice();
  }

  #settle(enclosure: Enclosure, nowMs: number): void {
    enclosure.settle(nowMs);
    if (!enclosure.isAlive && this.#ghosts.delete(enclosure)) this.#listed = undefined;
    this.#moveAway(enclosure);
    if (!enclosure.isWatched || enclosure.isPopulated(nowMs)) return;
    enclosure.isWatched = false;
    this.#hasNews = true;
  }

  /** Where there are cgroups somebody may move it to another. */
  #moveAway(enclosure: Enclosure): void {
    const { vanishesAtMs = Infinity } = enclosure.tenant?.mishaps ?? {};
    const isDue = enclosure.isWorking && enclosure.progressMs >= vanishesAtMs;
    if (isDue && !enclosure.isVanished && this.spec.tier !== 'procfs')
      enclosure.vanish(this.strays, this.nowMs());
  }

  #workAll(): void {
    let wanted = 0;
    let working = 0;
    for (const one of this.#all) {
      if (!one.isWorking) continue;
      working += 1;
      wanted += one.tenant?.program.cpus ?? 0;
    }
    if (working === 0) return;
    const ms = wanted <= this.spec.cpus ? STEP_MS : (STEP_MS * this.spec.cpus) / wanted;
    let most = 0;
    let least = 1;
    // Another one is first each time: what is scarce goes to everyone in turn.
    this.#turn += 1;
    for (let at = 0; at < this.#all.length; at += 1) {
      const one = this.#all[(at + this.#turn) % this.#all.length];
      if (one?.isWorking !== true) continue;
      const stalled = this.#work(one, ms);
      if (stalled > most) most = stalled;
      if (stalled < least) least = stalled;
    }
    this.psi.someUs += STEP_MS * 1000 * most;
    this.psi.fullUs += STEP_MS * 1000 * Math.min(most, least);
  }

  /** One task gets on. Returns the share of the time in which it waited for memory. */
  #work(enclosure: Enclosure, ms: number): number {
    const { memory } = enclosure;
    const waited = this.#read(enclosure, ms) + (memory.swapBytes > 0 ? this.#touch(enclosure) : 0);
    const doneMs = ms * Math.max(CRAWL_SHARE, 1 - waited);
    const growth = enclosure.wantedBytes(doneMs) - memory.heldBytes;
    if (growth <= 0) {
      enclosure.advance(doneMs, memory.heldBytes + growth);
      return Math.min(1, waited);
    }
    const granted = this.#charge(enclosure, growth, doneMs);
    // Less than a page is no matter.
    if (granted >= growth - PAGE_BYTES) {
      enclosure.advance(doneMs, memory.heldBytes + growth);
      return Math.min(1, waited);
    }
    const share = granted / growth;
    const wanted = enclosure.wantedBytes(doneMs * share);
    enclosure.advance(doneMs * share, Math.min(wanted, Math.ceil(memory.heldBytes + granted)));
    return Math.min(1, waited + 1 - share);
  }

  /** It reads files. Returns the share of the time in which it waits for those that it had before. */
  #read(enclosure: Enclosure, ms: number): number {
    const program = enclosure.tenant?.program;
    if (program === undefined) return 0;
    const { cacheBytesPerS, hotCacheBytes = 0 } = program;
    if (cacheBytesPerS === 0 && hotCacheBytes === 0) return 0;
    const { memory } = enclosure;
    const missing = Math.max(0, hotCacheBytes - memory.cacheBytes);
    const wanted = (cacheBytesPerS * ms) / 1000 + Math.min(missing, DISK_BYTES_PER_MS * ms);
    const room = this.#roomBytes(enclosure);
    // Without room something else has to go, and that is looked for.
    if (room < wanted) this.#reclaim.scans += 1;
    const bytes = this.#cachedUnderBrake(Math.floor(Math.max(0, Math.min(wanted, room))));
    if (bytes > 0) memory.cache(bytes);
    const lost = Math.min(missing, Math.max(0, memory.mostCacheBytes - memory.cacheBytes));
    return lost <= 0 ? 0 : REFAULT_STALL * (lost / hotCacheBytes);
  }

  /** At `memory.high` new page cache takes the place of old. */
  #cachedUnderBrake(bytes: number): number {
    if (this.high === 'max' || this.spec.tier !== 'cgroup') return bytes;
    const room = this.high - this.tasks.currentBytes;
    if (bytes <= room) return bytes;
    this.brakeEvents += 1;
    this.#reclaim.scans += 1;
    this.#hasNews = true;
    return Math.max(0, room);
  }

  /**
   * What was moved out is wanted back, as far as it gets on: while it waits for one page it touches no other. Returns
   * the share of the time in which it waits.
   */
  #touch(enclosure: Enclosure): number {
    const { memory } = enclosure;
    const perStep = (this.spec.swap?.bytesPerMs ?? 1) * STEP_MS;
    const touched = (memory.swapBytes * STEP_MS) / TOUCH_MS;
    const waited = touched / (perStep + touched);
    const coming = this.#reclaim.mayMoveIn(Math.min(memory.swapBytes, touched * (1 - waited)));
    const granted = Math.min(coming, this.#charge(enclosure, coming, STEP_MS));
    if (granted > 0) memory.moveIn(Math.floor(granted));
    return waited;
  }

  /** Room under every limit that counts for it. */
  #roomBytes(enclosure: Enclosure): number {
    const { memory, limits } = enclosure;
    let room = Infinity;
    if (this.spec.tier === 'cgroup' && limits.limitBytes !== undefined)
      room = limits.limitBytes - memory.anonBytes - memory.cacheBytes;
    for (const wall of this.#walls.all) room = Math.min(room, this.#roomIn(wall));
    return room;
  }

  #roomIn({ limitBytes, othersBytes }: Wall): number {
    return limitBytes - othersBytes - this.tasks.currentBytes;
  }

  /** It wants `bytes` more: every limit on the way up has a say. Returns how much it gets in `ms`. */
  #charge(enclosure: Enclosure, bytes: number, ms: number): number {
    let granted = bytes;
    this.#reclaim.waitedMs = 0;
    if (this.spec.tier === 'cgroup' && !enclosure.isVanished) {
      granted = this.#underOwnLimit(enclosure, granted);
      granted = this.#underBrake(granted, ms);
    }
    for (const wall of this.#walls.all) {
      if (wall === this.#walls.tree && enclosure.isVanished) continue;
      granted = this.#underWall(wall, granted);
      if (granted <= 0) return 0;
    }
    // What was waited for reclaim was not spent on growing.
    const left = 1 - this.#reclaim.waitedMs / Math.max(ms, 1e-9);
    return left >= 1 ? granted : granted * Math.max(0.05, left);
  }

  #underOwnLimit(enclosure: Enclosure, bytes: number): number {
    const { limitBytes } = enclosure.limits;
    if (limitBytes === undefined) return bytes;
    const { memory } = enclosure;
    const room = limitBytes - memory.anonBytes - memory.cacheBytes;
    if (bytes <= room) return bytes;
    const members = [enclosure];
    const freed = this.#reclaim.free(members, bytes - room);
    enclosure.oom.max += 1;
    this.#hasNews = true;
    if (freed < bytes - room && !this.#reclaim.hasMore(members)) {
      enclosure.oom.oom += 1;
      this.#oomKill(enclosure, 'own-limit');
    }
    return Math.max(0, Math.min(bytes, room + freed));
  }

  /** Over `memory.high`: what can be reclaimed goes first; what then is left over slows the allocator down. */
  #underBrake(bytes: number, ms: number): number {
    if (this.high === 'max' || bytes <= 0) return Math.max(0, bytes);
    const over = this.tasks.currentBytes + bytes - this.high;
    if (over <= 0) return bytes;
    this.brakeEvents += 1;
    this.#hasNews = true;
    this.#reclaim.free(this.#all, over);
    return throttled(this.tasks.currentBytes, this.high, bytes, ms);
  }

  #underWall(wall: Wall, bytes: number): number {
    const room = this.#roomIn(wall);
    if (bytes <= room) return bytes;
    const freed = this.#reclaim.free(this.#all, bytes - room);
    if (wall === this.#walls.tree) this.#hasNews = true;
    if (freed < bytes - room && !this.#reclaim.hasMore(this.#all)) this.#oom(wall);
    return Math.max(0, Math.min(bytes, room + freed));
  }

  /** Others may grow and limits may fall: what is there may be too much without anyone of ours asking for more. */
  #keepWithin(wall: Wall): void {
    const room = this.#roomIn(wall);
    if (room >= 0) return;
    const freed = this.#reclaim.free(this.#all, -room);
    if (room + freed < 0 && !this.#reclaim.hasMore(this.#all)) this.#oom(wall);
  }

  /** Before memory is gone altogether the kernel drops page cache, and nobody waits for that. */
  #dropEarly(): void {
    const low = LOW_SHARE * this.spec.totalBytes;
    const room = this.#roomIn(this.#walls.host);
    if (room >= low || this.tasks.cacheBytes === 0) return;
    this.#reclaim.scans += 1;
    this.#reclaim.drop(this.#all, low - room);
  }

  #oom(wall: Wall): void {
    const isHost = wall === this.#walls.host;
    const totalBytes = wall.limitBytes + (isHost ? (this.spec.swap?.totalBytes ?? 0) : 0);
    const members = isHost ? this.#all : this.#all.filter(({ isVanished }) => !isVanished);
    const victim = chooseVictim(members, isHost ? this.#others : [], totalBytes);
    if (victim.kind === 'bystander') {
      victim.bystander.isGone = true;
      this.#noteOom(wall.cause, undefined);
    } else if (victim.kind === 'enclosure') {
      this.#oomKill(victim.enclosure, wall.cause);
    }
  }

  #oomKill(victim: Enclosure, cause: OomRecord['cause']): void {
    // One that is dying already is left to it.
    const isNews = !victim.isBeingKilled;
    victim.oomKill(cause, this.nowMs(), this.spec.tier === 'cgroup');
    this.#hasNews = true;
    if (isNews) this.#noteOom(cause, victim.ref.task);
  }

  #noteOom(cause: OomRecord['cause'], task: string | undefined): void {
    const whose = { 'own-limit': 'own', 'tree-oom': 'tree', 'host-oom': 'host' } as const;
    this.oomKills[whose[cause]] += 1;
    this.oomRecords.push({ tMs: this.nowMs(), cause, task });
  }
}

function keyOf({ task, attempt }: AttemptRef): string {
  return `${task}#${attempt}`;
}
