import type { AttemptRef } from '../../src/core/observation.js';
import type { ExitStatus, StartFault } from '../../src/core/outcome.js';
import type { TaskId } from '../../src/core/task-spec.js';
import type {
  Launcher,
  LaunchEnd,
  LaunchListener,
  LaunchOrder,
  Remains,
} from '../../src/supervisor/ports.js';
import { present } from '../../src/util/assert.js';
import { err, ok, type Result } from '../../src/util/result.js';
import type { FakeFolders } from './fake-folders.js';
import { STEP_MS, type FakeMachine } from './fake-machine.js';
import { exitOf, type Mishaps, type Program, type SpawnMishap } from './program.js';
import type { VirtualClock } from './virtual-clock.js';

/** What a {@link FakeLauncher} works with. */
export interface FakeLauncherOptions {
  readonly machine: FakeMachine;
  readonly clock: VirtualClock;
  readonly folders: FakeFolders;
  readonly programs: ReadonlyMap<TaskId, Program>;
  readonly mishapsOf: (task: TaskId, attempt: number) => Mishaps;
  /** Times at which it forgets all that it has started, as a helper process does that dies. */
  readonly deathsMs: readonly number[];
  /** Whether the host can start nothing at this time: out of processes, of descriptors. */
  readonly isOut: (nowMs: number) => boolean;
}

/** From the order until a command that saves work has begun. */
const HOOK_STARTS_MS = 5;

/** One order on its way, or started; ended and lost ones are forgotten. */
interface Order extends AttemptRef {
  listener: LaunchListener;
  /** Known once it has moved in. */
  pid?: number;
}

/**
 * Starts programs on a {@link FakeMachine}, as late and as unreliably as it is told to: a program moves in some time
 * after it was ordered, and that is told some time later still.
 */
export class FakeLauncher implements Launcher {
  /** Attempts that it lost sight of. */
  readonly lost: AttemptRef[] = [];
  readonly #options: FakeLauncherOptions;
  readonly #orders = new Set<Order>();
  /** How those ended that it did not lose. */
  readonly #ended = new Map<string, ExitStatus>();
  readonly #finished = new Map<TaskId, number>();
  /** Commands that save work, by their process: how to kill each. */
  readonly #hooks = new Map<number, () => void>();
  #lastPid = 1000;

  constructor(options: FakeLauncherOptions) {
    this.#options = options;
    for (const atMs of options.deathsMs) {
      options.clock.after(atMs, () => {
        this.#loseAll();
      });
    }
  }

  launch(order: LaunchOrder, listener: LaunchListener): Result<void, StartFault> {
    if (order.part === 'checkpoint') return this.#launchHook(order, listener);
    const { task, attempt, oomScoreAdj } = order;
    const { clock, mishapsOf, isOut } = this.#options;
    const { spawn } = mishapsOf(task, attempt);
    if (spawn.kind === 'fails-at-once') return err({ error: 'the fake host is out of processes' });
    const taken: Order = { task, attempt, listener };
    this.#orders.add(taken);
    clock.after(latencyOf(spawn), () => {
      if (!this.#orders.has(taken)) return;
      if (isOut(clock.monotonicMs())) {
        const fault = { error: 'fake fork: EAGAIN', isShortage: true } as const;
        this.#end(taken, { kind: 'could-not-start', fault });
        return;
      }
      this.#moveIn(taken, oomScoreAdj);
      if (spawn.kind === 'ok') {
        clock.after(spawn.toldAfterMs, () => {
          this.#tellStart(taken);
        });
      }
    });
    return ok(undefined);
  }

  /** The command that saves an attempt's work: it takes as long as that, or hangs. */
  #launchHook(ref: AttemptRef, listener: LaunchListener): Result<void, StartFault> {
    const { clock, machine, programs, mishapsOf } = this.#options;
    const { saves } = present(programs.get(ref.task), `task ${ref.task} has a program`);
    if (mishapsOf(ref.task, ref.attempt).spawn.kind === 'fails-at-once')
      return err({ error: 'the fake host is out of processes' });
    const pid = (this.#lastPid += 1);
    const end = (exit: ExitStatus): void => {
      if (this.#hooks.delete(pid)) listener.onEnd(exit);
    };
    this.#hooks.set(pid, () => {
      end({ kind: 'signal', signal: 'SIGKILL' });
    });
    clock.after(HOOK_STARTS_MS, () => {
      if (!this.#hooks.has(pid)) return;
      listener.onStarted(pid);
      const isHeard = machine.find(ref)?.askToSave(clock.monotonicMs()) === true;
      if (isHeard && saves?.answer === 'ignores') return;
      const isGood = isHeard && saves?.answer !== 'fails';
      // The machine moves in steps: what it saves is there with the next.
      clock.after((saves?.takesMs ?? 0) + 2 * STEP_MS, () => {
        const lives = machine.find(ref)?.isWorking === true;
        end(lives ? { kind: 'code', code: isGood ? 0 : 1 } : { kind: 'signal', signal: 'SIGKILL' });
      });
    });
    return ok(undefined);
  }

  /** Ends a command that saves an attempt's work. */
  endPart(pid: number): void {
    this.#options.clock.after(1, () => this.#hooks.get(pid)?.());
  }

  /** What it knows when its supervisor is dead. What was only on its way is not started any more. */
  remains(): Remains {
    for (const order of this.#orders) if (order.pid === undefined) this.#orders.delete(order);
    const find = ({ task, attempt }: AttemptRef): Order | undefined =>
      [...this.#orders].find((order) => order.task === task && order.attempt === attempt);
    return {
      fateOf: (ref) => {
        const exit = this.#ended.get(keyOf(ref));
        if (exit !== undefined) return { kind: 'ended', exit };
        const pid = find(ref)?.pid;
        return pid === undefined
          ? { kind: 'unknown', why: 'nobody knows' }
          : { kind: 'lives', pid };
      },
      onEnd: (ref, callback) => {
        const order = present(find(ref), 'who is waited for lives');
        order.listener = {
          onStarted: () => undefined,
          onEnd: (end) => {
            callback(exitAsTold(end));
          },
        };
      },
      endParts: () => {
        this.#hooks.clear();
      },
    };
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** Keeps no book of those that have ended: in hours there are very many. A supervisor that takes over has to ask before. */
  forgetEnded(): void {
    this.#ended.clear();
    this.#finished.clear();
    this.lost.length = 0;
  }

  #moveIn(order: Order, oomScoreAdj: number): void {
    const { machine, programs, mishapsOf, folders } = this.#options;
    const { task, attempt } = order;
    const program = present(programs.get(task), `task ${task} has a program`);
    const enclosure = present(
      machine.find(order),
      `attempt ${attempt} of ${task} has a place to live in`,
    );
    const mishaps = mishapsOf(task, attempt);
    order.pid = this.#lastPid += 1;
    enclosure.moveIn({
      program,
      mishaps,
      exitsWith: exitOf(program, this.#finished.get(task) ?? 0),
      oomScoreAdj,
      fromMs: program.saves === undefined ? 0 : folders.progressOf(task),
      onSave: (progressMs) => {
        folders.save(task, progressMs);
      },
      onExit: (end) => {
        if (enclosure.cause === 'finished')
          this.#finished.set(task, (this.#finished.get(task) ?? 0) + 1);
        this.#end(order, end, mishaps.exitsLateMs);
      },
    });
  }

  #tellStart(order: Order): void {
    if (this.#orders.has(order))
      order.listener.onStarted(present(order.pid, 'who has started has a pid'));
  }

  #end(order: Order, end: LaunchEnd, lateMs = 0): void {
    this.#options.clock.after(lateMs, () => {
      if (!this.#orders.delete(order)) return;
      this.#ended.set(keyOf(order), exitAsTold(end));
      order.listener.onEnd(end);
    });
  }

  #loseAll(): void {
    for (const order of [...this.#orders]) {
      this.#orders.delete(order);
      this.lost.push({ task: order.task, attempt: order.attempt });
      order.listener.onEnd({ kind: 'unknown', why: 'the fake launcher died' });
    }
  }
}

function keyOf({ task, attempt }: AttemptRef): string {
  return `${task}#${attempt}`;
}

/** A helper that leaves word knows how its child ended, and not why. */
function exitAsTold(end: LaunchEnd): ExitStatus {
  return end.kind === 'could-not-start' ? { kind: 'code', code: 255 } : end;
}

function latencyOf(spawn: SpawnMishap): number {
  switch (spawn.kind) {
    case 'ok':
      return spawn.latencyMs;
    case 'fails-late':
      return spawn.afterMs;
    default:
      return 0;
  }
}
