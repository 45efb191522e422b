import type { RunEvent } from '../../src/core/events.js';
import type { RunState } from '../../src/core/run-state.js';
import type {
  Arrival,
  EventSink,
  LaunchSpec,
  PlannedTask,
  TaskSource,
} from '../../src/supervisor/ports.js';
import { Supervisor } from '../../src/supervisor/supervisor.js';
import { GiB, KiB, MiB } from '../../src/util/bytes.js';
import { FakeFolders } from '../sim/fake-folders.js';
import { FakeHost } from '../sim/fake-host.js';
import { FakeLauncher } from '../sim/fake-launcher.js';
import { FakeMachine } from '../sim/fake-machine.js';
import { idleMachine } from '../sim/machine-spec.js';
import { NO_MISHAPS, rampAndHold, type Program } from '../sim/program.js';
import { Random } from '../sim/random.js';
import { plainConfig, plainTask } from '../sim/specs.js';
import { VirtualClock } from '../sim/virtual-clock.js';
import type { Mark } from './growth.js';

const INTERVAL_MS = 100;
/** The state is looked at so often for whether the supervisor has just let go of finished tasks. */
const LOOK_EVERY_MS = 1000;

/** One in so many fails, and once more when it is tried again. */
const FAILS_EVERY = 50;
/** One in so many takes far more than its group is known for, so that somebody has to be frozen or stopped. */
const SURPRISES_EVERY = 97;

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
    const spec = plainTask(`t${index}`, {
      job,
      group: job,
      index,
      preemptible: 2,
      cpus: 0,
      retries: { max: 1, on: [], delayMs: 500, backoff: 1 },
      ...(index % 3 === 0 ? { maySuspend: true } : {}),
      ...(index % 4 === 0 ? { hasInputs: true } : {}),
      ...(index % 5 === 0 ? { checkpoint: CHECKPOINT } : {}),
    });
    return { spec, launch };
  }
}

const CHECKPOINT = {
  ask: { by: { kind: 'signal', signal: 'SIGUSR1' }, timeoutMs: 1000, everyMs: 200 },
  exitCode: 85,
  stale: 'never',
} as const;

/** By its number: some are small, some large, some fail, some save their work. */
function programOf(task: string): Program {
  const index = Number(task.slice(1));
  const factor = index % SURPRISES_EVERY === 0 ? 4 : 1;
  const bytes = (20 + (index % 10) * 60) * MiB * factor;
  return {
    ...rampAndHold(bytes, 50, 100 + (index % 7) * 40),
    ...(index % FAILS_EVERY === 0 ? { failing: { attempts: 2, code: 3 } } : {}),
    ...(index % 5 === 0 ? { saves: { answer: 'saves', takesMs: 20, code: 85 } } : {}),
  };
}

/**
 * The real supervisor on a fake machine, in virtual time, with tasks that never end to come. The fakes forget what they
 * write down for the checkers of other tests, so that what grows is the supervisor's.
 */
export class EndlessRun {
  readonly #counts = new Map<RunEvent['kind'], number>();
  readonly #clock = new VirtualClock();
  readonly #host: FakeHost;
  readonly #folders: FakeFolders;
  readonly #launcher: FakeLauncher;
  readonly #supervisor: Supervisor;
  #letGo = 0;
  #isOver = false;

  /** @param sink - hears of every event. */
  constructor(sink: EventSink = { emit: () => undefined }) {
    const clock = this.#clock;
    const machine = new FakeMachine(idleMachine(6 * GiB, 32), clock);
    this.#host = new FakeHost(machine, clock, {
      lostNoticeShare: 0,
      doubledNoticeShare: 0,
      chance: new Random(1),
      mishapsOf: () => NO_MISHAPS,
    });
    this.#folders = new FakeFolders(clock);
    this.#launcher = new FakeLauncher({
      machine,
      clock,
      folders: this.#folders,
      programs: { get: programOf } as unknown as ReadonlyMap<string, Program>,
      mishapsOf: () => NO_MISHAPS,
      deathsMs: [],
      isOut: () => false,
    });
    this.#supervisor = new Supervisor({
      plan: {
        config: plainConfig({ intervalMs: INTERVAL_MS }),
        tasks: [],
        launches: new Map(),
        warnings: [],
      },
      clock,
      host: this.#host,
      launcher: this.#launcher,
      inputs: { sizeOf: () => 64 * KiB },
      checkpoints: this.#folders,
      sink: {
        emit: (events) => {
          for (const { kind } of events) this.#counts.set(kind, this.count(kind) + 1);
          sink.emit(events);
        },
      },
      logs: { pathsFor: () => ({ stdoutPath: '/dev/null', stderrPath: '/dev/null' }) },
      source: new EndlessSource(),
      about: { runId: 'soak', bootId: 'boot', pid: 1, memsched: '0.0.0', jobfile: 'map' },
    });
    machine.start();
    this.#supervisor.start((end) => {
      this.#isOver = true;
      if (end.kind === 'broken') throw end.error;
    });
  }

  get state(): RunState {
    return this.#supervisor.state;
  }

  nowMs(): number {
    return this.#clock.monotonicMs();
  }

  /** How often that has happened. */
  count(kind: RunEvent['kind']): number {
    return this.#counts.get(kind) ?? 0;
  }

  /**
   * Goes on until the supervisor has let go of finished tasks once more, of which it remembers thousands: only then does
   * it hold as much as the last time, if nothing grows.
   *
   * @param collect - collects everything that nobody refers to.
   * @returns undefined when `untilMs` came first.
   */
  async nextMark(untilMs: number, collect: () => void): Promise<Mark | undefined> {
    const before = this.#letGo;
    while (this.nowMs() < untilMs) {
      await this.#pass(Math.min(untilMs, this.nowMs() + LOOK_EVERY_MS));
      if (this.#isOver) throw new Error('a run without end has ended');
      this.#letGo = 0;
      for (const job of this.state.jobs.values()) this.#letGo += job.letGo.tasks;
      if (this.#letGo > before)
        return { tasks: this.count('task-finished'), bytes: this.#heldBytes(collect) };
    }
    return undefined;
  }

  /** Virtual time goes by in small pieces, as the source answers between them. */
  async #pass(untilMs: number): Promise<void> {
    while (this.nowMs() < untilMs && !this.#isOver) {
      const nextMs = Math.min(untilMs, this.nowMs() + INTERVAL_MS);
      this.#clock.runUntil(() => this.nowMs() >= nextMs, nextMs);
      // Whatever waits for the source comes before this.
      await new Promise((resolve) => setImmediate(resolve));
    }
  }

  #heldBytes(collect: () => void): number {
    const { lives, signals, frosts, asks, treeWrites, looks, lastSeen } = this.#host;
    for (const list of [lives, signals, frosts, asks, treeWrites, looks]) list.length = 0;
    lastSeen.clear();
    this.#folders.removed.clear();
    this.#launcher.forgetEnded();
    // The first ends what the collector had begun before, and leaves what was in use then.
    collect();
    collect();
    return process.memoryUsage().heapUsed;
  }
}
