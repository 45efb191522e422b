import { existsSync } from 'node:fs';
import { basename } from 'node:path';
import { MiB } from '../../util/bytes.js';
import { err, ok, type Result } from '../../util/result.js';
import { HostError } from '../host/host-error.js';
import { readKernelFile, refusal, writeKernelFile } from '../host/kernel-file.js';
import { cgroupDirectory, parseCgroupMounts } from '../host/mountinfo.js';
import { parseProcCgroup } from '../host/proc-cgroup.js';
import { childrenOf, makeIfMissing, procsOf, removeSubtree, type CgroupTree } from './cgroup-fs.js';
import { disableController, enableController, isEnabled } from './controllers.js';

/** What is kept for us when memory is reclaimed: node's heap and the journal's buffers. May be refused. */
const SUPERVISOR_LOW_BYTES = 128 * MiB;
/** Rounds of moving processes out of a cgroup that keeps forking. */
const MOVE_ROUNDS = 10;

/** The place of the supervisor in a run's tree. */
export interface SupervisorOptions {
  /** `memsched-<run>`. */
  readonly directory: string;
  readonly rootDirectory: string;
  readonly tree: CgroupTree;
}

/** What was done, and how to take it back. */
export interface Entered {
  /** Moves everybody back to where they came from; false when that is not possible. */
  readonly leave: () => boolean;
}

/** What tasks are given controllers for: memory always, the others where they are to be had. */
const WISHED = ['pids'];

/**
 * Moves us into `supervisor/` and hands the memory controller down to `tasks/`.
 *
 * A cgroup that hands a controller down may hold no processes itself (cgroup-v2.rst, "No Internal Process Constraint";
 * only the hierarchy's real root may). So everybody in the root moves along with us: others are in there only where we
 * are root of a container, or of a host without systemd. In the end they are put back.
 */
export function enterSupervisor(options: SupervisorOptions): Result<Entered, HostError> {
  const { directory, rootDirectory } = options;
  const supervisor = `${directory}/supervisor`;
  const isRealRoot = !existsSync(`${rootDirectory}/cgroup.type`);
  const cameFrom = ownDirectory() ?? rootDirectory;
  makeIfMissing(supervisor, options.tree);
  const refused = moveIn(process.pid, supervisor);
  if (refused !== undefined) {
    return err(new HostError(`cannot move into ${supervisor} (${refused})`, 'memsched doctor'));
  }
  if (!isRealRoot) moveAll(rootDirectory, supervisor);

  const goBack = (): boolean => {
    if (cameFrom !== rootDirectory) moveIn(process.pid, cameFrom);
    const left = isRealRoot ? [] : leftTrees(rootDirectory, directory);
    if (procsOf(supervisor).length === 0 && left.length === 0) return true;
    if (!isRealRoot && !takeMemoryBack(rootDirectory, [directory, ...left])) {
      return procsOf(supervisor).length === 0;
    }
    for (const each of left) {
      moveAll(`${each}/supervisor`, rootDirectory);
      removeSubtree(each, options.tree);
    }
    return moveAll(supervisor, rootDirectory);
  };
  for (const each of [rootDirectory, directory, `${directory}/tasks`]) {
    for (const controller of WISHED) enableController(each, controller);
    const enabling = enableController(each, 'memory');
    if (enabling.kind !== 'failed') continue;
    goBack();
    const message = `the kernel does not hand the memory controller down in ${each} (${enabling.errno})`;
    return err(new HostError(message, 'memsched doctor'));
  }
  for (const each of [directory, supervisor]) {
    writeKernelFile(`${each}/memory.low`, String(SUPERVISOR_LOW_BYTES));
  }
  return ok({ leave: goBack });
}

/** Moves a process; undefined when it is there or gone, else the reason against it. */
function moveIn(pid: number, directory: string): string | undefined {
  return refusal(writeKernelFile(`${directory}/cgroup.procs`, String(pid)));
}

/** Moves all processes, also those forked meanwhile; false when some stayed. */
function moveAll(from: string, to: string): boolean {
  for (let round = 0; round < MOVE_ROUNDS; round += 1) {
    const pids = procsOf(from);
    if (pids.length === 0) return true;
    const refused = pids.map((pid) => moveIn(pid, to)).filter((reason) => reason !== undefined);
    if (refused.length === pids.length) return false;
  }
  return procsOf(from).length === 0;
}

/**
 * Trees of other runs that had to leave without clearing up, because the root still handed memory down to somebody else:
 * `supervisor/` holds those who were moved, and nothing else is left. Runs make `tasks/` before `supervisor/` and remove it
 * before they leave, so a tree that still has it may be alive: one whose supervisor was killed cannot be told from that.
 */
function leftTrees(rootDirectory: string, directory: string): readonly string[] {
  return childrenOf(rootDirectory).filter((each) => {
    if (each === directory || !basename(each).startsWith('memsched-')) return false;
    const inside = childrenOf(each);
    return inside.length === 1 && inside[0] === `${each}/supervisor`;
  });
}

/**
 * The root may hold processes again only when it hands nothing down, and that only when nobody else lives on it.
 *
 * @param trees - ours, and those that nobody supervises any more.
 */
function takeMemoryBack(rootDirectory: string, trees: readonly string[]): boolean {
  if (childrenOf(rootDirectory).some((each) => !trees.includes(each))) return false;
  return [...trees, rootDirectory].every((each) => {
    for (const controller of WISHED)
      if (isEnabled(each, controller)) disableController(each, controller);
    return disableController(each, 'memory');
  });
}

function ownDirectory(): string | undefined {
  const path = parseProcCgroup(readKernelFile('/proc/self/cgroup') ?? '').v2Path;
  const mounts = parseCgroupMounts(readKernelFile('/proc/self/mountinfo') ?? '');
  const mount = mounts.find((each) => each.version === 2);
  return path === undefined || mount === undefined ? undefined : cgroupDirectory(mount, path);
}
