import type { BudgetSpec } from '../../src/core/task-spec.js';
import type { Tier } from '../../src/core/events.js';
import { GiB, MiB } from '../../src/util/bytes.js';
import type { AncestorSpec, MachineSpec, Neighbour, SwapSpec } from './machine-spec.js';
import type { Random } from './random.js';

/** Use or limits over time. */
type OverTime = (tMs: number) => number;

/** A seeded machine: from 1 to 64 GiB, idle or busy, with swap or without, alone or inside a limit of somebody else's. */
export function drawMachine(chance: Random): MachineSpec {
  const totalBytes = Math.round(chance.logBetween(1 * GiB, 64 * GiB));
  const outsideBytes = drawOutside(chance.fork('outside'), totalBytes);
  const tier = chance.chance(0.8) ? 'cgroup' : chance.pick<Tier>(['hybrid', 'procfs']);
  const budget: BudgetSpec = chance.chance(0.7)
    ? { kind: 'auto' }
    : { kind: 'bytes', bytes: Math.round(totalBytes * chance.between(0.3, 0.9)) };
  return {
    totalBytes,
    cpus: chance.int(1, 16),
    budget,
    outsideBytes,
    neighbours: drawNeighbours(chance.fork('neighbours'), totalBytes),
    tier,
    hasPsi: chance.chance(0.8),
    ...drawSwap(chance.fork('swap'), totalBytes),
    ...drawAncestor(chance.fork('ancestor'), totalBytes),
    statLagMs: chance.chance(0.2) ? chance.int(100, 2000) : 0,
  };
}

function drawOutside(chance: Random, totalBytes: number): OverTime {
  const most = chance.between(0.02, 0.3) * totalBytes;
  const periodMs = chance.int(5000, 60_000);
  const jumpsAtMs = chance.int(1000, 30_000);
  // Again and again much is taken for a moment: who is preempted then, is so again and again.
  if (chance.chance(0.05)) {
    const stormMs = chance.int(4000, 9000);
    const low = 0.05 * totalBytes;
    return (tMs) => (tMs % stormMs > 0.75 * stormMs ? 0.6 * totalBytes : low);
  }
  switch (chance.pick(['steady', 'rising', 'waves', 'jump', 'pulses'] as const)) {
    case 'steady':
      return () => most;
    case 'rising':
      return (tMs) => Math.min(most, 64 * MiB + (tMs / periodMs) * most);
    case 'waves':
      return (tMs) => (most * (1 + Math.sin((2 * Math.PI * tMs) / periodMs))) / 2;
    case 'jump':
      return (tMs) => (tMs < jumpsAtMs ? most / 4 : most);
    case 'pulses':
      return (tMs) => (tMs % periodMs < periodMs / 5 ? most : most / 4);
  }
}

/** Somebody else's processes, one of which may come to need much, all of a sudden. */
function drawNeighbours(chance: Random, totalBytes: number): Neighbour[] {
  if (!chance.chance(0.3)) return [];
  return Array.from({ length: chance.int(1, 3) }, () => {
    const oomScoreAdj = chance.pick([-1000, -500, 0, 300, 800]);
    // What nobody can kill must leave something to the others.
    const most = totalBytes * chance.logBetween(0.01, oomScoreAdj === -1000 ? 0.1 : 0.5);
    const fromMs = chance.int(0, 30_000);
    const rampMs = chance.pick([1, 500, 5000]);
    const forMs = chance.pick([2000, 20_000, Infinity]);
    return {
      oomScoreAdj,
      bytes: (tMs) => {
        const since = tMs - fromMs;
        if (since < 0 || since > forMs) return most / 20;
        return most * Math.min(1, 0.05 + since / rampMs);
      },
    };
  });
}

function drawSwap(chance: Random, totalBytes: number): { readonly swap?: SwapSpec } {
  if (!chance.chance(0.3)) return {};
  return {
    swap: {
      totalBytes: Math.round(totalBytes * chance.logBetween(0.02, 0.5)),
      bytesPerMs: chance.logBetween(150, 1500) * (MiB / 1000),
    },
  };
}

/** A container's or a slice's limit; now and then somebody changes it. */
function drawAncestor(chance: Random, totalBytes: number): { readonly ancestor?: AncestorSpec } {
  if (!chance.chance(0.25)) return {};
  const first = totalBytes * chance.between(0.4, 1.2);
  const then = chance.chance(0.5) ? first * chance.between(0.6, 1.5) : first;
  const atMs = chance.int(1000, 20_000);
  const others = first * chance.between(0.01, 0.15);
  return {
    ancestor: {
      limitBytes: (tMs) => Math.round(tMs < atMs ? first : then),
      outsideBytes: () => others,
    },
  };
}
