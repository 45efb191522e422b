import { existsSync } from 'node:fs';

/** Which engine's container we are in; `none` also where the engine leaves no mark. */
export type Container = 'podman' | 'docker' | 'none';

/** Looks for the file that an engine puts into the root of each of its containers. */
export function findContainer(root = ''): Container {
  if (existsSync(`${root}/run/.containerenv`)) return 'podman';
  return existsSync(`${root}/.dockerenv`) ? 'docker' : 'none';
}
