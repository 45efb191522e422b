import type { AttemptRef, AttemptTally } from '../../src/core/observation.js';
import type { ExitStatus } from '../../src/core/outcome.js';
import type { NodeSignal } from '../../src/core/task-spec.js';
import type { AttemptLimits, LaunchEnd } from '../../src/supervisor/ports.js';
import { GiB } from '../../src/util/bytes.js';
import { bytesAt, type Mishaps, type Program } from './program.js';

/** Who really ended an attempt: what the supervisor's verdicts are held against. */
export type TrueCause =
  'finished' | 'never-started' | 'own-limit' | 'tree-oom' | 'host-oom' | 'supervisor' | 'outside';

/** From SIGKILL until the memory is free: a base and what the pages take. */
const DEATH_MS = 10;
const FREED_BYTES_PER_MS = GiB / 50;

/** What lives in an enclosure. */
interface Tenant {
  readonly program: Program;
  readonly mishaps: Mishaps;
  readonly exitsWith: ExitStatus;
  readonly oomScoreAdj: number;
  readonly onExit: (end: LaunchEnd) => void;
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
  anonBytes = 0;
  cacheBytes = 0;
  peakBytes = 0;
  cpuMs = 0;
  progressMs = 0;
  readonly oom = { oomKill: 0, oom: 0, max: 0 };
  cause: TrueCause | undefined;
  #tenant: Tenant | undefined;
  #death: Death | undefined;
  #mainIsGone = false;
  #strayUntilMs = -Infinity;
  #emptySinceMs: number | undefined;

  constructor(ref: AttemptRef, limits: AttemptLimits, nowMs: number) {
    this.ref = ref;
    this.limits = limits;
    this.openedAtMs = nowMs;
  }

  /** A process moves in. */
  moveIn(tenant: Tenant): void {
    this.#tenant = tenant;
  }

  get tenant(): Tenant | undefined {
    return this.#tenant;
  }

  /** Its main process lives and is getting on with its work. */
  get isWorking(): boolean {
    return this.#tenant !== undefined && !this.#mainIsGone && this.#death?.isKill !== true;
  }

  get isBeingKilled(): boolean {
    return this.#death?.isKill === true;
  }

  /** Any process lives in it. */
  get isPopulated(): boolean {
    return this.#tenant !== undefined && this.#emptySinceMs === undefined;
  }

  /** Takes a signal in, as the program answers to it. */
  signal(signal: NodeSignal, nowMs: number): void {
    if (signal === 'SIGKILL') {
      this.kill('supervisor', nowMs);
      return;
    }
    if (this.#tenant === undefined || !this.isPopulated) return;
    const { onTerm } = this.#tenant.program;
    if (onTerm.kind === 'ignore') return;
    const tidies = onTerm.kind === 'tidy';
    this.#dieAt({
      atMs: nowMs + (tidies ? onTerm.forMs : this.#deathMs()),
      cause: 'supervisor',
      exit: tidies ? { kind: 'code', code: onTerm.code } : { kind: 'signal', signal },
      isKill: false,
    });
  }

  /** SIGKILL to everything in it. */
  kill(cause: TrueCause, nowMs: number): void {
    if (!this.isPopulated || this.isBeingKilled) return;
    const stuckMs = this.#tenant?.mishaps.stuckMs ?? 0;
    this.#dieAt({
      atMs: nowMs + this.#deathMs() + stuckMs,
      cause,
      exit: { kind: 'signal', signal: 'SIGKILL' },
      isKill: true,
    });
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
    return DEATH_MS + this.anonBytes / FREED_BYTES_PER_MS;
  }

  /** What its program would hold after `ms` more of progress. */
  wantedBytes(ms: number): number {
    return this.#tenant === undefined
      ? 0
      : bytesAt(this.#tenant.program.curve, this.progressMs + ms);
  }

  /** Gets on with its work: `ms` of progress, ending at `bytes`. */
  advance(ms: number, bytes: number): void {
    this.progressMs += ms;
    this.anonBytes = bytes;
    this.peakBytes = Math.max(this.peakBytes, bytes);
    this.cpuMs += ms * (this.#tenant?.program.cpus ?? 0);
  }

  /** Ends what has come to its end by now. Returns true when something changed that the kernel would tell of. */
  settle(nowMs: number): boolean {
    const tenant = this.#tenant;
    if (tenant === undefined || this.#emptySinceMs !== undefined) return false;
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
      this.#end('never-started', { kind: 'could-not-start', error }, tenant, nowMs);
      return true;
    }
    const { killedFromOutsideAtMs } = tenant.mishaps;
    if (killedFromOutsideAtMs !== undefined && this.progressMs >= killedFromOutsideAtMs) {
      this.#end('outside', { kind: 'signal', signal: 'SIGKILL' }, tenant, nowMs);
      return true;
    }
    if (this.progressMs < tenant.program.durationMs) return false;
    this.#finish(tenant, nowMs);
    return true;
  }

  #finish(tenant: Tenant, nowMs: number): void {
    const { leavesBehind } = tenant.mishaps;
    if (leavesBehind === undefined) {
      this.#end('finished', tenant.exitsWith, tenant, nowMs);
      return;
    }
    this.cause = 'finished';
    this.#mainIsGone = true;
    this.anonBytes = leavesBehind.bytes;
    this.#strayUntilMs = nowMs + leavesBehind.forMs;
    tenant.onExit(tenant.exitsWith);
  }

  #end(cause: TrueCause, exit: LaunchEnd, tenant: Tenant, nowMs: number): void {
    this.cause ??= cause;
    if (!this.#mainIsGone) tenant.onExit(exit);
    this.#mainIsGone = true;
    this.#empty(nowMs);
  }

  #empty(nowMs: number): void {
    this.anonBytes = 0;
    this.cacheBytes = 0;
    this.#emptySinceMs = nowMs;
  }

  /** True once it can be cleared away. */
  isClearable(nowMs: number): boolean {
    if (this.#tenant === undefined) return true;
    const lateMs = this.#tenant.mishaps.emptiesLateMs;
    return this.#emptySinceMs !== undefined && nowMs >= this.#emptySinceMs + lateMs;
  }

  /** What was counted, with the kernel's OOM counters where the tier has them. */
  tally(hasCounters: boolean): AttemptTally {
    const { peakBytes, cpuMs } = this;
    return {
      peakBytes,
      cpuMs: Math.round(cpuMs),
      ...(hasCounters ? { oom: { ...this.oom } } : {}),
    };
  }
}
