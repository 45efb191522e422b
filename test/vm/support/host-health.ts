import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { HELPER_NAME } from '../../support/processes.js';
import { CGROUP_MOUNT } from './cgroup.js';

/** How many processes the kernel's OOM killer has taken since boot, anywhere on the host (`/proc/vmstat`). */
export function oomKills(): number {
  const match = /^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8'));
  return Number(match?.[1]);
}

/** Runs `work` and counts the OOM kills meanwhile. */
export async function countingOomKills<T>(work: () => Promise<T>): Promise<[T, number]> {
  const before = oomKills();
  const value = await work();
  return [value, oomKills() - before];
}

/** After every test of the file nothing of memsched's may be left: no cgroup, no process. */
export function expectNothingLeft(): void {
  beforeEach(() => {
    expect(leftovers(), 'left by someone else').toEqual([]);
  });
  afterEach(() => {
    expect(leftovers(), 'left behind').toEqual([]);
  });
}

/** memsched's cgroups and helpers, and processes that a run of memsched has started. */
export function leftovers(): string[] {
  return [...cgroupsBelow(CGROUP_MOUNT), ...processesOfRuns()];
}

function cgroupsBelow(path: string): string[] {
  return readdirSync(path, { withFileTypes: true }).flatMap((entry) => {
    if (!entry.isDirectory()) return [];
    const child = join(path, entry.name);
    return entry.name.startsWith('memsched-') ? [child] : cgroupsBelow(child);
  });
}

/** Every process of a task inherits MEMSCHED_RUN_ID; the launch helper has a name. */
function processesOfRuns(): string[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((pid) => {
      const environment = readProc(pid, 'environ');
      const commandLine = readProc(pid, 'cmdline').replaceAll('\0', ' ');
      const isOurs =
        /(?:^|\0)MEMSCHED_RUN_ID=/.test(environment) || commandLine.startsWith(HELPER_NAME);
      return isOurs ? [`process ${pid}: ${commandLine}`] : [];
    });
}

/** Empty for a process that is gone, or is none of our business. */
function readProc(pid: string, file: string): string {
  try {
    return readFileSync(join('/proc', pid, file), 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ESRCH' || code === 'EACCES') return '';
    throw error;
  }
}
