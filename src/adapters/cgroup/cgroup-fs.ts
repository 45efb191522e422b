import { mkdirSync, readdirSync, rmdirSync } from 'node:fs';
import { errnoOf, isGone } from '../host/errno.js';
import { readKernelFile } from '../host/kernel-file.js';

/** Making and removing cgroups: the part that a test's directory tree has to imitate. */
export interface CgroupTree {
  /** Makes one cgroup; throws what mkdir(2) says. */
  make(directory: string): void;
  /** Removes one empty cgroup; `busy` while a process of it still dies (EBUSY). */
  remove(directory: string): 'removed' | 'busy';
}

/** The kernel's own. */
export const kernelTree: CgroupTree = {
  make: (directory) => {
    mkdirSync(directory);
  },
  remove: (directory) => {
    try {
      rmdirSync(directory);
      return 'removed';
    } catch (error) {
      if (isGone(error)) return 'removed';
      const code = errnoOf(error);
      if (code === 'EBUSY' || code === 'ENOTEMPTY') return 'busy';
      throw error;
    }
  },
};

/** Makes a cgroup, or takes the one that is there. */
export function makeIfMissing(directory: string, tree: CgroupTree): void {
  try {
    tree.make(directory);
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error;
  }
}

/** Sub-cgroups of a cgroup, by path; none when it is gone. */
export function childrenOf(directory: string): readonly string[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory())
      .map((entry) => `${directory}/${entry.name}`);
  } catch (error) {
    if (isGone(error)) return [];
    throw error;
  }
}

/** A cgroup and all below it, deepest first. */
export function subtreeOf(directory: string): readonly string[] {
  return [...childrenOf(directory).flatMap(subtreeOf), directory];
}

/**
 * Removes a cgroup and all below it; `busy` when a part of it did not go yet. Most have nothing below them, so it is
 * tried without a look first.
 */
export function removeSubtree(directory: string, tree: CgroupTree): 'removed' | 'busy' {
  if (tree.remove(directory) === 'removed') return 'removed';
  const children = childrenOf(directory);
  if (children.length === 0) return 'busy';
  const results = children.map((child) => removeSubtree(child, tree));
  return results.includes('busy') ? 'busy' : tree.remove(directory);
}

/** Pids in one cgroup; none when it is gone. A threaded one (EOPNOTSUPP) shows them in its parent. */
export function procsOf(directory: string): readonly number[] {
  return parsePids(readKernelFile(`${directory}/cgroup.procs`) ?? '');
}

/** Pids in a cgroup and all below it: a task may have made cgroups of its own. */
export function procsBelow(directory: string): readonly number[] {
  return subtreeOf(directory).flatMap(procsOf);
}

/** Parses `cgroup.procs`: a pid a line; 0 is a process of another pid namespace, out of our reach. */
export function parsePids(text: string): readonly number[] {
  return text
    .split('\n')
    .map(Number)
    .filter((pid) => pid > 0);
}
