import { existsSync, mkdirSync, rmdirSync } from 'node:fs';
import { errnoOf } from './errno.js';
import { writeKernelFile } from './kernel-file.js';

/** What trying to make a cgroup showed. */
export type CgroupProbe =
  | { readonly kind: 'writable'; readonly cgroupKill: boolean; readonly pressure: boolean }
  | { readonly kind: 'refused'; readonly errno: string };

/**
 * Makes a cgroup in `directory` and removes it again: the only test of write access that read-only mounts, namespaces
 * and security modules cannot fool.
 */
export function probeCgroup(directory: string): CgroupProbe {
  const probe = `${directory}/memsched-probe-${process.pid}`;
  try {
    mkdirSync(probe);
  } catch (error) {
    return { kind: 'refused', errno: errnoOf(error) ?? String(error) };
  }
  try {
    // Bringing a process in needs write access here, too: the common ancestor's cgroup.procs (cgroup-v2.rst).
    const entry = writeKernelFile(`${directory}/cgroup.procs`, '');
    if (typeof entry === 'object' && (entry.errno === 'EACCES' || entry.errno === 'EPERM')) {
      return { kind: 'refused', errno: entry.errno };
    }
    return {
      kind: 'writable',
      cgroupKill: existsSync(`${probe}/cgroup.kill`),
      pressure: existsSync(`${probe}/memory.pressure`),
    };
  } finally {
    rmdirSync(probe);
  }
}
