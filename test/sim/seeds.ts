import type { HaltRule, RunConfig } from '../../src/core/task-spec.js';
import { GiB, MiB } from '../../src/util/bytes.js';
import type { MachineSpec } from './fake-machine.js';
import { drawFaults } from './faults.js';
import { Random } from './random.js';
import type { Setup } from './simulate.js';
import { plainConfig } from './specs.js';
import { drawWorkload } from './workload.js';

/** The run that belongs to a seed: machine, configuration, jobs and faults. */
export function setupFor(seed: number): Setup {
  const chance = new Random(seed);
  const machine = drawMachine(chance.fork('machine'));
  const config = drawConfig(chance.fork('config'), machine);
  return {
    seed,
    machine,
    workload: drawWorkload(chance.fork('workload'), config, machine.totalBytes),
    faults: drawFaults(chance.fork('faults')),
  };
}

function drawMachine(chance: Random): MachineSpec {
  const totalBytes = Math.round(chance.logBetween(1 * GiB, 64 * GiB));
  const others = chance.pick(['steady', 'rising', 'waves'] as const);
  const share = chance.between(0.02, 0.3);
  const periodMs = chance.int(5000, 60_000);
  return {
    totalBytes,
    cpus: chance.int(1, 16),
    budget: chance.chance(0.7)
      ? { kind: 'auto' }
      : { kind: 'bytes', bytes: Math.round(totalBytes * chance.between(0.3, 0.9)) },
    outsideBytes: (tMs) => {
      const most = share * totalBytes;
      if (others === 'steady') return most;
      if (others === 'rising') return Math.min(most, 64 * MiB + (tMs / periodMs) * most);
      return (most * (1 + Math.sin((2 * Math.PI * tMs) / periodMs))) / 2;
    },
    hasMemoryController: chance.chance(0.8),
    hasPsi: chance.chance(0.8),
  };
}

function drawConfig(chance: Random, machine: MachineSpec): RunConfig {
  const halt = chance.pick<HaltRule>([
    { kind: 'never' },
    { kind: 'never' },
    { kind: 'never' },
    { kind: 'never' },
    { kind: 'never' },
    { kind: 'soon', threshold: { kind: 'count', failures: 2 } },
    { kind: 'now', threshold: { kind: 'share', pct: 20 } },
  ]);
  return plainConfig({
    budget: machine.budget,
    intervalMs: chance.pick([50, 100, 100, 500, 2000]),
    halt,
    cpus: machine.cpus,
    groups: chance.chance(0.5) ? { network: chance.int(1, 3) } : {},
    resources: { gpu: 2 },
    ...(chance.chance(0.2) ? { maxParallel: chance.int(1, 6) } : {}),
  });
}
