import type { Tier } from '../../src/core/events.js';
import type { BudgetSpec } from '../../src/core/task-spec.js';
import { GiB } from '../../src/util/bytes.js';

/** A machine, and what else happens on it. */
export interface MachineSpec {
  readonly totalBytes: number;
  readonly cpus: number;
  readonly budget: BudgetSpec;
  /** What everything but our tasks and {@link neighbours} uses, over time; nothing kills that. */
  readonly outsideBytes: (tMs: number) => number;
  /** Others whom the kernel may kill. */
  readonly neighbours?: readonly Neighbour[];
  /** `cgroup`: brake, limits and counters; the others go without. */
  readonly tier: Tier;
  readonly hasPsi: boolean;
  readonly swap?: SwapSpec;
  /** A cgroup above us that has a limit of its own: a container, a slice. */
  readonly ancestor?: AncestorSpec;
  /** `memory.stat` is behind by up to so much: page cache that came since looks like a working set. */
  readonly statLagMs?: number;
}

/** One process of somebody else's. */
export interface Neighbour {
  readonly bytes: (tMs: number) => number;
  readonly oomScoreAdj: number;
}

/** Where memory is moved out to, and how fast. */
export interface SwapSpec {
  readonly totalBytes: number;
  readonly bytesPerMs: number;
}

/** A limit between the host's and ours; it may change while we run. */
export interface AncestorSpec {
  readonly limitBytes: (tMs: number) => number;
  /** What others inside of it use; not part of the machine's `outsideBytes`. */
  readonly outsideBytes: (tMs: number) => number;
}

/** A host that nobody else uses. */
export function idleMachine(totalBytes: number, cpus = 8): MachineSpec {
  return {
    totalBytes,
    cpus,
    budget: { kind: 'auto' },
    outsideBytes: () => Math.min(totalBytes / 20, GiB / 8),
    tier: 'cgroup',
    hasPsi: true,
  };
}
