import { readdirSync } from 'node:fs';
import { readIfAllowed } from './kernel-file.js';
import { parseProcStat, type ProcStat } from './proc-stat.js';
import { parseUser } from './proc-status.js';

/** All processes that we can see, by pid. */
export function listPids(procPath: string): readonly number[] {
  const pids: number[] = [];
  for (const name of readdirSync(procPath)) {
    const first = name.charCodeAt(0);
    if (first >= 49 && first <= 57) pids.push(Number(name));
  }
  return pids;
}

/** A process's `/proc/PID/stat`; undefined when it is gone. */
export function readProcStat(procPath: string, pid: number): ProcStat | undefined {
  const text = readIfAllowed(`${procPath}/${pid}/stat`);
  return text === undefined ? undefined : parseProcStat(text);
}

/** The real user of a process; undefined when it is gone, or out of sight. */
export function userOf(procPath: string, pid: number): number | undefined {
  const text = readIfAllowed(`${procPath}/${pid}/status`);
  return text === undefined ? undefined : parseUser(text);
}

/** The `comm` names among `names` that a process has now: is some daemon running? */
export function runningOf(procPath: string, names: readonly string[]): readonly string[] {
  const found = new Set<string>();
  for (const pid of listPids(procPath)) {
    const comm = readIfAllowed(`${procPath}/${pid}/comm`)?.trim();
    if (comm !== undefined && names.includes(comm)) found.add(comm);
  }
  return [...found];
}
