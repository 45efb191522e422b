import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { kernelTree, removeSubtree } from '../../src/adapters/cgroup/cgroup-fs.js';
import { surveyHost } from '../../src/adapters/host/survey.js';
import { until } from './poll.js';

/** The cgroups of the run that a task, by its process, belongs to; undefined in the procfs tier. */
export function runTreeOf(task: number): string | undefined {
  const path = /^0::(.*\/memsched-[^/]+)/m.exec(readFileSync(`/proc/${task}/cgroup`, 'utf8'))?.[1];
  const mount = surveyHost().cgroups.own?.mountPoint;
  return path === undefined || mount === undefined ? undefined : join(mount, path);
}

/** Removes the cgroups of a run whose supervisor was killed, and of which nobody lives any more. */
export async function removeRunTree(tree: string | undefined): Promise<void> {
  if (tree === undefined) return;
  await until('its cgroups to go', () => removeSubtree(tree, kernelTree) === 'removed');
}
