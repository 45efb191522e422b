import type { OomCounters } from '../../core/outcome.js';
import type { MaxPids } from '../../core/task-spec.js';
import type { AttemptLimits } from '../../supervisor/ports.js';

/**
 * A task's own limit where no kernel enforces it (`hybrid` and `procfs`): whoever is found over it at a sample is
 * killed by us, all of it; the kernel counts nothing then. Coarser than `memory.max`: use may exceed the limit
 * by what is allocated between two samples.
 */
export class SampledLimit {
  #reached = false;

  /** @param limitBytes - undefined: no limit. */
  constructor(private readonly limitBytes: number | undefined) {}

  /** Takes a sample; true when the attempt has to be killed, at every sample from then on. */
  check(usedBytes: number): boolean {
    if (this.limitBytes !== undefined && usedBytes > this.limitBytes) this.#reached = true;
    return this.#reached;
  }

  /** What stands for the kernel's counters once it was over the limit: that sampling found it; undefined before. */
  counters(): OomCounters | undefined {
    return this.#reached ? { oomKill: 0, oom: 0, max: 0, of: 'sampled' } : undefined;
  }
}

/** Tells the user, once each, what of an attempt's limits the kernel does not enforce here. */
export class LimitWarner {
  #saidMemory = false;
  #saidSwap = false;
  #saidPids = false;

  constructor(private readonly warn: (sentence: string) => void) {}

  /** Looks at the limit on processes; that `auto` is kept less strictly is no news to anybody. */
  notePids({ kind }: MaxPids): void {
    if (kind === 'auto' || this.#saidPids) return;
    this.#saidPids = true;
    this.warn(
      'max_pids is enforced at samples only, and counts processes, not threads: the kernel does it in the cgroup tier',
    );
  }

  /** Looks at the limits of an attempt that is being opened. */
  noteLimits(limits: AttemptLimits): void {
    if (limits.limitBytes !== undefined && !this.#saidMemory) {
      this.#saidMemory = true;
      this.warn(
        'memory limits are enforced at samples only: the kernel does it in the cgroup tier',
      );
    }
    if (limits.swapBytes !== undefined && !this.#saidSwap) {
      this.#saidSwap = true;
      this.warn('swap limits are not enforced: that takes the cgroup tier');
    }
  }
}
