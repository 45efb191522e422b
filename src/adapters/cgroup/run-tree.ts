import { existsSync } from 'node:fs';
import { MiB } from '../../util/bytes.js';
import { err, ok, type Result } from '../../util/result.js';
import { errnoOf } from '../host/errno.js';
import { HostError } from '../host/host-error.js';
import { writeKernelFile } from '../host/kernel-file.js';
import { childrenOf, procsBelow, procsOf, removeSubtree, type CgroupTree } from './cgroup-fs.js';
import { disableController, enableController } from './controllers.js';
import { killTree } from './kill-tree.js';

/** What the supervisor may keep when memory is reclaimed: node's heap and the journal's buffers. */
const SUPERVISOR_LOW_BYTES = 128 * MiB;
/** Rounds of moving processes out of a cgroup that keeps forking. */
const MOVE_ROUNDS = 10;

/** Where a run's tree goes. */
export interface RunTreeOptions {
  readonly tier: 'cgroup' | 'hybrid';
  readonly runId: string;
  /** The delegated directory; `memsched-<run>` is made in it. */
  readonly rootDirectory: string;
  readonly tree: CgroupTree;
}

/** A run's own cgroups, made and removed as a whole. */
export interface RunTree {
  readonly directory: string;
  readonly tasksDirectory: string;
  /** Removes the tree and puts everything back as it was; what does not go is returned, by path. */
  remove(): readonly string[];
}

/**
 * Makes `memsched-<run>/{supervisor,tasks}`.
 *
 * In the `cgroup` tier every process of the root moves into `supervisor/` first, ourselves included: a cgroup that
 * hands the memory controller down may not hold processes itself (cgroup-v2.rst, "No Internal Process Constraint";
 * only the hierarchy's real root may). Others are in there only where we are root of a container or of a host without
 * systemd; they are put back in the end.
 */
export function makeRunTree(options: RunTreeOptions): Result<RunTree, HostError> {
  const { rootDirectory, tree } = options;
  const directory = `${rootDirectory}/memsched-${options.runId}`;
  const stale = clearStale(directory, tree);
  if (stale !== undefined) return err(stale);
  try {
    tree.make(directory);
    tree.make(`${directory}/tasks`);
    if (options.tier === 'cgroup') tree.make(`${directory}/supervisor`);
  } catch (error) {
    removeSubtree(directory, tree);
    const why = errnoOf(error) ?? String(error);
    return err(new HostError(`cannot make a cgroup in ${rootDirectory}: ${why}`, 'memsched doctor'));
  }
  const made = { directory, tasksDirectory: `${directory}/tasks` };
  if (options.tier === 'hybrid') {
    return ok({ ...made, remove: () => leftOf([directory], removeSubtree(directory, tree)) });
  }
  const moved = handMemoryDown(directory, rootDirectory);
  if (!moved.ok) {
    removeSubtree(directory, tree);
    return moved;
  }
  protectSupervisor(directory);
  return ok({ ...made, remove: () => undo(directory, moved.value, tree) });
}

/** What {@link handMemoryDown} changed, to be undone. */
interface Moved {
  readonly rootDirectory: string;
  /** Where the processes came from; undefined when they stayed. */
  readonly from?: string;
  /** We enabled the memory controller in the root. */
  readonly enabled: boolean;
}

function handMemoryDown(directory: string, rootDirectory: string): Result<Moved, HostError> {
  const supervisor = `${directory}/supervisor`;
  const realRoot = !existsSync(`${rootDirectory}/cgroup.type`);
  const residents = procsOf(rootDirectory);
  const here = residents.includes(process.pid);
  if (here) moveProcs(realRoot ? [process.pid] : residents, supervisor);
  if (here && !realRoot) moveAll(rootDirectory, supervisor);
  for (const each of [rootDirectory, directory]) {
    const enabling = enableController(each, 'memory');
    if (enabling.kind !== 'failed') continue;
    if (here) moveAll(supervisor, rootDirectory);
    return err(
      new HostError(
        `the kernel does not hand the memory controller down in ${each} (${enabling.errno})`,
        'memsched doctor',
      ),
    );
  }
  const enabled = false;
  return ok({ rootDirectory, enabled, ...(here && { from: rootDirectory }) });
}
