import { existsSync } from 'node:fs';
import { dirname } from 'node:path';
import { probeCgroup, type CgroupProbe } from './cgroup-probe.js';
import { readIfAllowed } from './kernel-file.js';
import { ancestorsOf, type LimitSource } from './memory-levels.js';
import { cgroupDirectory, parseCgroupMounts, type CgroupMount } from './mountinfo.js';
import { parseProcCgroup } from './proc-cgroup.js';

/** How cgroups are mounted: v2 alone, v2 beside v1 controllers, v1 alone, or not at all. */
export type CgroupMode = 'unified' | 'hybrid' | 'v1' | 'none';

/** Our own place in the v2 hierarchy. */
export interface OwnCgroup {
  /** As `/proc/self/cgroup` shows it. */
  readonly path: string;
  readonly directory: string;
  readonly mountPoint: string;
  /**
   * `real-root`: the hierarchy's own root, free of the no-internal-process rule. `namespace-root`: the top of a
   * container. `task`: inside a task, or beside the supervisor, of another memsched run. `inner`: anywhere else.
   */
  readonly position: 'real-root' | 'namespace-root' | 'task' | 'inner';
  readonly controllers: readonly string[];
  /** Processes in it other than this one. */
  readonly otherPids: readonly number[];
  /** Where our own tree would be made, and whether we may. */
  readonly rootDirectory: string;
  readonly probe: CgroupProbe;
}

/** What the kernel offers in cgroups. */
export interface CgroupSurvey {
  readonly mode: CgroupMode;
  /** Absent without a v2 hierarchy, or when our own cgroup lies outside of what is mounted. */
  readonly own?: OwnCgroup;
  /** All directories that may limit memory above us, nearest first. */
  readonly limits: readonly LimitSource[];
  /** Our cgroups in whatever hierarchies have the cpu controller, with their ancestors. */
  readonly cpuDirectories: readonly string[];
  /** The same for the pids controller. */
  readonly pidsDirectories: readonly string[];
}

/** Where another run keeps its supervisor: a second memsched started beside it builds next to that run. */
const BESIDE_SUPERVISOR = /\/memsched-[^/]+\/supervisor$/;
const IN_A_TASK = /\/memsched-[^/]+\/tasks\//;

/**
 * Reads where we are and what is mounted.
 *
 * @param procPath - `/proc`, or a recorded one.
 */
export function surveyCgroups(procPath: string): CgroupSurvey {
  const mounts = parseCgroupMounts(readIfAllowed(`${procPath}/self/mountinfo`) ?? '');
  const where = parseProcCgroup(readIfAllowed(`${procPath}/self/cgroup`) ?? '');
  const v2 = mounts.find((mount) => mount.version === 2);
  const v1With = (controller: string): CgroupMount | undefined =>
    mounts.find((mount) => mount.version === 1 && mount.options.includes(controller));
  const chainV1 = (controller: string): readonly string[] => {
    const mount = v1With(controller);
    const path = where.v1Paths.get(controller);
    if (mount === undefined || path === undefined) return [];
    const own = cgroupDirectory(mount, path);
    // A container often mounts only its own part, without saying so: then the mount's top is our group.
    const start = own !== undefined && existsSync(own) ? own : mount.mountPoint;
    return ancestorsOf(start, mount.mountPoint);
  };
  const own = v2 && where.v2Path !== undefined ? ownCgroup(v2, where.v2Path) : undefined;
  const chainV2 = own === undefined ? [] : ancestorsOf(own.directory, own.mountPoint);
  return {
    mode: modeOf(mounts),
    ...(own !== undefined && { own }),
    limits: [
      ...chainV2.map((directory) => ({ version: 2, directory }) as const),
      ...chainV1('memory').map((directory) => ({ version: 1, directory }) as const),
    ],
    cpuDirectories: [...chainV2, ...chainV1('cpu')],
    pidsDirectories: [...chainV2, ...chainV1('pids')],
  };
}

function modeOf(mounts: readonly CgroupMount[]): CgroupMode {
  const v2 = mounts.some((mount) => mount.version === 2);
  const v1 = mounts.some((mount) => mount.version === 1 && mount.options.includes('memory'));
  if (v2) return v1 ? 'hybrid' : 'unified';
  return mounts.length > 0 ? 'v1' : 'none';
}

function ownCgroup(mount: CgroupMount, path: string): OwnCgroup | undefined {
  const directory = cgroupDirectory(mount, path);
  if (directory === undefined || !existsSync(directory)) return undefined;
  const rootDirectory = BESIDE_SUPERVISOR.test(directory) ? dirname(dirname(directory)) : directory;
  return {
    path,
    directory,
    mountPoint: mount.mountPoint,
    position: positionOf(mount, directory),
    controllers: words(readIfAllowed(`${rootDirectory}/cgroup.controllers`)),
    otherPids: words(readIfAllowed(`${directory}/cgroup.procs`))
      .map(Number)
      .filter((pid) => pid !== process.pid),
    rootDirectory,
    probe: mount.readOnly ? { kind: 'refused', errno: 'EROFS' } : probeCgroup(rootDirectory),
  };
}

/** The real root is the one cgroup without `cgroup.type` (cgroup-v2.rst). */
function positionOf(mount: CgroupMount, directory: string): OwnCgroup['position'] {
  if (IN_A_TASK.test(directory) || BESIDE_SUPERVISOR.test(directory)) return 'task';
  if (directory !== mount.mountPoint) return 'inner';
  return existsSync(`${directory}/cgroup.type`) ? 'namespace-root' : 'real-root';
}

function words(text: string | undefined): readonly string[] {
  return (text ?? '').split(/\s+/).filter((word) => word !== '');
}
