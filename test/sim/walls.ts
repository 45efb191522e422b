import type { MemoryLevel } from '../../src/core/budget.js';
import type { MachineSpec, Neighbour } from './machine-spec.js';
import type { Bystander } from './oom-killer.js';

/** A limit around several, and what else is in it. */
export interface Wall {
  limitBytes: number;
  othersBytes: number;
  /** What the kernel's kills in it are called. */
  readonly cause: 'tree-oom' | 'host-oom';
}

/** The limits of a machine, from the nearest to the tasks to the host's own. */
export interface Walls {
  /** `memory.max` of all tasks. */
  readonly tree: Wall;
  readonly ancestor: Wall;
  readonly host: Wall;
  /** Those that are there, nearest first. */
  readonly all: readonly Wall[];
}

/** The limits that a machine of this kind has, none of them drawn yet. */
export function wallsOf({ tier, ancestor }: MachineSpec): Walls {
  const wall = (cause: Wall['cause']): Wall => ({ limitBytes: Infinity, othersBytes: 0, cause });
  const walls = { tree: wall('tree-oom'), ancestor: wall('host-oom'), host: wall('host-oom') };
  const all = [
    ...(tier === 'cgroup' ? [walls.tree] : []),
    ...(ancestor === undefined ? [] : [walls.ancestor]),
    walls.host,
  ];
  return { ...walls, all };
}

/** A limit above the tasks, as a reader of the machine tells of it. */
export function levelOf({ limitBytes, othersBytes }: Wall, anonBytes: number): MemoryLevel {
  return { limitBytes, usedBytes: anonBytes + othersBytes };
}

/** Somebody who uses memory besides us. */
export interface Other extends Bystander {
  readonly spec: Neighbour;
  bytes: number;
  isGone: boolean;
}

/** Everyone else on a machine: the processes that the kernel may kill, and what it may not. */
export function othersOf({ outsideBytes, neighbours = [] }: MachineSpec): readonly Other[] {
  const unkillable: Neighbour = { bytes: outsideBytes, oomScoreAdj: -1000 };
  return [unkillable, ...neighbours].map((spec) => ({
    spec,
    oomScoreAdj: spec.oomScoreAdj,
    bytes: Math.round(spec.bytes(0)),
    isGone: false,
  }));
}
