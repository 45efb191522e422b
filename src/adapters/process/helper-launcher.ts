import type { LaunchListener, LaunchOrder, Launcher } from '../../supervisor/ports.js';
import type { StartFault } from '../../core/outcome.js';
import { assert } from '../../util/assert.js';
import { ok, type Result } from '../../util/result.js';
import { codeOfErrno } from '../../util/system-error.js';
import { endPart } from './end-part.js';
import { inheritable } from './environment.js';
import { exitStatusOf } from './exit-status.js';
import { LaunchHelper, type LeavesTo } from './launch-helper.js';
import {
  environmentFrame,
  failureWords,
  orderFrame,
  type HelperReport,
  type LaunchFailure,
} from './launch-helper-protocol.js';
import { limitToRestore } from './open-files-limit.js';
import { prepareOrder } from './prepare-order.js';
import { programFinder } from './resolve-program.js';
import { startFault } from '../host/start-fault.js';

/** What the launcher is given once for the whole run. */
export interface HelperLauncherOptions {
  /** The Perl to run the helper with. */
  readonly perl: string;
  /** Where a helper leaves word should we die. */
  readonly leaves?: LeavesTo;
  /** What tasks inherit from; default: our own environment. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Makes the launcher for when no helper can be had any more. */
  readonly fallBack: () => Launcher;
  /** Says something that the user should know. */
  readonly warn: (sentence: string) => void;
}

/** A helper is worth another try when it dies; one that keeps dying is not. */
const HELPERS_AT_MOST = 4;

interface Pending {
  readonly order: LaunchOrder;
  readonly listener: LaunchListener;
  failure?: LaunchFailure;
}

/**
 * Starts attempts through a launch helper, which is started at once and gets ready while the run is prepared. Should
 * it die, what it had started is lost to us and ended as such; the next order has a new one. Where none comes up,
 * nothing was started by it, and everything is started by the fallback instead.
 */
export class HelperLauncher implements Launcher {
  readonly #options: HelperLauncherOptions;
  readonly #inherited: Readonly<Record<string, string>>;
  readonly #openFilesLimit = limitToRestore();
  readonly #findProgram = programFinder();
  readonly #pending = new Map<number, Pending>();
  #helper: LaunchHelper | undefined;
  #fallback: Launcher | undefined;
  #helpers = 0;
  #lastId = 0;
  #isClosed = false;

  constructor(options: HelperLauncherOptions) {
    this.#options = options;
    this.#inherited = inheritable(options.environment ?? process.env);
    this.#helper = this.#startHelper();
  }

  /** The helper's process; undefined while there is none. */
  get helperPid(): number | undefined {
    return this.#helper?.pid;
  }

  launch(order: LaunchOrder, listener: LaunchListener): Result<void, StartFault> {
    assert(!this.#isClosed, 'nothing is launched after the end of the run');
    if (this.#fallback !== undefined) return this.#fallback.launch(order, listener);
    const prepared = prepareOrder(order, this.#inherited, this.#findProgram);
    if (!prepared.ok) return prepared;
    this.#helper ??= this.#startHelper();
    const id = (this.#lastId += 1);
    this.#pending.set(id, { order, listener });
    this.#helper.send(orderFrame(id, order, prepared.value));
    return ok(undefined);
  }

  endPart(pid: number): void {
    endPart(pid);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#helper?.close();
    await this.#fallback?.close();
  }

  #startHelper(): LaunchHelper {
    this.#helpers += 1;
    const { perl, leaves } = this.#options;
    const helper = new LaunchHelper(
      {
        perl,
        openFilesLimit: this.#openFilesLimit,
        ...(leaves === undefined ? {} : { leaves }),
      },
      {
        onReport: (report) => {
          this.#take(report);
        },
        onGone: (wasReady, why) => {
          this.#helper = undefined;
          if (wasReady) this.#lose(`${helperWords(helper.pid)} ${why}`);
          else this.#doWithout(`${perl} ${why}`);
        },
      },
    );
    helper.send(environmentFrame(this.#inherited));
    return helper;
  }

  #take(report: HelperReport): void {
    if (report.kind === 'ready') return;
    const pending = this.#pending.get(report.id);
    if (pending === undefined) return;
    const { order, listener } = pending;
    if (report.kind === 'started') listener.onStarted(report.pid);
    else if (report.kind === 'failed') pending.failure = report.failure;
    else {
      this.#pending.delete(report.id);
      listener.onEnd(
        pending.failure === undefined
          ? exitStatusOf(report.waitStatus)
          : { kind: 'could-not-start', fault: faultOf(pending.failure, order) },
      );
    }
  }

  /** Of whom it had started it can be known no more how they end; of whom it had not, not even that. */
  #lose(who: string): void {
    const lost = this.#takeAllPending();
    const isOneTooMany = this.#helpers >= HELPERS_AT_MOST;
    const next = isOneTooMany
      ? 'from here on tasks are started without, which takes longer'
      : 'a new one takes over';
    this.#options.warn(`${who}; tasks lost with it: ${lost.length}; ${next}`);
    if (isOneTooMany) this.#fallback = this.#options.fallBack();
    for (const { order, listener, failure } of lost) {
      listener.onEnd(
        failure === undefined
          ? { kind: 'unknown', why: `${who}, and with it went all knowledge of how this one ends` }
          : { kind: 'could-not-start', fault: faultOf(failure, order) },
      );
    }
  }

  #doWithout(why: string): void {
    this.#options.warn(
      `tasks are started without the launch helper, which takes longer: ${why} (memsched doctor says more)`,
    );
    const fallback = (this.#fallback = this.#options.fallBack());
    for (const { order, listener } of this.#takeAllPending()) {
      const taken = fallback.launch(order, listener);
      if (!taken.ok) listener.onEnd({ kind: 'could-not-start', fault: taken.error });
    }
  }

  #takeAllPending(): readonly Pending[] {
    const all = [...this.#pending.values()];
    this.#pending.clear();
    return all;
  }
}

function faultOf(failure: LaunchFailure, order: LaunchOrder): StartFault {
  return startFault(failureWords(failure, order), codeOfErrno(failure.errno));
}

function helperWords(pid: number | undefined): string {
  return `the launch helper${pid === undefined ? '' : ` (process ${pid})`}`;
}
