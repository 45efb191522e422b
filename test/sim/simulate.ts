import type { RunEvent } from '../../src/core/events.js';
import type { AttemptRef } from '../../src/core/observation.js';
import type { TaskId } from '../../src/core/task-spec.js';
import { Supervisor, type SupervisorParts } from '../../src/supervisor/supervisor.js';
import { present } from '../../src/util/assert.js';
import { FakeFolders } from './fake-folders.js';
import { FakeHost } from './fake-host.js';
import { FakeLauncher } from './fake-launcher.js';
import { FakeMachine } from './fake-machine.js';
import { drawMishaps, NO_FAULTS, type FaultPlan } from './faults.js';
import { JournalFile } from './journal-file.js';
import { Mortality, SupervisorDied } from './mortality.js';
import { NO_MISHAPS, type Mishaps } from './program.js';
import { Random } from './random.js';
import type { Death, Moment, Recording, Setup, SimEnd, TracePoint } from './recording.js';
import { LaggingClock, VirtualClock } from './virtual-clock.js';
import { patienceMs } from './workload.js';

/** The trace has a point this often, */
const TRACE_EVERY_MS = 100;
/** and one at every step while use is above this share of the budget. */
const TRACE_ALL_FROM = 0.85;
/** Below this share nothing can be short by the next point. */
const LOOK_CLOSER_FROM = 0.5;
/** From the death of a supervisor until the next one takes over. */
const VACANCY_MS = 3000;

/** Runs the real supervisor on the fake machine until it says that it is done, or is dead. */
export function simulate(setup: Setup): Recording {
  return new Simulation(setup).run();
}

class Simulation {
  readonly #setup: Setup;
  readonly #clock = new VirtualClock();
  readonly #machine: FakeMachine;
  readonly #host: FakeHost;
  readonly #events: RunEvent[] = [];
  readonly #moments: Moment[] = [];
  readonly #trace: TracePoint[] = [];
  readonly #mortality: Mortality | undefined;
  readonly #journal: JournalFile | undefined;
  readonly #folders: FakeFolders;
  readonly #launcher: FakeLauncher;
  readonly #parts: SupervisorParts;
  #supervisor: Supervisor;
  #end: SimEnd | undefined;

  constructor(setup: Setup) {
    const { machine: spec, faults = NO_FAULTS, seed, death } = setup;
    const chance = new Random(seed).fork('faults');
    const mishapsOf = mishapsFor(setup, faults, chance.fork('mishaps'));
    this.#setup = setup;
    this.#machine = new FakeMachine(spec, this.#clock);
    this.#host = new FakeHost(this.#machine, this.#clock, {
      lostNoticeShare: faults.lostNoticeShare,
      doubledNoticeShare: faults.doubledNoticeShare,
      chance: chance.fork('host'),
      mishapsOf: ({ task, attempt }) => mishapsOf(task, attempt),
    });
    if (death !== undefined) {
      this.#mortality = new Mortality(death, () => {
        this.#end ??= { kind: 'died' };
      });
      this.#journal = new JournalFile();
    }
    this.#folders = new FakeFolders(this.#clock);
    this.#launcher = new FakeLauncher({
      machine: this.#machine,
      clock: this.#clock,
      folders: this.#folders,
      programs: setup.workload.programs,
      mishapsOf,
      deathsMs: faults.launcherDeathsMs,
      isOut: (nowMs) =>
        faults.outages.some(({ atMs, forMs }) => nowMs >= atMs && nowMs < atMs + forMs),
    });
    const honest = this.#makeParts(lagging(this.#clock, faults, chance.fork('clock')));
    this.#parts = setup.spoil?.(honest) ?? honest;
    this.#supervisor = new Supervisor(this.#mortalParts());
  }

  run(): Recording {
    try {
      this.#watch();
      this.#machine.start();
      this.#start(this.#supervisor);
      this.#arrange();
      const limitMs = patienceMs(this.#setup.workload);
      const isOver = (): boolean => this.#end !== undefined;
      this.#clock.runUntil(isOver, limitMs);
      const death = this.#mortality?.isDead === true ? this.#findRemains() : undefined;
      if (death !== undefined && this.#succeed(death)) this.#clock.runUntil(isOver, limitMs);
      return this.#record(death);
    } finally {
      this.#journal?.remove();
    }
  }

  #makeParts(clock: LaggingClock): SupervisorParts {
    const { workload, seed, priors } = this.#setup;
    return {
      plan: workload.plan,
      clock,
      host: this.#host,
      launcher: this.#launcher,
      checkpoints: this.#folders,
      inputs: { sizeOf: (paths) => workload.inputBytes.get(paths.join()) },
      sink: {
        emit: (events) => {
          this.#journal?.emit(events);
          for (const event of events) this.#note(event);
        },
      },
      logs: { pathsFor: () => ({ stdoutPath: '/dev/null', stderrPath: '/dev/null' }) },
      ...(priors === undefined ? {} : { priors }),
      about: { runId: `seed-${seed}`, bootId: 'boot', pid: 1, memsched: '0.0.0', jobfile: 'fake' },
    };
  }

  #mortalParts(): SupervisorParts {
    const { host, launcher, sink, checkpoints } = this.#parts;
    const mortality = this.#mortality;
    if (mortality === undefined) return this.#parts;
    return {
      ...this.#parts,
      host: mortality.host(host),
      launcher: mortality.launcher(launcher),
      checkpoints: mortality.checkpoints(checkpoints),
      sink: mortality.sink(sink),
    };
  }

  #note(event: RunEvent): void {
    this.#events.push(event);
    const { lastSample, lastSeen } = this.#host;
    const speaksOfUse =
      event.kind === 'sampled' ||
      event.kind === 'attempt-suspended' ||
      (event.kind === 'attempt-stopping' && event.reason.kind === 'preempted');
    const moment: Moment = { tMs: this.#clock.monotonicMs(), sample: lastSample };
    this.#moments.push(
      speaksOfUse
        ? {
            ...moment,
            seenBytes: new Map(
              [...lastSeen.values()].map(({ task, attempt, usedBytes }) => [
                `${task}#${attempt}`,
                usedBytes,
              ]),
            ),
          }
        : moment,
    );
  }

  #start(supervisor: Supervisor): void {
    try {
      supervisor.start((end) => {
        // The dead may break once more when they come to know of it.
        if (supervisor === this.#supervisor) this.#end ??= end;
      });
    } catch (error) {
      if (!(error instanceof SupervisorDied)) throw error;
    }
  }

  /** What the user and the world around do, and when. */
  #arrange(): void {
    const { workload, faults = NO_FAULTS } = this.#setup;
    const clock = this.#clock;
    for (const atMs of workload.stopsAtMs) {
      clock.after(atMs, () => {
        this.#supervisor.requestStop('SIGINT');
      });
    }
    for (const { atMs, command } of this.#setup.commands ?? []) {
      clock.after(atMs, () => {
        void this.#supervisor.command(command);
      });
    }
    for (const { atMs, forMs } of faults.pauses) {
      clock.after(atMs, () => {
        clock.jump(forMs);
      });
    }
    for (const { atMs, byMs } of faults.wallJumps) {
      clock.after(atMs, () => {
        clock.setWall(byMs);
      });
    }
  }

  #watch(): void {
    let lastMs = -Infinity;
    let lastBudget = 0;
    this.#machine.onStep = () => {
      const tMs = this.#machine.nowMs();
      const usedBytes = this.#machine.tasks.anonBytes;
      if (tMs - lastMs < TRACE_EVERY_MS && usedBytes < LOOK_CLOSER_FROM * lastBudget) return;
      const budgetBytes = this.#machine.budgetBytes();
      lastBudget = budgetBytes;
      const isShort = usedBytes > TRACE_ALL_FROM * budgetBytes;
      if (!isShort && tMs - lastMs < TRACE_EVERY_MS) return;
      lastMs = tMs;
      const point = { tMs, usedBytes, budgetBytes };
      this.#trace.push(isShort ? { ...point, ...this.#whoIsThere(tMs) } : point);
    };
  }

  #whoIsThere(nowMs: number): Pick<TracePoint, 'workers' | 'lastAskedMs'> {
    const workers: TaskId[] = [];
    let lastAskedMs = -Infinity;
    for (const one of this.#machine.enclosures.values()) {
      if (!one.isAlive) continue;
      // What the OOM killer has taken is on its way out as well.
      if (one.isBeingKilled) lastAskedMs = Math.max(lastAskedMs, one.askedAtMs ?? nowMs);
      else if (one.askedAtMs !== undefined) lastAskedMs = Math.max(lastAskedMs, one.askedAtMs);
      else if (one.isWorking) workers.push(one.ref.task);
    }
    return { workers, lastAskedMs };
  }

  #findRemains(): Death {
    const journal = present(this.#journal, 'who can die keeps a journal');
    const { lastWords } = present(this.#mortality, 'who died was mortal');
    journal.cutShort(lastWords, this.#setup.death?.tornShare ?? 0);
    const found = journal.read();
    const tMs = this.#clock.monotonicMs();
    const sequel: RunEvent = { kind: 'tick-late', tMs: Math.ceil(tMs), lateMs: 0 };
    // Of a run that never began nothing can go on.
    if (found.length > 0) {
      journal.reopen();
      journal.emit([sequel]);
    }
    return {
      tMs,
      wasWriting: lastWords !== undefined,
      journal: found,
      continued: journal.read(),
      sequel,
      open: this.#openNow(),
    };
  }

  #openNow(): AttemptRef[] {
    return [...this.#machine.enclosures.values()].map(({ ref }) => ref);
  }

  /** Another supervisor takes over, if there is one. */
  #succeed({ journal, tMs }: Death): boolean {
    const { successor } = this.#setup;
    if (successor === undefined) return false;
    this.#clock.runUntil(() => this.#clock.monotonicMs() >= tMs + VACANCY_MS, Infinity);
    this.#end = undefined;
    const left = this.#launcher.remains();
    this.#supervisor = successor({ journal, parts: this.#parts, left });
    this.#start(this.#supervisor);
    return true;
  }

  #record(death: Death | undefined): Recording {
    const end = this.#end ?? { kind: 'never' };
    const makespanMs = this.#supervisor.state.ended?.tMs ?? this.#clock.monotonicMs();
    const openAtEnd = this.#openNow();
    const leftOpen = end.kind === 'died' ? [] : this.#host.clearAll();
    const { frosts, lives, looks, signals, asks, treeWrites } = this.#host;
    const { oomKills, oomRecords } = this.#machine;
    const { lost } = this.#launcher;
    return {
      setup: this.#setup,
      events: this.#events,
      moments: this.#moments,
      end,
      death,
      supervisor: this.#supervisor,
      trace: this.#trace,
      looks,
      lives,
      openAtEnd,
      leftOpen,
      lost,
      signals,
      frosts,
      asks,
      checkpointsKept: this.#folders.kept,
      treeWrites,
      oomKills,
      oomRecords,
      makespanMs,
    };
  }
}

/** Mishaps of each attempt, drawn once. */
function mishapsFor(
  { mishapsOf, workload }: Setup,
  faults: FaultPlan,
  chance: Random,
): (task: TaskId, attempt: number) => Mishaps {
  if (mishapsOf !== undefined) return mishapsOf;
  if (faults === NO_FAULTS) return () => NO_MISHAPS;
  const drawn = new Map<string, Mishaps>();
  return (task, attempt) => {
    const key = `${task}#${attempt}`;
    const known = drawn.get(key);
    if (known !== undefined) return known;
    const program = present(workload.programs.get(task), 'every task has a program');
    const mishaps = drawMishaps(faults, chance, task, attempt, program.durationMs);
    drawn.set(key, mishaps);
    return mishaps;
  };
}

function lagging(clock: VirtualClock, faults: FaultPlan, chance: Random): LaggingClock {
  return new LaggingClock(clock, () =>
    faults.lateTickShare > 0 && chance.chance(faults.lateTickShare)
      ? chance.int(1, faults.lateTickMaxMs)
      : 0,
  );
}
