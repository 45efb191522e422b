import { accessSync, constants, existsSync, mkdirSync, rmdirSync } from 'node:fs';
import { errnoOf } from './errno.js';
import { readIfAllowed } from './kernel-file.js';

/** What trying to make a cgroup showed. */
export type CgroupProbe =
  | { readonly kind: 'writable'; readonly cgroupKill: boolean; readonly pressure: boolean }
  | { readonly kind: 'refused'; readonly errno: string };

/**
 * Makes a cgroup in `directory` and removes it again: the only test of write access that read-only mounts, namespaces
 * and security modules cannot fool. Bringing a process in needs write access to the `cgroup.procs` of `directory`,
 * too, as the common ancestor (cgroup-v2.rst, "Delegation Containment").
 */
export function probeCgroup(directory: string): CgroupProbe {
  const probe = `${directory}/memsched-probe-${process.pid}`;
  try {
    accessSync(`${directory}/cgroup.procs`, constants.W_OK);
    mkdirSync(probe);
  } catch (error) {
    return { kind: 'refused', errno: errnoOf(error) ?? String(error) };
  }
  try {
    return {
      kind: 'writable',
      cgroupKill: existsSync(`${probe}/cgroup.kill`),
      // With psi=0 the file may be there and not to be read.
      pressure: readIfAllowed(`${probe}/memory.pressure`) !== undefined,
    };
  } finally {
    rmdirSync(probe);
  }
}
