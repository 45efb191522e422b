import { parseProcCgroup } from '../host/proc-cgroup.js';
import { readIfAllowed, writeKernelFile } from '../host/kernel-file.js';
import { killAll, markedProcesses } from '../host/marked-processes.js';
import { readProcStat } from '../host/processes.js';

/** Where the main process is, is looked at this often. */
const LOOK_EVERY_MS = 2000;
/** One that goes away again and again is told of so often. */
const TOLD_MAX = 5;

/** What the place of a main process is watched with. */
export interface StrayWatchOptions {
  /** The attempt's cgroup: `…/memsched-<run>/tasks/<attempt>`. */
  readonly directory: string;
  readonly procPath: string;
  /** In the environment of the attempt's processes, and of nobody else's. */
  readonly marks: readonly string[];
}

/**
 * Notices that an attempt's main process has moved to another cgroup, and puts it back. Root may do that, and so may any
 * user within what is delegated to him (cgroup-v2.rst, "Delegation Containment"); then neither is its memory counted nor
 * does `cgroup.kill` reach it. What it started meanwhile is found by its environment and ended with it.
 */
export class StrayWatch {
  readonly #inside: string;
  #main: { readonly pid: number; startTicks?: number } | undefined;
  #dueMs = -Infinity;
  #strays = 0;

  constructor(private readonly options: StrayWatchOptions) {
    this.#inside = `/${options.directory.split('/').slice(-3).join('/')}/`;
  }

  /** Whether it ever left: then processes of the attempt may be anywhere. */
  get hasStrayed(): boolean {
    return this.#strays > 0;
  }

  adopt(pid: number): void {
    this.#main = { pid };
  }

  /** It has ended, and its pid may be anybody's. */
  forgetMain(): void {
    this.#main = undefined;
  }

  /**
   * Looks, if it is time to or nothing is left in the cgroup.
   *
   * @returns the cgroup that it was found in, as `/proc/PID/cgroup` shows it; undefined when it is where it belongs.
   */
  look(nowMs: number, isPopulated: boolean): string | undefined {
    const main = this.#main;
    if (main === undefined) return undefined;
    const { procPath, directory } = this.options;
    main.startTicks ??= readProcStat(procPath, main.pid)?.startTicks ?? Number.NaN;
    if (isPopulated && nowMs < this.#dueMs) return undefined;
    this.#dueMs = nowMs + LOOK_EVERY_MS;
    const path = parseProcCgroup(readIfAllowed(`${procPath}/${main.pid}/cgroup`) ?? '').v2Path;
    if (path === undefined || `${path}/`.includes(this.#inside)) return undefined;
    const stat = readProcStat(procPath, main.pid);
    if (stat?.startTicks !== main.startTicks || stat.state === 'Z' || stat.state === 'X')
      return undefined;
    writeKernelFile(`${directory}/cgroup.procs`, String(main.pid));
    this.#strays += 1;
    return this.#strays <= TOLD_MAX ? path : undefined;
  }

  /** Ends what the attempt has outside of its cgroup; true when there was something. */
  endStrays(): boolean {
    if (!this.hasStrayed) return false;
    const pids = markedProcesses(this.options.procPath, this.options.marks);
    killAll(pids);
    return pids.length > 0;
  }
}
