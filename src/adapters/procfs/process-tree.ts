import { readIfAllowed, type KernelFile, type KernelFiles } from '../host/kernel-file.js';
import { parseProcStat, TICKS_PER_S, type ProcStat } from '../host/proc-stat.js';
import { listPids, readProcStat } from '../host/processes.js';

/** Foreign processes are checked again this often: a pid may have been used a second time, an environment unreadable. */
const RECHECK_MS = 1000;

/** A process that belongs to an attempt. */
export interface Member {
  readonly pid: number;
  readonly startTicks: number;
  readonly session: number;
  /** Its `/proc/PID/stat`, kept open. */
  readonly stat: KernelFile;
  cpuTicks: number;
}

/** What is known of one attempt's processes. */
interface Family {
  readonly cookie: string;
  readonly members: Map<number, Member>;
  /** Processor time of those that are gone. */
  pastCpuTicks: number;
}

/**
 * Which processes belong to which attempt, without cgroups.
 *
 * A new process is an attempt's when its parent, its session or its process group is, or when the attempt's cookie is
 * in its environment: a daemon has left parent, session and group behind, but keeps the environment it was forked with.
 * What was once found foreign costs nothing more, but once a second everything is looked at afresh.
 */
export class ProcessTree {
  readonly #families = new Map<string, Family>();
  /** Whose process, by pid. */
  readonly #ownerOf = new Map<number, string>();
  /** Sessions that an attempt's main process leads, or led while others are still in it. */
  readonly #sessions = new Map<number, string>();
  readonly #foreign = new Set<number>();
  #recheckDueMs = -Infinity;

  constructor(
    private readonly procPath: string,
    private readonly files: KernelFiles,
    private readonly now: () => number,
  ) {}

  /**
   * From now on looks for an attempt's processes.
   *
   * @param cookie - `KEY=value`, in the environment of all of them and of nobody else.
   */
  addOwner(name: string, cookie: string): void {
    this.#families.set(name, { cookie, members: new Map(), pastCpuTicks: 0 });
  }

  /** The attempt's main process: leader of a session of its own. */
  adopt(name: string, pid: number): void {
    this.#foreign.delete(pid);
    const stat = readProcStat(this.procPath, pid);
    if (stat === undefined || !isAlive(stat)) return;
    if (stat.session === pid) this.#sessions.set(pid, name);
    this.#join(name, stat);
  }

  /** Stops looking for an attempt's processes. */
  removeOwner(name: string): void {
    for (const member of this.membersOf(name)) {
      this.#ownerOf.delete(member.pid);
      member.stat.close();
    }
    this.#families.delete(name);
    this.#dropEmptySessions(() => true);
  }

  /**
   * Looks for new processes, and at those that are known.
   *
   * @param names - only the known processes of these attempts matter now; default: all.
   */
  refresh(names: Iterable<string> = this.#families.keys()): void {
    const nowMs = this.now();
    if (nowMs >= this.#recheckDueMs) {
      this.#recheckDueMs = nowMs + RECHECK_MS;
      this.#foreign.clear();
    }
    const pids = listPids(this.procPath);
    const present = new Set(pids);
    for (const pid of this.#foreign) if (!present.has(pid)) this.#foreign.delete(pid);
    for (const name of names) this.#refreshFamily(name);
    this.#dropEmptySessions((session) => present.has(session));
    const strangers = pids
      .filter((pid) => !this.#ownerOf.has(pid) && !this.#foreign.has(pid))
      .map((pid) => readProcStat(this.procPath, pid))
      .filter((stat) => stat !== undefined)
      .filter(isAlive);
    this.#classify(strangers);
    this.#dropEmptySessions(() => true);
  }

  /** The live processes of an attempt, as of the last look. */
  membersOf(name: string): readonly Member[] {
    return [...(this.#families.get(name)?.members.values() ?? [])];
  }

  /** Processor time of all its processes that a look has found, in milliseconds. */
  cpuMs(name: string): number {
    const family = this.#families.get(name);
    if (family === undefined) return 0;
    const living = this.membersOf(name).reduce((sum, member) => sum + member.cpuTicks, 0);
    return Math.round(((family.pastCpuTicks + living) * 1000) / TICKS_PER_S);
  }

  /** Whether a process is still the one that was found, and not dead: a pid alone may be somebody else by now. */
  isSame(member: Member): boolean {
    return this.#lookAt(member) !== undefined;
  }

  /** Whether it was stopped (SIGSTOP, SIGTSTP): then no other signal but SIGKILL and SIGCONT reaches it. */
  isStopped(member: Member): boolean {
    return this.#lookAt(member)?.state === 'T';
  }

  /** Through a file kept open, so that a pid's next owner is never mistaken for it; ESRCH when it is gone. */
  #lookAt(member: Member): ProcStat | undefined {
    const text = member.stat.read();
    const stat = text === undefined ? undefined : parseProcStat(text);
    return stat?.startTicks === member.startTicks && isAlive(stat) ? stat : undefined;
  }

  #refreshFamily(name: string): void {
    const family = this.#families.get(name);
    if (family === undefined) return;
    for (const member of family.members.values()) {
      const stat = this.#lookAt(member);
      if (stat !== undefined) {
        member.cpuTicks = stat.cpuTicks;
        continue;
      }
      family.pastCpuTicks += member.cpuTicks;
      family.members.delete(member.pid);
      member.stat.close();
      if (this.#ownerOf.get(member.pid) === name) this.#ownerOf.delete(member.pid);
    }
  }

  /** Children may come before their parents, so families are joined until nothing changes. */
  #classify(strangers: readonly ProcStat[]): void {
    const left = this.#joinFamilies(strangers);
    const rest = left.filter((stat) => {
      const owner = this.#ownerByCookie(stat.pid);
      if (owner !== undefined) this.#join(owner, stat);
      return owner === undefined;
    });
    const foreign = rest.length === left.length ? rest : this.#joinFamilies(rest);
    for (const stat of foreign) this.#foreign.add(stat.pid);
  }

  #joinFamilies(strangers: readonly ProcStat[]): readonly ProcStat[] {
    const left = strangers.filter((stat) => {
      const owner = this.#ownerByFamily(stat);
      if (owner !== undefined) this.#join(owner, stat);
      return owner === undefined;
    });
    return left.length === strangers.length ? left : this.#joinFamilies(left);
  }

  #ownerByFamily(stat: ProcStat): string | undefined {
    return (
      this.#ownerOf.get(stat.parentPid) ??
      this.#sessions.get(stat.session) ??
      this.#ownerOf.get(stat.processGroup)
    );
  }

  /** Only environments of our own user can be read; a task cannot start anybody else's without privileges. */
  #ownerByCookie(pid: number): string | undefined {
    if (this.#families.size === 0) return undefined;
    const environment = readIfAllowed(`${this.procPath}/${pid}/environ`);
    if (environment === undefined || environment === '') return undefined;
    const variables = new Set(environment.split('\0'));
    for (const [name, family] of this.#families) {
      if (variables.has(family.cookie)) return name;
    }
    return undefined;
  }

  #join(owner: string, stat: ProcStat): void {
    const { pid, startTicks, session, cpuTicks } = stat;
    this.#families.get(owner)?.members.get(pid)?.stat.close();
    const file = this.files.file(`${this.procPath}/${pid}/stat`);
    this.#ownerOf.set(pid, owner);
    this.#families.get(owner)?.members.set(pid, { pid, startTicks, session, cpuTicks, stat: file });
  }

  /**
   * An empty session's number may be given to a stranger next. As long as no process has the number as its pid, that
   * has not happened: a process in the session was forked unseen by one of ours.
   */
  #dropEmptySessions(isSuspect: (session: number) => boolean): void {
    if (this.#sessions.size === 0) return;
    const inUse = new Set<number>();
    for (const family of this.#families.values()) {
      for (const member of family.members.values()) inUse.add(member.session);
    }
    for (const session of this.#sessions.keys()) {
      if (!inUse.has(session) && isSuspect(session)) this.#sessions.delete(session);
    }
  }
}

function isAlive(stat: ProcStat): boolean {
  return stat.state !== 'Z' && stat.state !== 'X';
}
