import type { RunEvent } from '../../src/core/events.js';
import type { Priors } from '../../src/core/knowledge.js';
import type { AttemptRef } from '../../src/core/observation.js';
import type { TaskId } from '../../src/core/task-spec.js';
import type { TaskHost } from '../../src/supervisor/ports.js';
import { Supervisor, type RunEnd } from '../../src/supervisor/supervisor.js';
import { present } from '../../src/util/assert.js';
import { FakeHost, type Life, type SentSignal } from './fake-host.js';
import { FakeLauncher } from './fake-launcher.js';
import { FakeMachine, type MachineSpec, type OomKills } from './fake-machine.js';
import { drawMishaps, NO_FAULTS, type FaultPlan } from './faults.js';
import { NO_MISHAPS, type Mishaps } from './program.js';
import { Random } from './random.js';
import { LaggingClock, VirtualClock } from './virtual-clock.js';
import { patienceMs, type Workload } from './workload.js';

/** Everything that makes a run what it is: the same setup gives the same run, event by event. */
export interface Setup {
  readonly seed: number;
  readonly machine: MachineSpec;
  readonly workload: Workload;
  readonly faults?: FaultPlan;
  /** Mishaps of one attempt, where chance is not to decide. */
  readonly mishapsOf?: (task: TaskId, attempt: number) => Mishaps;
  /** What earlier runs have shown. */
  readonly priors?: Priors;
  /** Puts something between supervisor and host: a bug to be caught. */
  readonly spoil?: (host: TaskHost) => TaskHost;
}

/** Memory at one moment, as the machine knows it. */
export interface TracePoint {
  readonly tMs: number;
  readonly usedBytes: number;
  readonly budgetBytes: number;
}

/** All that is known of a simulated run when it is over: what checkers look at. */
export interface Recording {
  readonly setup: Setup;
  readonly events: readonly RunEvent[];
  /** `never`: it did not end within any time that could be justified. */
  readonly end: RunEnd | { readonly kind: 'never' };
  readonly supervisor: Supervisor;
  readonly trace: readonly TracePoint[];
  readonly lives: readonly Life[];
  readonly leftOpen: readonly AttemptRef[];
  /** Attempts that the launcher lost sight of. */
  readonly lost: readonly AttemptRef[];
  readonly signals: readonly SentSignal[];
  readonly oomKills: OomKills;
  readonly makespanMs: number;
}

const TRACE_EVERY_MS = 100;

/** Runs the real supervisor on the fake machine until it says that it is done. */
export function simulate(setup: Setup): Recording {
  const { machine: spec, workload, faults = NO_FAULTS, seed } = setup;
  const chance = new Random(seed).fork('faults');
  const clock = new VirtualClock();
  const machine = new FakeMachine(spec, clock);
  const host = new FakeHost(machine, clock, {
    lostNoticeShare: faults.lostNoticeShare,
    chance: chance.fork('host'),
  });
  const mishaps = chance.fork('mishaps');
  const mishapsOf =
    setup.mishapsOf ??
    ((task, attempt) => {
      if (faults === NO_FAULTS) return NO_MISHAPS;
      const program = present(workload.programs.get(task), 'every task has a program');
      return drawMishaps(faults, mishaps, task, attempt, program.durationMs);
    });
  const events: RunEvent[] = [];
  const launcher = new FakeLauncher({
    machine,
    clock,
    programs: workload.programs,
    mishapsOf,
    deathsMs: faults.launcherDeathsMs,
  });
  const supervisor = new Supervisor({
    plan: workload.plan,
    clock: lagging(clock, faults, chance.fork('clock')),
    host: setup.spoil?.(host) ?? host,
    launcher,
    inputs: { sizeOf: () => undefined },
    sink: { emit: (more) => events.push(...more) },
    logs: { pathsFor: () => ({ stdoutPath: '/dev/null', stderrPath: '/dev/null' }) },
    ...(setup.priors === undefined ? {} : { priors: setup.priors }),
    about: { runId: `seed-${seed}`, bootId: 'boot', pid: 1, memsched: '0.0.0', jobfile: 'fake' },
  });
  const trace = watch(machine);
  const end = drive(supervisor, machine, clock, setup);
  const { lives, signals, leftOpen } = host;
  const makespanMs = supervisor.state.ended?.tMs ?? clock.monotonicMs();
  const { oomKills } = machine;
  const { lost } = launcher;
  return {
    setup,
    events,
    end,
    supervisor,
    trace,
    lives,
    leftOpen,
    lost,
    signals,
    oomKills,
    makespanMs,
  };
}

function lagging(clock: VirtualClock, faults: FaultPlan, chance: Random): LaggingClock {
  return new LaggingClock(clock, () =>
    chance.chance(faults.lateTickShare) ? chance.int(1, faults.lateTickMaxMs) : 0,
  );
}

function watch(machine: FakeMachine): TracePoint[] {
  const trace: TracePoint[] = [];
  machine.onStep = () => {
    const tMs = machine.nowMs();
    if (tMs - (trace.at(-1)?.tMs ?? -Infinity) < TRACE_EVERY_MS) return;
    const { usedBytes, budgetBytes } = machine.observe();
    trace.push({ tMs, usedBytes, budgetBytes });
  };
  return trace;
}

function drive(
  supervisor: Supervisor,
  machine: FakeMachine,
  clock: VirtualClock,
  { workload, faults }: Setup,
): Recording['end'] {
  let end: RunEnd | undefined;
  machine.start();
  supervisor.start((how) => {
    end = how;
  });
  for (const atMs of workload.stopsAtMs) {
    clock.after(atMs, () => {
      supervisor.requestStop('SIGINT');
    });
  }
  for (const { atMs, forMs } of faults?.pauses ?? []) {
    clock.after(atMs, () => {
      clock.jump(forMs);
    });
  }
  clock.runUntil(() => end !== undefined, patienceMs(workload));
  return end ?? { kind: 'never' };
}

/** A host on which no enclosure ever empties. */
export function hoarding(host: TaskHost): TaskHost {
  return new Proxy(host, {
    get(target, name) {
      if (name === 'close') return () => 'populated';
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}
