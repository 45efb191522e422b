import { emitKeypressEvents, type Key as KeyPress } from 'node:readline';
import type { ReadStream } from 'node:tty';
import type { ChalkInstance } from 'chalk';
import { CONTROL_VERSION } from '../../adapters/control/protocol.js';
import { CgroupLooker } from '../../adapters/host/live-figures.js';
import { logPaths } from '../../adapters/journal/run-folder.js';
import { outputTails } from '../../reporters/output-tail.js';
import { Screen } from '../../reporters/tty/screen.js';
import type { Details, TopLook } from '../../reporters/tty/top/look.js';
import type { Terminal } from '../../reporters/tty/terminal-stream.js';
import {
  press,
  selectedKey,
  type Intent,
  type Key,
  type Order,
  type Scene,
  type Ui,
} from '../../reporters/tty/top/ui.js';
import { topView } from '../../reporters/tty/top/view.js';
import { UsageError } from '../errors.js';
import { exitCodeForSignal } from '../exit-codes.js';
import { tellRun } from '../send-command.js';
import type { HostWatch } from './host-watch.js';

/** However fast keys come in, the picture is drawn no more often. */
const FRAME_MS = 50;
/** The end of a log that a terminal can show. */
const TAIL_LINES = 200;

/** What the live view is made of. */
export interface TopOrder {
  readonly watch: HostWatch;
  readonly intervalMs: number;
  readonly ui: Ui;
  readonly colour: ChalkInstance;
  readonly input: ReadStream;
  readonly output: NodeJS.WriteStream & Terminal;
}

/** Shows the live view until the user has seen enough. @returns the exit code. */
export function runTop(order: TopOrder): Promise<number> {
  return new TopSession(order).run();
}

class TopSession {
  readonly #order: TopOrder;
  readonly #screen: Screen;
  readonly #cgroups = new CgroupLooker();
  #ui: Ui;
  #look: TopLook;
  #scene: Scene = { keys: [], page: 1, runs: [] };
  #details: Details | undefined;
  #frameTimer: NodeJS.Timeout | undefined;
  #end: (exitCode: number) => void = () => undefined;
  #fail: (error: unknown) => void = () => undefined;

  constructor(order: TopOrder) {
    this.#order = order;
    this.#ui = order.ui;
    this.#screen = new Screen(order.output);
    this.#look = order.watch.look();
  }

  async run(): Promise<number> {
    const release = this.#listen();
    const timer = setInterval(() => {
      this.#guard(() => {
        this.#tick();
      });
    }, this.#order.intervalMs);
    try {
      return await new Promise<number>((resolve, reject) => {
        this.#end = resolve;
        this.#fail = reject;
        this.#guard(() => {
          this.#enter();
        });
      });
    } finally {
      clearInterval(timer);
      clearTimeout(this.#frameTimer);
      release();
      this.#leave();
    }
  }

  /** Nothing that goes wrong may leave the terminal in a state that is not the user's. */
  #guard(act: () => void): void {
    try {
      act();
    } catch (error) {
      this.#fail(error);
    }
  }

  #enter(): void {
    const { input } = this.#order;
    if (input.isTTY) input.setRawMode(true);
    this.#screen.enter();
    this.#draw();
  }

  #leave(): void {
    const { input } = this.#order;
    this.#screen.leave();
    if (input.isTTY) input.setRawMode(false);
  }

  #listen(): () => void {
    const { input, output } = this.#order;
    const onKey = (text: string | undefined, key: KeyPress): void => {
      this.#guard(() => {
        this.#press({ text: text ?? '', name: key.name ?? '', isCtrl: key.ctrl ?? false });
      });
    };
    const onResize = (): void => {
      this.#screen.spoil();
      this.#schedule();
    };
    const onSignal = (signal: NodeJS.Signals): void => {
      this.#end(exitCodeForSignal(signal));
    };
    const onContinue = (): void => {
      this.#guard(() => {
        this.#enter();
      });
    };
    const onExit = (): void => {
      this.#leave();
    };
    const onGone = (): void => {
      this.#end(0);
    };
    const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const;
    if (input.isTTY) {
      emitKeypressEvents(input);
      input.on('keypress', onKey).on('end', onGone).on('error', onGone).resume();
    }
    output.on('resize', onResize);
    output.on('error', onGone);
    for (const signal of SIGNALS) process.on(signal, onSignal);
    process.on('SIGCONT', onContinue).on('exit', onExit);
    return () => {
      input.off('keypress', onKey).off('end', onGone).off('error', onGone).pause();
      output.off('resize', onResize);
      output.off('error', onGone);
      for (const signal of SIGNALS) process.off(signal, onSignal);
      process.off('SIGCONT', onContinue).off('exit', onExit);
    };
  }

  #tick(): void {
    if (this.#ui.isPaused) return;
    this.#look = this.#order.watch.look();
    this.#readDetails();
    this.#schedule();
  }

  #press(key: Key): void {
    const { ui, intent } = press(this.#ui, key, this.#scene);
    this.#ui = ui;
    this.#readDetails();
    this.#schedule();
    if (intent !== undefined) this.#do(intent);
  }

  #do(intent: Intent): void {
    switch (intent.kind) {
      case 'quit':
        this.#end(0);
        return;
      case 'suspend':
        this.#leave();
        process.kill(process.pid, 'SIGSTOP');
        return;
      case 'redraw':
        this.#screen.spoil();
        return;
      case 'order':
        this.#tell(intent.order).catch(this.#fail);
    }
  }

  async #tell({ what, run, task }: Order): Promise<void> {
    this.#ui = { ...this.#ui, message: await this.#ask(what, run, task) };
    this.#guard(() => {
      this.#tick();
      this.#schedule();
    });
  }

  async #ask(what: Order['what'], run: string, task: string | undefined): Promise<Ui['message']> {
    const folder = this.#order.watch.folderOf(run);
    if (folder === undefined) return { text: `run ${run} is not there any more`, isBad: true };
    try {
      const named = task === undefined ? {} : { task };
      const response = await tellRun(folder, { v: CONTROL_VERSION, do: what, ...named });
      return response.ok
        ? { text: response.text, isBad: false }
        : { text: response.error, isBad: true };
    } catch (error) {
      if (error instanceof UsageError) return { text: error.message, isBad: true };
      throw error;
    }
  }

  /** Only for the task whose details are seen. */
  #readDetails(): void {
    const { mode } = this.#ui;
    const isSeen = mode.kind === 'details' || (mode.kind === 'confirm' && mode.back === 'details');
    const key = isSeen ? selectedKey(this.#ui, this.#scene.keys) : undefined;
    const run = this.#look.runs.find(({ runId }) => runId === key?.run);
    const folder = key === undefined ? undefined : this.#order.watch.folderOf(key.run);
    const record = key === undefined ? undefined : run?.state.tasks.get(key.task);
    if (record === undefined || folder === undefined) {
      this.#details = undefined;
      return;
    }
    const { phase, attempts, spec } = record;
    const pid = 'attempt' in phase ? phase.attempt.launched?.pid : undefined;
    this.#details = {
      tails: attempts === 0 ? [] : outputTails(logPaths(folder), spec.id, attempts, TAIL_LINES),
      live: pid === undefined ? undefined : this.#cgroups.figuresOf(pid),
    };
  }

  #schedule(): void {
    this.#frameTimer ??= setTimeout(() => {
      this.#frameTimer = undefined;
      this.#guard(() => {
        this.#draw();
      });
    }, FRAME_MS);
  }

  #draw(): void {
    const { columns, rows } = this.#screen;
    const { colour } = this.#order;
    const { lines, scene, top } = topView(this.#look, this.#ui, {
      columns,
      rows,
      colour,
      details: this.#details,
    });
    this.#scene = scene;
    this.#ui = { ...this.#ui, top };
    this.#screen.draw(lines);
  }
}
