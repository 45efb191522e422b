import { spawn, type ChildProcess } from 'node:child_process';
import { describeError } from '../../util/system-error.js';
import { GOODBYE, parseReport, type HelperReport } from './launch-helper-protocol.js';
import { LAUNCH_HELPER_SCRIPT } from './launch-helper-script.js';

/** How a helper is started. */
export interface LaunchHelperOptions {
  /** The Perl to run it with. */
  readonly perl: string;
  /** The soft limit of open files for tasks; undefined: as ours is. */
  readonly openFilesLimit: number | undefined;
  /** Where it leaves word should its supervisor die; absent: it goes with it. */
  readonly leaves?: LeavesTo;
}

/** Whose helper it is, and where it leaves word. */
export interface LeavesTo {
  readonly runId: string;
  /** A private folder, absolute and there already. */
  readonly statusDir: string;
}

/** Is told what a helper says and what becomes of it; nothing before its constructor has returned. */
export interface LaunchHelperListener {
  onReport(report: HelperReport): void;
  /**
   * It is gone, or never came, without having been closed. Called once, after the last report.
   *
   * @param wasReady - false: it has carried nothing out.
   * @param why - as the end of a sentence: `was ended by SIGKILL`.
   */
  onGone(wasReady: boolean, why: string): void;
}

/** Perl is started with this alone: what the user has set for Perl is meant for tasks. */
const HELPER_ENVIRONMENT = { PATH: '/usr/bin:/bin', LC_ALL: 'C' };
/** The limit is put back once, for all who will be forked; where it cannot be, they keep ours. */
const WITH_LIMIT = 'ulimit -S -n "$1" 2>/dev/null; shift; exec "$@"';
/** From end of input to the end of a healthy helper it takes a millisecond, in emulation some hundred. */
const CLOSE_WITHIN_MS = 5000;
/** Who was forked and is stuck before its exec holds the helper's output open; nobody waits for that. */
const LAST_WORDS_WITHIN_MS = 1000;
const COMPLAINT_CHARS = 500;

/** One process of the launch helper, in a session of its own so that no terminal's signals reach it. */
export class LaunchHelper {
  readonly #child: ChildProcess | undefined;
  readonly #listener: LaunchHelperListener;
  #isReady = false;
  #state: 'open' | 'closing' | 'gone' = 'open';
  #line = '';
  #complaint = '';
  #onClosed: () => void = () => undefined;

  constructor(
    { perl, openFilesLimit, leaves }: LaunchHelperOptions,
    listener: LaunchHelperListener,
  ) {
    this.#listener = listener;
    const own = leaves === undefined ? [] : [leaves.runId, leaves.statusDir];
    const command = [perl, '-e', LAUNCH_HELPER_SCRIPT, ...own];
    const [file = '', ...args] =
      openFilesLimit === undefined
        ? command
        : ['/bin/sh', '-c', WITH_LIMIT, 'memsched', String(openFilesLimit), ...command];
    try {
      this.#child = spawn(file, args, { cwd: '/', env: HELPER_ENVIRONMENT, detached: true });
    } catch (error) {
      queueMicrotask(() => {
        this.#end(`could not be started: ${describeError(error)}`);
      });
      return;
    }
    this.#listen(this.#child);
  }

  /** Its process; undefined when there is none. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Hands it a frame: at once, or as soon as it is ready. To one that is gone nothing comes through. */
  send(frame: Buffer): void {
    this.#child?.stdin?.write(frame);
  }

  /** Ends it, in order if it can; what it has been given before is carried out or has failed when this is done. */
  async close(): Promise<void> {
    const child = this.#child;
    if (this.#state !== 'open' || child?.pid === undefined) {
      this.#state = 'gone';
      return;
    }
    this.#state = 'closing';
    const closed = new Promise<void>((resolve) => {
      this.#onClosed = resolve;
    });
    child.ref();
    child.stdin?.end(GOODBYE);
    const deadline = setTimeout(() => {
      child.kill('SIGKILL');
    }, CLOSE_WITHIN_MS);
    await closed;
    clearTimeout(deadline);
  }

  #listen(child: ChildProcess): void {
    child.stdout?.setEncoding('latin1').on('data', (text: string) => {
      this.#hear(text);
    });
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#complaint = (this.#complaint + text).slice(-COMPLAINT_CHARS);
    });
    // It went while something was on the way to it: that is told by its end.
    child.stdin?.on('error', () => undefined);
    let why = 'has ended';
    child.once('error', (error) => {
      this.#end(`could not be started: ${describeError(error)}`);
    });
    child.once('exit', (code, signal) => {
      why = signal === null ? `ended with exit code ${code ?? '?'}` : `was ended by ${signal}`;
      setTimeout(() => {
        child.stdout?.destroy();
        child.stderr?.destroy();
      }, LAST_WORDS_WITHIN_MS).unref();
    });
    child.once('close', () => {
      const complaint = this.#complaint.trim().split('\n').at(-1) ?? '';
      this.#end(complaint === '' ? why : `${why}: ${complaint}`);
    });
    // Whoever waits for tasks has timers of their own.
    child.unref();
    for (const stream of child.stdio) (stream as { unref?: () => void } | null)?.unref?.();
  }

  #hear(text: string): void {
    const lines = (this.#line + text).split('\n');
    this.#line = lines.pop() ?? '';
    for (const line of lines) {
      const report = parseReport(line);
      if (report?.kind === 'ready') this.#isReady = true;
      if (report !== undefined) this.#listener.onReport(report);
    }
  }

  #end(why: string): void {
    const before = this.#state;
    this.#state = 'gone';
    if (before === 'open') this.#listener.onGone(this.#isReady, why);
    this.#onClosed();
  }
}
