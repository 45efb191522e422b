import type { Tier } from '../../src/core/events.js';
import type { AttemptRef, AttemptSample, AttemptTally } from '../../src/core/observation.js';
import type { NodeSignal } from '../../src/core/task-spec.js';
import type { AttemptLimits, Entry, TaskHost } from '../../src/supervisor/ports.js';
import { err, ok, type Result } from '../../src/util/result.js';
import type { TrueCause } from './enclosure.js';
import type { FakeMachine } from './fake-machine.js';
import type { Random } from './random.js';
import type { VirtualClock } from './virtual-clock.js';

/** One attempt as the machine saw it, from its opening to its clearing away. */
export interface Life extends AttemptRef {
  readonly openedAtMs: number;
  readonly closedAtMs: number;
  readonly cause: TrueCause | undefined;
  readonly peakBytes: number;
  readonly progressMs: number;
}

/** A signal or kill as it reached the host. */
export interface SentSignal extends AttemptRef {
  readonly tMs: number;
  readonly signal: NodeSignal;
}

/** What goes wrong between host and supervisor. */
export interface HostFaults {
  /** Share of the kernel's notices that are lost. */
  readonly lostNoticeShare: number;
  readonly chance: Random;
}

/** The tasks' host over a {@link FakeMachine}; keeps a record of what was asked of it. */
export class FakeHost implements TaskHost {
  readonly tier: Tier;
  readonly lives: Life[] = [];
  readonly signals: SentSignal[] = [];
  readonly #machine: FakeMachine;
  readonly #clock: VirtualClock;
  readonly #faults: HostFaults;
  #callback: () => void = () => undefined;
  #noticeIsOnItsWay = false;

  constructor(machine: FakeMachine, clock: VirtualClock, faults: HostFaults) {
    this.#machine = machine;
    this.#clock = clock;
    this.#faults = faults;
    this.tier = machine.spec.hasMemoryController ? 'cgroup' : 'hybrid';
    machine.onNotice = () => {
      this.#notify();
    };
  }

  /** Attempts that were opened and never cleared away. */
  get leftOpen(): AttemptRef[] {
    return [...this.#machine.enclosures.values()].map((enclosure) => enclosure.ref);
  }

  observe(): ReturnType<TaskHost['observe']> {
    return this.#machine.observe();
  }

  open(ref: AttemptRef, limits: AttemptLimits): Result<Entry, string> {
    if (this.#machine.find(ref) !== undefined) return err('the enclosure is there already');
    this.#machine.open(ref, limits);
    return ok({ env: {} });
  }

  adopt(): void {
    // The machine knows its processes without being told.
  }

  sample(ref: AttemptRef): AttemptSample | undefined {
    const enclosure = this.#machine.find(ref);
    if (enclosure?.isPopulated !== true) return undefined;
    const unseenShare = enclosure.tenant?.mishaps.unseenShare ?? 0;
    if (unseenShare > 0 && this.#faults.chance.chance(unseenShare)) return undefined;
    const { anonBytes: usedBytes, peakBytes, cpuMs } = enclosure;
    return { ...pick(ref), usedBytes, peakBytes, cpuMs: Math.round(cpuMs) };
  }

  signal(ref: AttemptRef, signal: NodeSignal): void {
    this.signals.push({ ...pick(ref), tMs: this.#now(), signal });
    this.#machine.find(ref)?.signal(signal, this.#now());
  }

  kill(ref: AttemptRef): void {
    this.signals.push({ ...pick(ref), tMs: this.#now(), signal: 'SIGKILL' });
    this.#machine.find(ref)?.kill('supervisor', this.#now());
  }

  close(ref: AttemptRef): AttemptTally | 'populated' {
    const enclosure = this.#machine.find(ref);
    if (enclosure === undefined) return { peakBytes: 0, cpuMs: 0 };
    if (!enclosure.isClearable(this.#now())) return 'populated';
    const { openedAtMs, cause, peakBytes, progressMs } = enclosure;
    this.lives.push({
      ...pick(ref),
      openedAtMs,
      closedAtMs: this.#now(),
      cause,
      peakBytes,
      progressMs,
    });
    this.#machine.remove(ref);
    return enclosure.tally(this.#machine.spec.hasMemoryController);
  }

  limitTree(limits: { readonly highBytes: number | 'max'; readonly maxBytes: number }): void {
    this.#machine.high = limits.highBytes;
    this.#machine.max = limits.maxBytes;
  }

  onChange(callback: () => void): void {
    this.#callback = callback;
  }

  dispose(): Promise<readonly string[]> {
    return Promise.resolve(this.leftOpen.map(({ task, attempt }) => `${task}.${attempt}`));
  }

  #now(): number {
    return this.#clock.monotonicMs();
  }

  /** Notices coalesce, come a moment later, and get lost. */
  #notify(): void {
    if (this.#noticeIsOnItsWay) return;
    if (this.#faults.chance.chance(this.#faults.lostNoticeShare)) return;
    this.#noticeIsOnItsWay = true;
    this.#clock.after(1, () => {
      this.#noticeIsOnItsWay = false;
      this.#callback();
    });
  }
}

function pick({ task, attempt }: AttemptRef): AttemptRef {
  return { task, attempt };
}
