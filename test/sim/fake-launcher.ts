import type { TaskId } from '../../src/core/task-spec.js';
import type { Launcher, LaunchEnd, LaunchOrder } from '../../src/supervisor/ports.js';
import { present } from '../../src/util/assert.js';
import { err, ok, type Result } from '../../src/util/result.js';
import type { FakeMachine } from './fake-machine.js';
import { exitOf, type Mishaps, type Program } from './program.js';
import type { VirtualClock } from './virtual-clock.js';

/** Starts programs on a {@link FakeMachine}, as late and as unreliably as it is told to. */
export class FakeLauncher implements Launcher {
  readonly #machine: FakeMachine;
  readonly #clock: VirtualClock;
  readonly #programs: ReadonlyMap<TaskId, Program>;
  readonly #mishapsOf: (task: TaskId, attempt: number) => Mishaps;
  readonly #finished = new Map<TaskId, number>();
  #lastPid = 1000;

  constructor(
    machine: FakeMachine,
    clock: VirtualClock,
    programs: ReadonlyMap<TaskId, Program>,
    mishapsOf: (task: TaskId, attempt: number) => Mishaps,
  ) {
    this.#machine = machine;
    this.#clock = clock;
    this.#programs = programs;
    this.#mishapsOf = mishapsOf;
  }

  launch(
    order: LaunchOrder,
    onExit: (end: LaunchEnd) => void,
  ): Result<{ readonly pid: number }, string> {
    const { task, attempt, oomScoreAdj } = order;
    const mishaps = this.#mishapsOf(task, attempt);
    if (mishaps.spawn.kind === 'fails-at-once') return err('the fake host is out of processes');
    const program = present(this.#programs.get(task), `task ${task} has a program`);
    const enclosure = present(
      this.#machine.find(order),
      `attempt ${attempt} of ${task} has a place to live in`,
    );
    const { spawn } = mishaps;
    const latencyMs = spawn.kind === 'ok' ? spawn.latencyMs : spawn.afterMs;
    enclosure.moveIn({
      program,
      mishaps,
      exitsWith: exitOf(program, this.#finished.get(task) ?? 0),
      oomScoreAdj,
      startsAtMs: this.#clock.monotonicMs() + latencyMs,
      onExit: (end) => {
        if (enclosure.cause === 'finished')
          this.#finished.set(task, (this.#finished.get(task) ?? 0) + 1);
        this.#clock.after(0, () => {
          onExit(end);
        });
      },
    });
    return ok({ pid: (this.#lastPid += 1) });
  }
}
