import { existsSync, readdirSync, readFileSync } from 'node:fs';

/** What a process has cost so far. */
export interface ProcessCost {
  /** Processor time of all its threads, milliseconds. */
  readonly cpuMs: number;
  readonly rssBytes: number;
  /** The most that its RSS ever was. */
  readonly mostRssBytes: number;
}

/** Linux counts processor time in hundredths of a second for user space (USER_HZ, proc(5)). */
const TICK_MS = 10;

/** @throws Error when there is no such process. */
export function costOf(pid: number): ProcessCost {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const kib = (key: string): number =>
    Number(new RegExp(`^${key}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]);
  return {
    cpuMs: scheduledMs(pid) ?? countedMs(pid),
    rssBytes: 1024 * kib('VmRSS'),
    mostRssBytes: 1024 * kib('VmHWM'),
  };
}

/** Children of a process, by their names as `comm` has them. */
export function childrenOf(pid: number): { readonly pid: number; readonly name: string }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        const [, comm = '', parent] = /^\d+ \((.*)\) \S (\d+)/s.exec(stat) ?? [];
        return Number(parent) === pid ? [{ pid: Number(name), name: comm }] : [];
      } catch {
        return []; // gone meanwhile
      }
    });
}

/** All processes below a process. */
export function descendantsOf(pid: number): { readonly pid: number; readonly name: string }[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child.pid)]);
}

/** To the nanosecond, of the threads that live; undefined where the kernel does not count it (proc(5), schedstat). */
function scheduledMs(pid: number): number | undefined {
  if (!existsSync(`/proc/${pid}/schedstat`)) return undefined;
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.reduce((sum, thread) => {
    const [ns = '0'] = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ');
    return sum + Number(ns) / 1e6;
  }, 0);
}

/** utime and stime: the 14th and 15th field; the second one, a name in parentheses, may hold anything. */
function countedMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return TICK_MS * (Number(fields[11]) + Number(fields[12]));
}
