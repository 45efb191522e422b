import { expect, test } from 'vitest';
import type { RunEvent } from '../../src/core/events.js';
import type { Arrival, LaunchSpec, PlannedTask, TaskSource } from '../../src/supervisor/ports.js';
import { Supervisor } from '../../src/supervisor/supervisor.js';
import { GiB, MiB } from '../../src/util/bytes.js';
import { FakeFolders } from '../sim/fake-folders.js';
import { FakeHost } from '../sim/fake-host.js';
import { FakeLauncher } from '../sim/fake-launcher.js';
import { FakeMachine } from '../sim/fake-machine.js';
import { idleMachine } from '../sim/machine-spec.js';
import { NO_MISHAPS, rampAndHold, type Program } from '../sim/program.js';
import { Random } from '../sim/random.js';
import { plainConfig, plainTask } from '../sim/specs.js';
import { VirtualClock } from '../sim/virtual-clock.js';

const HOUR_MS = 3_600_000;
/** Virtual hours of a run that never ends. */
const HOURS = Number(process.env['SOAK_HOURS'] ?? 5);
/** The supervisor looks so often: half a million times in five hours. */
const INTERVAL_MS = 100;
/**
 * What a finished task may leave behind, bytes. The fakes keep some three dozen bytes in each of their own books; a
 * record that the supervisor forgot to let go of would be thousands.
 */
const PER_TASK_BYTES = 600;

/** Tasks of ten groups, one after another, as long as anybody asks. */
class EndlessSource implements TaskSource {
  #count = 0;

  next(atMost: number): Promise<Arrival> {
    const tasks = Array.from({ length: Math.min(16, atMost) }, () => this.#task());
    return Promise.resolve({ kind: 'tasks', tasks });
  }

  close(): void {
    return;
  }

  #task(): PlannedTask {
    const index = this.#count;
    this.#count += 1;
    const job = `job-${index % 10}`;
    const launch: LaunchSpec = { command: { kind: 'argv', argv: ['x'] }, cwd: '/', env: {} };
    const keys = { job, group: job, index, preemptible: 2, cpus: 0 } as const;
    return { spec: plainTask(`t${index}`, keys), launch };
  }
}

/** By its number: some are small, some large, some fail. */
function programOf(task: string): Program {
  const index = Number(task.slice(1));
  const program = rampAndHold((20 + (index % 10) * 60) * MiB, 500, 4000 + (index % 7) * 3000);
  return index % 50 === 0 ? { ...program, failing: { attempts: 9, code: 3 } } : program;
}

test(`${HOURS} virtual hours of one run leave nothing behind in the supervisor`, async () => {
  const collect = globalThis.gc;
  if (collect === undefined) throw new Error('start node with --expose-gc, as npm run soak does');
  const clock = new VirtualClock();
  const machine = new FakeMachine(idleMachine(2 * GiB), clock);
  const chance = new Random(1);
  const host = new FakeHost(machine, clock, {
    lostNoticeShare: 0,
    doubledNoticeShare: 0,
    chance,
    mishapsOf: () => NO_MISHAPS,
  });
  const folders = new FakeFolders(clock);
  const launcher = new FakeLauncher({
    machine,
    clock,
    folders,
    programs: { get: programOf } as unknown as ReadonlyMap<string, Program>,
    mishapsOf: () => NO_MISHAPS,
    deathsMs: [],
    isOut: () => false,
  });
  const counts = new Map<RunEvent['kind'], number>();
  let end: unknown;
  const supervisor = new Supervisor({
    plan: {
      config: plainConfig({ intervalMs: INTERVAL_MS }),
      tasks: [],
      launches: new Map(),
      warnings: [],
    },
    clock,
    host,
    launcher,
    inputs: { sizeOf: () => 0 },
    checkpoints: folders,
    sink: {
      emit: (events) => {
        for (const { kind } of events) counts.set(kind, (counts.get(kind) ?? 0) + 1);
      },
    },
    logs: { pathsFor: () => ({ stdoutPath: '/dev/null', stderrPath: '/dev/null' }) },
    source: new EndlessSource(),
    about: { runId: 'soak', bootId: 'boot', pid: 1, memsched: '0.0.0', jobfile: 'map' },
  });
  machine.start();
  supervisor.start((how) => {
    end = how;
  });
  const finished = (): number => counts.get('task-finished') ?? 0;
  /** Virtual time goes by in small pieces, as the source answers between them. */
  const pass = async (untilMs: number): Promise<void> => {
    while (clock.monotonicMs() < untilMs && end === undefined) {
      const nextMs = Math.min(untilMs, clock.monotonicMs() + INTERVAL_MS);
      clock.runUntil(() => clock.monotonicMs() >= nextMs, nextMs);
      await Promise.resolve();
    }
  };
  const heapBytes = (): number => {
    // What the fakes write down for checkers nobody asks for here.
    for (const list of [host.lives, host.signals, host.treeWrites, host.looks]) list.length = 0;
    collect();
    return process.memoryUsage().heapUsed;
  };
  await pass((HOURS * HOUR_MS) / 5);
  const before = { bytes: heapBytes(), finished: finished(), tasks: supervisor.state.tasks.size };
  await pass(HOURS * HOUR_MS);
  const after = { bytes: heapBytes(), finished: finished(), tasks: supervisor.state.tasks.size };

  expect(end).toBeUndefined();
  const tasks = after.finished - before.finished;
  expect(tasks).toBeGreaterThan(HOURS * 500);
  const perTask = (after.bytes - before.bytes) / tasks;
  console.log(
    `${HOURS} virtual hours: ${after.finished} tasks, heap ${(before.bytes / MiB).toFixed(1)} MiB after a fifth, ` +
      `${(after.bytes / MiB).toFixed(1)} MiB in the end, ${perTask.toFixed(0)} bytes a task`,
  );
  expect(perTask).toBeLessThan(PER_TASK_BYTES);
  expect(after.tasks).toBeLessThan(before.tasks + 1000);
});
