import type { AttemptRef, AttemptTally } from '../../src/core/observation.js';
import type { ExitStatus, OomCounters } from '../../src/core/outcome.js';
import type { NodeSignal } from '../../src/core/task-spec.js';
import type { AttemptLimits, LaunchEnd } from '../../src/supervisor/ports.js';
import { GiB } from '../../src/util/bytes.js';
import { Holding, type Sums } from './memory.js';
import { Course, type Mishaps, type Program } from './program.js';

/** Who really ended an attempt: what the supervisor's verdicts are held against. */
export type TrueCause =
  | 'finished'
  | 'saved'
  | 'never-started'
  | 'own-limit'
  | 'tree-oom'
  | 'host-oom'
  | 'supervisor'
  | 'outside';

/** From SIGKILL until the memory is free: a base and what the pages take. */
const DEATH_MS = 10;
const FREED_BYTES_PER_MS = GiB / 50;
/** A shell says so when its child was killed. */
const SHELL_SAYS_SIGKILL = 137;

/** What lives in an enclosure. */
interface Tenant {
  readonly program: Program;
  readonly mishaps: Mishaps;
  readonly exitsWith: ExitStatus;
  readonly oomScoreAdj: number;
  readonly onExit: (end: LaunchEnd) => void;
  /** How far it had come when its work was last saved. */
  readonly fromMs: number;
  readonly onSave: (progressMs: number) => void;
}

/** Work that is being saved: what was done when it was asked for is. */
interface Save {
  readonly atMs: number;
  readonly progressMs: number;
  readonly exits: boolean;
}

interface Death {
  readonly atMs: number;
  readonly cause: TrueCause;
  readonly exit: LaunchEnd;
  /** SIGKILL is on its way: nothing is faster. */
  readonly isKill: boolean;
}

/** The place of one attempt on the fake machine: its processes, their memory, the kernel's counters. */
export class Enclosure {
  readonly ref: AttemptRef;
  readonly limits: AttemptLimits;
  readonly openedAtMs: number;
  readonly memory: Holding;
  cpuMs = 0;
  readonly oom = { oomKill: 0, oom: 0, max: 0 };
  cause: TrueCause | undefined;
  /** How its main process ended. */
  end: LaunchEnd | undefined;
  /** The supervisor has asked it to end. */
  askedAtMs: number | undefined;
  /** The last of its processes was gone. */
  emptySinceMs: number | undefined;
  /** The kernel's OOM killer has taken it, and waits for its end. */
  isOomVictim = false;
  /** The supervisor wants to be told when it is empty. */
  isWatched = false;
  /** Somebody has moved its processes elsewhere and removed its cgroup. */
  isVanished = false;
  /** All its processes stand still, since then; undefined while they do not. */
  frozenSinceMs: number | undefined;
  /** How long they have stood still before. */
  frozenMs = 0;
  /** So much is to be moved out while it stands still. */
  reclaimBytes = 0;
  #tenant: Tenant | undefined;
  #course: Course | undefined;
  #death: Death | undefined;
  #save: Save | undefined;
  #savedMs: number | undefined;
  #mainIsGone = false;
  #strayUntilMs = -Infinity;

  constructor(ref: AttemptRef, limits: AttemptLimits, nowMs: number, sums: Sums) {
    this.ref = ref;
    this.limits = limits;
    this.openedAtMs = nowMs;
    this.memory = new Holding(sums);
  }

  /** A process moves in. */
  moveIn(tenant: Tenant): void {
    this.#tenant = tenant;
    this.#course = new Course(tenant.program);
    this.#course.advance(tenant.fromMs);
  }

  /** How far it had come when it last saved its work; undefined when it has not. */
  get savedMs(): number | undefined {
    return this.#savedMs;
  }

  /**
   * It is asked to save its work, by a signal or by a command beside it.
   *
   * @returns whether there is somebody who hears it.
   */
  askToSave(nowMs: number): boolean {
    const habit = this.#tenant?.program.saves;
    if (habit === undefined || habit.answer === 'deaf') return false;
    if (!this.isWorking || !this.isPopulated(nowMs)) return false;
    if (habit.answer === 'saves' || habit.answer === 'saves-and-exits')
      this.#save ??= {
        atMs: nowMs + habit.takesMs,
        progressMs: this.progressMs,
        exits: habit.answer === 'saves-and-exits',
      };
    return true;
  }

  #saveNow(tenant: Tenant, progressMs: number): void {
    this.#savedMs = progressMs;
    tenant.onSave(progressMs);
  }

  get tenant(): Tenant | undefined {
    return this.#tenant;
  }

  get progressMs(): number {
    return this.#course?.progressMs ?? 0;
  }

  /** Its main process lives and is getting on with its work. */
  get isWorking(): boolean {
    const isThere = this.#tenant !== undefined && !this.#mainIsGone;
    return isThere && this.frozenSinceMs === undefined && this.#death?.isKill !== true;
  }

  /** Its processes stand still from now on; what was moved out of its cgroup is not reached. */
  freeze(nowMs: number): void {
    if (this.isAlive && !this.isVanished) this.frozenSinceMs ??= nowMs;
  }

  /** They go on. */
  thaw(nowMs: number): void {
    if (this.frozenSinceMs === undefined) return;
    this.frozenMs += nowMs - this.frozenSinceMs;
    this.frozenSinceMs = undefined;
    this.reclaimBytes = 0;
  }

  get isBeingKilled(): boolean {
    return this.#death?.isKill === true && this.emptySinceMs === undefined;
  }

  /** Any process of it lives, wherever that is. */
  get isAlive(): boolean {
    return this.#tenant !== undefined && this.emptySinceMs === undefined;
  }

  /** A process lives where a look at its cgroup finds it. */
  isPopulated(nowMs: number): boolean {
    const tenant = this.#tenant;
    return (
      tenant !== undefined &&
      !this.isVanished &&
      (this.emptySinceMs === undefined || nowMs < this.emptySinceMs + tenant.mishaps.emptiesLateMs)
    );
  }

  /**
   * Takes a signal of the supervisor's in, as the program answers to it.
   *
   * @returns whether that is sure to be its end, or came after it.
   */
  signal(signal: NodeSignal, nowMs: number): boolean {
    if (signal === 'SIGKILL') {
      this.kill('supervisor', nowMs);
      return true;
    }
    this.askedAtMs ??= nowMs;
    this.thaw(nowMs);
    const tenant = this.#tenant;
    if (tenant === undefined) return false;
    if (!this.isPopulated(nowMs) || !this.isAlive) return !this.isAlive;
    const { onTerm } = tenant.program;
    if (onTerm.kind === 'ignore') return false;
    const tidies = onTerm.kind === 'tidy';
    if (tidies && tenant.program.saves !== undefined)
      this.#save ??= { atMs: nowMs + onTerm.forMs, progressMs: this.progressMs, exits: false };
    this.#dieAt({
      atMs: nowMs + (tidies ? onTerm.forMs : this.#deathMs()),
      cause: 'supervisor',
      exit: tidies ? { kind: 'code', code: onTerm.code } : { kind: 'signal', signal },
      isKill: false,
    });
    return !tidies;
  }

  /** SIGKILL to everything in it; the supervisor's reaches only what is found in its cgroup. */
  kill(cause: TrueCause, nowMs: number): void {
    const isOurs = cause === 'supervisor';
    if (isOurs) this.askedAtMs ??= nowMs;
    if (!this.isAlive || this.isBeingKilled || (isOurs && !this.isPopulated(nowMs))) return;
    // The kernel takes the memory of its own victims even where they are stuck.
    const stuckMs = isOurs ? (this.#tenant?.mishaps.stuckMs ?? 0) : 0;
    this.#dieAt({
      atMs: nowMs + this.#deathMs() + stuckMs,
      cause,
      exit: { kind: 'signal', signal: 'SIGKILL' },
      isKill: true,
    });
  }

  /**
   * The OOM killer takes it.
   *
   * @param takesAll - `memory.oom.group`: all of it; otherwise the largest process, and the others see to themselves.
   */
  oomKill(cause: TrueCause, nowMs: number, takesAll: boolean): void {
    this.isOomVictim = true;
    // One that is dying anyway is not counted (oom_kill_process, task_will_free_mem).
    if (this.isBeingKilled) return;
    this.oom.oomKill += 1;
    const { isWrapped = false } = this.#tenant?.program ?? {};
    if (takesAll || !isWrapped || this.#mainIsGone) {
      this.kill(cause, nowMs);
      return;
    }
    this.#dieAt({
      atMs: nowMs + this.#deathMs(),
      cause,
      exit: { kind: 'code', code: SHELL_SAYS_SIGKILL },
      isKill: true,
    });
  }

  /** Somebody moves its processes out of its cgroup and removes that; nothing reaches them there any more. */
  vanish(strays: Sums, nowMs: number): void {
    this.thaw(nowMs);
    this.isVanished = true;
    this.memory.moveTo(strays);
  }

  #dieAt(death: Death): void {
    const before = this.#death;
    if (before !== undefined && (before.isKill || before.atMs <= death.atMs)) {
      // A tidy exit that comes before the kill takes effect is how it ends.
      if (death.isKill) this.#death = { ...before, isKill: true };
      return;
    }
    this.#death = death;
  }

  #deathMs(): number {
    return DEATH_MS + this.memory.anonBytes / FREED_BYTES_PER_MS;
  }

  /** What its program would hold after `ms` more of progress. */
  wantedBytes(ms: number): number {
    return this.#course?.bytesIn(ms) ?? 0;
  }

  /** Gets on with its work: `ms` of progress, ending with `bytes` held. */
  advance(ms: number, bytes: number): void {
    this.#course?.advance(ms);
    this.memory.hold(bytes);
    this.cpuMs += ms * (this.#tenant?.program.cpus ?? 0);
  }

  /** Ends what has come to its end by now. Returns true when a process has ended. */
  settle(nowMs: number): boolean {
    const tenant = this.#tenant;
    if (tenant === undefined || this.emptySinceMs !== undefined) return false;
    if (this.#settleSave(tenant, nowMs)) return true;
    if (this.#death !== undefined && nowMs >= this.#death.atMs) {
      this.#end(this.#death.cause, this.#death.exit, tenant, nowMs);
      return true;
    }
    if (this.#mainIsGone) {
      if (nowMs < this.#strayUntilMs) return false;
      this.#empty(nowMs);
      return true;
    }
    if (tenant.mishaps.spawn.kind === 'fails-late') {
      const error = 'the fake program could not be executed';
      this.#leave('never-started', { kind: 'could-not-start', fault: { error } }, tenant, nowMs);
      return true;
    }
    const { killedFromOutsideAtMs } = tenant.mishaps;
    const isHit = killedFromOutsideAtMs !== undefined && this.progressMs >= killedFromOutsideAtMs;
    if (isHit && this.#death?.isKill !== true) {
      this.#end('outside', { kind: 'signal', signal: 'SIGKILL' }, tenant, nowMs);
      return true;
    }
    if (this.#death?.isKill === true) return false;
    if (this.progressMs >= tenant.program.durationMs) {
      this.#leave('finished', tenant.exitsWith, tenant, nowMs);
      return true;
    }
    const { saves } = tenant.program;
    if (this.progressMs - tenant.fromMs < (saves?.yields?.afterMs ?? Infinity)) return false;
    if (saves?.yields?.isSaved === true) this.#saveNow(tenant, this.progressMs);
    this.#leave('saved', { kind: 'code', code: saves?.code ?? 0 }, tenant, nowMs);
    return true;
  }

  /** What is dying by SIGKILL saves nothing any more. Returns true when it has exited. */
  #settleSave(tenant: Tenant, nowMs: number): boolean {
    const save = this.#save;
    if (save === undefined || nowMs < save.atMs) return false;
    this.#save = undefined;
    if (this.#mainIsGone || this.#death?.isKill === true) return false;
    this.#saveNow(tenant, save.progressMs);
    if (!save.exits) return false;
    const code = tenant.program.saves?.code ?? 0;
    this.#leave('saved', { kind: 'code', code }, tenant, nowMs);
    return true;
  }

  /** The main process ends by itself; others may stay. */
  #leave(cause: TrueCause, exit: LaunchEnd, tenant: Tenant, nowMs: number): void {
    const { leavesBehind } = tenant.mishaps;
    if (leavesBehind === undefined) {
      this.#end(cause, exit, tenant, nowMs);
      return;
    }
    this.#endMain(cause, exit, tenant);
    // What stays is a part of what was there: memory does not come from nowhere.
    this.memory.hold(Math.min(leavesBehind.bytes, this.memory.heldBytes));
    this.#strayUntilMs = nowMs + leavesBehind.forMs;
  }

  #end(cause: TrueCause, exit: LaunchEnd, tenant: Tenant, nowMs: number): void {
    this.#endMain(cause, exit, tenant);
    this.#empty(nowMs);
  }

  #endMain(cause: TrueCause, exit: LaunchEnd, tenant: Tenant): void {
    if (this.#mainIsGone) return;
    this.#mainIsGone = true;
    this.cause = cause;
    this.end = exit;
    tenant.onExit(exit);
  }

  #empty(nowMs: number): void {
    this.thaw(nowMs);
    this.memory.release();
    this.emptySinceMs = nowMs;
  }

  /** What was counted, with the kernel's OOM counters where the tier has them. */
  tally(oom: OomCounters | undefined): AttemptTally {
    return {
      peakBytes: this.memory.peakBytes,
      cpuMs: Math.round(this.cpuMs),
      ...(oom === undefined ? {} : { oom: { ...oom } }),
    };
  }
}
