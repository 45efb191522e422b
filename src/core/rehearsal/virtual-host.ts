import { assert, present } from '../../util/assert.js';
import { budgetNow } from '../budget.js';
import type { AttemptRef, AttemptSample, Fact, HostSample } from '../observation.js';
import type { BudgetSpec, NodeSignal, TaskId } from '../task-spec.js';
import { RehearsedAttempt, type AttemptTerms, type Moment } from './rehearsed-attempt.js';

/** A machine to rehearse on. */
export interface VirtualHostSpec {
  /** `min(MemTotal, memory.max of every ancestor)`. */
  readonly capacityBytes: number;
  readonly budget: BudgetSpec;
  /** Infinity where processors are not to matter. */
  readonly cpus: number;
  /** Used by everything that is not a task, all the time. */
  readonly outsideBytes: number;
  /** From SIGTERM or SIGKILL until the memory is free. */
  readonly killLatencyMs: number;
}

/** The kernel agrees with us about who is to go, in the `cgroup` tier: a thousandth of the memory for each point. */
const OOM_SHARE_PER_LEVEL = 0.2;

/** What became of an attempt: its memory over time is useful, or it was thrown away. */
export interface AttemptEndOnHost {
  readonly ref: AttemptRef;
  readonly isComplete: boolean;
  readonly heldByteMs: number;
}

/**
 * A host without faults: what tasks use is the sum of their courses, `memory.high` makes those who want more stand
 * still, `memory.max` brings the OOM killer. Left out: what happens within a step of a course, page cache and its
 * reclaim, swap, pressure (PSI), that a braked allocator crawls on, tasks that do not die of SIGTERM, processes
 * left behind, others who use memory by turns, and everything that goes wrong. `test/sim` has those.
 */
export class VirtualHost {
  readonly #spec: VirtualHostSpec;
  readonly #attempts = new Map<TaskId, RehearsedAttempt>();
  readonly #facts: Fact[] = [];
  readonly #ends: AttemptEndOnHost[] = [];
  #nowMs = 0;
  #work = 0;
  /** Work done in a millisecond of the wall; undefined after someone began to work or stopped. */
  #rate: number | undefined;
  #usedBytes = 0;
  #highBytes = Infinity;
  #maxBytes = Infinity;
  #brakeEvents = 0;
  #oomKills = 0;
  #lastPid = 0;
  #peakBytes = 0;
  #usedByteMs = 0;

  constructor(spec: VirtualHostSpec) {
    const { capacityBytes, outsideBytes, killLatencyMs, cpus } = spec;
    assert(
      [capacityBytes, outsideBytes, killLatencyMs].every((one) => one >= 0 && one < Infinity),
      'a virtual host has so much memory, some of it in use, and a time in which a kill takes effect',
    );
    assert(cpus > 0, 'a virtual host has processors');
    this.#spec = spec;
  }

  get nowMs(): number {
    return this.#nowMs;
  }

  get oomKills(): number {
    return this.#oomKills;
  }

  /** The most that tasks together have used. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  /** What tasks together have used over time, bytes × milliseconds. */
  get usedByteMs(): number {
    return this.#usedByteMs;
  }

  /** Working set of all tasks. */
  get usedBytes(): number {
    return this.#usedBytes;
  }

  get brakeEvents(): number {
    return this.#brakeEvents;
  }

  /** Something has happened that nobody was told of yet. */
  get hasNews(): boolean {
    return this.#facts.length > 0;
  }

  /** When something happens next, milliseconds of the wall; Infinity when nothing will. */
  nextMs(): number {
    let nextWork = Infinity;
    let nextMs = Infinity;
    for (const { edgeWork, death } of this.#attempts.values()) {
      if (edgeWork < nextWork) nextWork = edgeWork;
      if (death !== undefined && death.atMs < nextMs) nextMs = death.atMs;
    }
    return Math.min(nextMs, this.#nowMs + Math.max(0, nextWork - this.#work) / this.#rateNow());
  }

  /** Lets time pass, no further than {@link nextMs}, and makes what is due happen. */
  advanceTo(ms: number): void {
    const elapsedMs = ms - this.#nowMs;
    this.#usedByteMs += this.#usedBytes * elapsedMs;
    this.#work += elapsedMs * this.#rateNow();
    this.#nowMs = ms;
    const dueWork = this.#work + slack(this.#work);
    // Who ends leaves the map meanwhile, which a walk along it bears.
    for (const attempt of this.#attempts.values()) {
      if (attempt.death !== undefined && attempt.death.atMs <= ms) this.#end(attempt);
      else if (attempt.edgeWork <= dueWork) this.#turn(attempt);
    }
    this.#feedWaiting();
  }

  launch(ref: AttemptRef, terms: AttemptTerms): void {
    const attempt = new RehearsedAttempt(ref, terms, this.#moment());
    this.#attempts.set(ref.task, attempt);
    this.#lastPid += 1;
    this.#facts.push({ kind: 'launched', ...ref, pid: this.#lastPid });
    this.#grow(attempt, attempt.plannedBytes);
    this.#rate = undefined;
  }

  /** SIGTERM or SIGKILL: it does no more work, and its memory is free a little later. */
  signal({ task, attempt }: AttemptRef, signal: NodeSignal): void {
    const target = this.#attempts.get(task);
    if (target?.ref.attempt === attempt) this.#doom(target, signal);
  }

  /** It stands still, with all that it holds. */
  freeze({ task, attempt }: AttemptRef): void {
    const target = this.#attempts.get(task);
    if (target?.ref.attempt !== attempt || target.death !== undefined) return;
    target.isFrozen = true;
    target.pause(this.#moment());
    this.#rate = undefined;
  }

  /** It goes on, unless it waits for memory. */
  thaw({ task, attempt }: AttemptRef): void {
    const target = this.#attempts.get(task);
    if (target?.ref.attempt !== attempt || !target.isFrozen) return;
    target.isFrozen = false;
    if (target.death === undefined && target.wantsBytes === undefined)
      target.resume(this.#moment());
    this.#rate = undefined;
    this.#feedWaiting();
  }

  /** Sets `memory.high` and `memory.max` of all tasks together. */
  limitTree(highBytes: number | 'max', maxBytes: number): void {
    this.#highBytes = highBytes === 'max' ? Infinity : highBytes;
    this.#maxBytes = maxBytes;
    this.#feedWaiting();
  }

  /** What happened since it was last asked. */
  takeFacts(): Fact[] {
    return this.#facts.splice(0);
  }

  /** Attempts that ended since it was last asked. */
  takeEnds(): AttemptEndOnHost[] {
    return this.#ends.splice(0);
  }

  /** One look at the machine. */
  observe(): HostSample {
    const { capacityBytes, budget, outsideBytes } = this.#spec;
    const usedBytes = this.#usedBytes;
    const level = { limitBytes: capacityBytes, usedBytes: usedBytes + outsideBytes };
    return {
      ...budgetNow(budget, [level], usedBytes),
      usedBytes,
      availableBytes: Math.max(0, capacityBytes - level.usedBytes),
      swapFreeBytes: 0,
      reclaimScans: 0,
      brakeEvents: this.#brakeEvents,
      oomKills: this.#oomKills,
    };
  }

  /** One look at the attempts; those of which nothing has changed since the last are left out. */
  sample(): AttemptSample[] {
    const now = this.#moment();
    const samples: AttemptSample[] = [];
    for (const attempt of this.#attempts.values()) {
      if (!attempt.isWorthALook(now.ms)) continue;
      attempt.lookedAtMs = now.ms;
      samples.push({
        ...attempt.ref,
        usedBytes: attempt.bytes,
        peakBytes: attempt.peakBytes,
        cpuMs: attempt.cpuMs(now),
      });
    }
    return samples;
  }

  #moment(): Moment {
    return { ms: this.#nowMs, work: this.#work };
  }

  #turn(attempt: RehearsedAttempt): void {
    attempt.turn();
    if (attempt.isDone) this.#end(attempt);
    else this.#grow(attempt, attempt.plannedBytes);
  }

  #end(attempt: RehearsedAttempt): void {
    const { ref, death } = attempt;
    this.#hold(attempt, 0);
    this.#attempts.delete(ref.task);
    this.#rate = undefined;
    const exit =
      death === undefined
        ? ({ kind: 'code', code: 0 } as const)
        : ({ kind: 'signal', signal: death.signal } as const);
    this.#facts.push(
      { kind: 'exited', ...ref, exit },
      { kind: 'emptied', ...ref, tally: attempt.tally(this.#moment()) },
    );
    const heldByteMs = attempt.heldByteMs(this.#nowMs);
    this.#ends.push({ ref, isComplete: death === undefined, heldByteMs });
  }

  #hold(attempt: RehearsedAttempt, bytes: number): void {
    this.#usedBytes += bytes - attempt.bytes;
    attempt.hold(bytes, this.#nowMs);
    if (this.#usedBytes > this.#peakBytes) this.#peakBytes = this.#usedBytes;
  }

  /** Gives it what it wants, or what there is: then it waits for the rest. */
  #grow(attempt: RehearsedAttempt, wantsBytes: number): void {
    const { limitBytes } = attempt.terms;
    if (limitBytes !== undefined && wantsBytes > limitBytes) {
      attempt.oom.oom += 1;
      attempt.oom.max += 1;
      this.#hold(attempt, limitBytes);
      this.#oomKill(attempt);
      return;
    }
    const roomBytes = this.#highestBytes() - this.#usedBytes;
    const growthBytes = wantsBytes - attempt.bytes;
    if (growthBytes <= Math.max(0, roomBytes)) {
      this.#hold(attempt, wantsBytes);
      if (attempt.wantsBytes !== undefined) this.#rate = undefined;
      attempt.wantsBytes = undefined;
      attempt.resume(this.#moment());
      return;
    }
    this.#hold(attempt, attempt.bytes + Math.max(0, roomBytes));
    attempt.wantsBytes = wantsBytes;
    attempt.pause(this.#moment());
    this.#rate = undefined;
    if (this.#highBytes <= this.#wallBytes()) this.#brakeEvents += 1;
    else this.#outOfMemory();
  }

  /** Where memory ends: `memory.max` of all tasks, or what others leave of the machine. */
  #wallBytes(): number {
    const { capacityBytes, outsideBytes } = this.#spec;
    return Math.min(this.#maxBytes, capacityBytes - outsideBytes);
  }

  #highestBytes(): number {
    return Math.min(this.#highBytes, this.#wallBytes());
  }

  #feedWaiting(): void {
    for (const attempt of this.#attempts.values()) {
      if (attempt.wantsBytes === undefined || attempt.death !== undefined) continue;
      if (attempt.isFrozen) continue;
      if (this.#usedBytes < this.#highestBytes()) this.#grow(attempt, attempt.wantsBytes);
    }
  }

  /** The OOM killer: largest and most expendable first, nobody while someone is dying already. */
  #outOfMemory(): void {
    const all = [...this.#attempts.values()];
    if (all.some(({ death }) => death !== undefined)) return;
    const badness = ({ bytes, terms }: RehearsedAttempt): number =>
      bytes + terms.level * OOM_SHARE_PER_LEVEL * this.#spec.capacityBytes;
    const victim = all.reduce<RehearsedAttempt | undefined>(
      (worst, one) => (worst === undefined || badness(one) > badness(worst) ? one : worst),
      undefined,
    );
    this.#oomKill(present(victim, 'someone uses the memory that has run out'));
  }

  #oomKill(victim: RehearsedAttempt): void {
    victim.oom.oomKill += 1;
    this.#oomKills += 1;
    this.#doom(victim, 'SIGKILL');
  }

  #doom(attempt: RehearsedAttempt, signal: NodeSignal): void {
    if (attempt.death !== undefined) return;
    attempt.pause(this.#moment());
    attempt.death = { atMs: this.#nowMs + this.#spec.killLatencyMs, signal };
    this.#rate = undefined;
  }

  /** Everyone shares the processors: work slows down when more are wanted than there are. */
  #rateNow(): number {
    if (this.#rate !== undefined) return this.#rate;
    let wanted = 0;
    for (const { isWorking, terms } of this.#attempts.values()) if (isWorking) wanted += terms.cpus;
    this.#rate = wanted > this.#spec.cpus ? this.#spec.cpus / wanted : 1;
    return this.#rate;
  }
}

/** Times that differ by less are the same: sums of fractions do not come out even. */
function slack(work: number): number {
  return 1e-9 * Math.max(1, work);
}
