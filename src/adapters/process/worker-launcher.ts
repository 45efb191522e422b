import { Worker } from 'node:worker_threads';
import type { LaunchCallbacks, LaunchOrder, Launcher } from '../../supervisor/ports.js';
import { present, unreachable } from '../../util/assert.js';
import type { FromWorker, ToWorker } from './launch-service.js';

/** What a {@link createWorkerLauncher} is given once for the whole run. */
export interface WorkerLauncherOptions {
  /** A private folder, absolute and there already: where a launch that failed late leaves word. */
  readonly statusDir: string;
  /** How many start processes side by side: while one waits for the kernel, another need not. */
  readonly threads: number;
  /** What tasks inherit from; default: our own environment. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Makes the thread; the one that launches with execa by default. */
  readonly makeWorker?: (data: WorkerData) => Worker;
}

/** What the thread is started with. */
export interface WorkerData {
  readonly statusDir: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** A {@link Launcher} whose thread may die, which nobody expects it to. */
export interface WorkerLauncher extends Launcher {
  /**
   * Calls back when a thread is gone before it was told to go: it starts nothing any more, and no end of its processes
   * will be reported. Also when that has happened already.
   */
  onBroken(callback: (error: Error) => void): void;
}

/**
 * Starts attempts from threads of their own. To start a process is to fork this one, which blocks for some milliseconds
 * each time, and a control loop that is blocked neither looks at memory nor kills in time.
 *
 * A thread keeps nothing running by itself: whoever waits for its answers has a timer, or waits for `close`.
 */
export function createWorkerLauncher(options: WorkerLauncherOptions): WorkerLauncher {
  const { statusDir, environment = process.env, threads, makeWorker = launchThread } = options;
  const data = { statusDir, environment: { ...environment } };
  return new ThreadPool(Array.from({ length: threads }, () => new LaunchThread(makeWorker(data))));
}

function launchThread(workerData: WorkerData): Worker {
  return new Worker(new URL('./launch-worker.js', import.meta.url), { workerData });
}

/** Each order goes to the thread that has the fewest to begin. */
class ThreadPool implements WorkerLauncher {
  constructor(private readonly threads: readonly LaunchThread[]) {}

  launch(order: LaunchOrder, callbacks: LaunchCallbacks): void {
    const [first, ...others] = this.threads;
    const free = others.reduce(
      (best, each) => (best !== undefined && best.starting <= each.starting ? best : each),
      first,
    );
    present(free, 'there is a thread to launch from').launch(order, callbacks);
  }

  onBroken(callback: (error: Error) => void): void {
    for (const thread of this.threads) thread.onBroken(callback);
  }

  async close(): Promise<void> {
    await Promise.all(this.threads.map((thread) => thread.close()));
  }
}

class LaunchThread implements WorkerLauncher {
  /** Orders that it has not answered yet. */
  starting = 0;
  readonly #worker: Worker;
  readonly #pending = new Map<number, LaunchCallbacks>();
  #lastId = 0;
  #broken: Error | undefined;
  #onBroken: ((error: Error) => void) | undefined;
  #closing: Promise<void> | undefined;
  #closed: (() => void) | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.on('message', (message: FromWorker) => {
      this.#take(message);
    });
    worker.on('error', (error) => {
      this.#break(error instanceof Error ? error : new Error(String(error)));
    });
    worker.on('exit', (code) => {
      this.#break(new Error(`the thread that starts processes ended by itself, with code ${code}`));
    });
    worker.unref();
  }

  launch(order: LaunchOrder, callbacks: LaunchCallbacks): void {
    this.#lastId += 1;
    this.#pending.set(this.#lastId, callbacks);
    this.starting += 1;
    this.#post({ kind: 'launch', id: this.#lastId, order });
  }

  onBroken(callback: (error: Error) => void): void {
    if (this.#broken === undefined) this.#onBroken = callback;
    else callback(this.#broken);
  }

  close(): Promise<void> {
    this.#closing ??= new Promise((resolve) => {
      this.#onBroken = undefined;
      if (this.#broken !== undefined) {
        resolve();
        return;
      }
      this.#closed = resolve;
      this.#worker.ref();
      this.#post({ kind: 'close' });
    });
    return this.#closing;
  }

  #post(message: ToWorker): void {
    this.#worker.postMessage(message);
  }

  #take(message: FromWorker): void {
    switch (message.kind) {
      case 'started':
        this.starting -= 1;
        this.#callbacksOf(message.id).onStart(message.result);
        if (!message.result.ok) this.#pending.delete(message.id);
        return;
      case 'ended': {
        const { onExit } = this.#callbacksOf(message.id);
        this.#pending.delete(message.id);
        onExit(message.end);
        return;
      }
      case 'closed':
        this.#worker.unref();
        this.#closed?.();
        return;
      default:
        unreachable(message);
    }
  }

  #callbacksOf(id: number): LaunchCallbacks {
    return present(this.#pending.get(id), `launch ${id} was ordered and is not over`);
  }

  /** The first reason counts: an error is followed by the exit that it causes. */
  #break(error: Error): void {
    if (this.#broken !== undefined) return;
    this.#broken = error;
    this.#closed?.();
    this.#onBroken?.(error);
  }
}
