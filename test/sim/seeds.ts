import type { HaltRule, RunConfig } from '../../src/core/task-spec.js';
import { drawMachine } from './draw-machine.js';
import { drawWorkload } from './draw-workload.js';
import { drawFaults } from './faults.js';
import type { MachineSpec } from './machine-spec.js';
import type { DeathPlan } from './mortality.js';
import { Random } from './random.js';
import type { Setup } from './recording.js';
import { plainConfig } from './specs.js';

/** The run that belongs to a seed: machine, configuration, jobs, faults, and the supervisor's death. */
export function setupFor(seed: number): Setup {
  const chance = new Random(seed);
  const machine = drawMachine(chance.fork('machine'));
  const config = drawConfig(chance.fork('config'), machine);
  return {
    seed,
    machine,
    workload: drawWorkload(chance.fork('workload'), config, machine.totalBytes),
    faults: drawFaults(chance.fork('faults')),
    ...drawDeath(chance.fork('death')),
  };
}

/** One supervisor in eight dies, most of them early: a run has some hundred events, and fewer deeds. */
function drawDeath(chance: Random): { readonly death?: DeathPlan } {
  if (!chance.chance(0.125)) return {};
  const at = chance.pick(['event', 'deed'] as const);
  const after = Math.floor(chance.logBetween(1, at === 'event' ? 600 : 150)) - 1;
  return { death: { at, after, tornShare: chance.next() } };
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
    intervalMs: chance.pick([50, 100, 100, 250, 500, 1000, 2000]),
    halt,
    cpus: machine.cpus,
    groups: chance.chance(0.5) ? { network: chance.int(1, 3) } : {},
    resources: { gpu: 2 },
    ...(chance.chance(0.2) ? { maxParallel: chance.int(1, 6) } : {}),
  });
}
