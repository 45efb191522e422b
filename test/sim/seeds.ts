import type { Command } from '../../src/core/command.js';
import type { HaltRule, RunConfig, TaskId } from '../../src/core/task-spec.js';
import { present } from '../../src/util/assert.js';
import { drawMachine } from './draw-machine.js';
import { drawWorkload } from './draw-workload.js';
import { drawFaults } from './faults.js';
import type { MachineSpec } from './machine-spec.js';
import type { DeathPlan } from './mortality.js';
import { Random } from './random.js';
import type { Setup, TimedCommand } from './recording.js';
import { learnedFrom } from './scenario.js';
import { simulate } from './simulate.js';
import { plainConfig } from './specs.js';

/** One run in ten is not the first of its jobs: it knows what an earlier one has learned. */
const LATER_RUNS = 0.1;

/** The run that belongs to a seed: what it is given, what goes wrong in it, and what earlier runs have shown. */
export function setupFor(seed: number): Setup {
  const chance = new Random(seed);
  const calm = calmSetupFor(seed);
  const isLater = chance.fork('priors').chance(LATER_RUNS);
  return {
    ...calm,
    workload: { ...calm.workload, stopsAtMs: drawStops(chance.fork('stops')) },
    commands: drawCommands(chance.fork('commands'), calm),
    faults: drawFaults(chance.fork('faults')),
    ...drawDeath(chance.fork('death')),
    ...(isLater ? { priors: learnedFrom(simulate(calm)) } : {}),
  };
}

/** The same, if nothing went wrong and nobody interfered: machine, configuration and jobs. */
export function calmSetupFor(seed: number): Setup {
  const chance = new Random(seed);
  const machine = drawMachine(chance.fork('machine'));
  const config = drawConfig(chance.fork('config'), machine);
  const workload = drawWorkload(chance.fork('workload'), config, machine.totalBytes);
  return { seed, machine, workload };
}

/** When the user wants the end, and then at once. */
function drawStops(chance: Random): number[] {
  if (!chance.chance(0.1)) return [];
  return [chance.int(100, 20_000), chance.int(20_000, 25_000)].slice(0, chance.int(1, 2));
}

/** One run in five is told something while it goes on; what was held is released in the end, or it would never end. */
function drawCommands(chance: Random, { workload }: Setup): TimedCommand[] {
  if (!chance.chance(0.2)) return [];
  const ids = workload.plan.tasks.map(({ id }) => id);
  const anyone = (): TaskId => present(ids[chance.int(0, ids.length - 1)], 'a run has tasks');
  const commands = Array.from({ length: chance.int(1, 8) }, (): TimedCommand => {
    const task = chance.chance(0.8) ? { task: anyone() } : {};
    const kind = chance.pick(['hold', 'hold', 'release', 'cancel'] as const);
    // To cancel the whole run is to stop it, which is drawn apart.
    const command: Command = kind === 'cancel' ? { kind, task: anyone() } : { kind, ...task };
    return { atMs: Math.round(chance.logBetween(1, 30_000)), command };
  });
  const held = new Set(
    commands.map(({ command }) => ('task' in command ? command.task : undefined)),
  );
  const releases = [...held].map((task): TimedCommand => ({
    atMs: 31_000,
    command: { kind: 'release', ...(task === undefined ? {} : { task }) },
  }));
  return [...commands, ...releases, { atMs: 31_000, command: { kind: 'release' } }];
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
    // Half of them say where the lines are to be, and there they stay.
    ...(chance.chance(0.5) ? { isAsTold: true as const } : {}),
    groups: chance.chance(0.5) ? { network: chance.int(1, 3) } : {},
    resources: { gpu: 2 },
    ...(chance.chance(0.2) ? { maxParallel: chance.int(1, 6) } : {}),
  });
}
