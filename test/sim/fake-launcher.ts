import type { TaskId } from '../../src/core/task-spec.js';
import type { Launcher, LaunchEnd, LaunchOrder } from '../../src/supervisor/ports.js';
import { present } from '../../src/util/assert.js';
import { err, ok, type Result } from '../../src/util/result.js';
import type { FakeMachine } from './fake-machine.js';
import { exitOf, type Mishaps, type Program } from './program.js';
import type { VirtualClock } from './virtual-clock.js';

/** What a {@link FakeLauncher} starts, and how that goes. */
export interface FakeLauncherOptions {
  readonly machine: FakeMachine;
  readonly clock: VirtualClock;
  readonly programs: ReadonlyMap<TaskId, Program>;
  readonly mishapsOf: (task: TaskId, attempt: number) => Mishaps;
  /** Whether the host can start nothing at this time: out of processes, of descriptors. */
  readonly isOut: (nowMs: number) => boolean;
}

/** Starts programs on a {@link FakeMachine}, as late and as unreliably as it is told to. */
export class FakeLauncher implements Launcher {
  readonly #options: FakeLauncherOptions;
  readonly #finished = new Map<TaskId, number>();
  #lastPid = 1000;

  constructor(options: FakeLauncherOptions) {
    this.#options = options;
  }

  launch(
    order: LaunchOrder,
    onExit: (end: LaunchEnd) => void,
  ): Result<{ readonly pid: number }, string> {
    const { machine, clock, programs, mishapsOf, isOut } = this.#options;
    const { task, attempt, oomScoreAdj } = order;
    const mishaps = mishapsOf(task, attempt);
    const { spawn, exitsLateMs } = mishaps;
    const nowMs = clock.monotonicMs();
    if (spawn.kind === 'fails-at-once' || isOut(nowMs)) return err('spawn fake EAGAIN');
    const program = present(programs.get(task), `task ${task} has a program`);
    const enclosure = present(
      machine.find(order),
      `attempt ${attempt} of ${task} has a place to live in`,
    );
    const latencyMs = latencyOf(spawn);
    enclosure.moveIn({
      program,
      mishaps,
      exitsWith: exitOf(program, this.#finished.get(task) ?? 0),
      oomScoreAdj,
      entersAtMs: nowMs + latencyMs / 2,
      startsAtMs: nowMs + latencyMs,
      onExit: (end) => {
        if (enclosure.cause === 'finished')
          this.#finished.set(task, (this.#finished.get(task) ?? 0) + 1);
        clock.after(exitsLateMs, () => {
          onExit(end);
        });
      },
    });
    return ok({ pid: (this.#lastPid += 1) });
  }
}

function latencyOf(spawn: Mishaps['spawn']): number {
  if (spawn.kind === 'ok') return spawn.latencyMs;
  return spawn.kind === 'fails-late' ? spawn.afterMs : 0;
}
