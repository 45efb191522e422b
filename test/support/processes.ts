import { readdirSync, readFileSync } from 'node:fs';

/** How the launch helper calls itself. */
export const HELPER_NAME = 'memsched: launcher';

/** Fields of `/proc/PID/stat` from the third, the state, on; undefined when there is no such process. */
export function statOf(pid: number): readonly string[] | undefined {
  try {
    return readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ');
  } catch {
    return undefined;
  }
}

/** Whether a process lives: zombies do not. */
export function isRunning(pid: number): boolean {
  return !['Z', undefined].includes(statOf(pid)?.[0]);
}

/** The processes that a process has started and not yet buried. */
export function childrenOf(parent: number): readonly number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => statOf(pid)?.[1] === String(parent));
}

/** The launch helper of a supervisor; undefined while there is none. */
export function helperOf(supervisor: number): number | undefined {
  return childrenOf(supervisor).find((pid) => {
    try {
      return readFileSync(`/proc/${pid}/cmdline`, 'utf8').startsWith(HELPER_NAME);
    } catch {
      return false;
    }
  });
}

/** Every process that lives, with what its environment was when it was executed, as far as that may be read. */
export function listedProcesses(): { readonly pid: number; readonly environment: string[] }[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter(isRunning)
    .map((pid) => ({ pid, environment: environmentOf(pid) }));
}

function environmentOf(pid: number): string[] {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').split('\0');
  } catch {
    return [];
  }
}
