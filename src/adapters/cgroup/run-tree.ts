import { existsSync } from 'node:fs';
import { pauseMs } from '../../util/pause.js';
import { err, ok, type Result } from '../../util/result.js';
import { errnoOf } from '../host/errno.js';
import { HostError } from '../host/host-error.js';
import {
  kernelTree,
  makeIfMissing,
  procsBelow,
  removeSubtree,
  type CgroupTree,
} from './cgroup-fs.js';
import { killTree } from './kill-tree.js';
import { enterSupervisor } from './supervisor-cgroup.js';

/** Where a run's tree goes. */
export interface RunTreeOptions {
  readonly tier: 'cgroup' | 'hybrid';
  readonly runId: string;
  /** The delegated directory; `memsched-<run>` is made in it. */
  readonly rootDirectory: string;
  readonly tree: CgroupTree;
  /** What an earlier supervisor left in `tasks/` is kept as it is. */
  readonly keepsTree?: boolean;
}

/** A run's own cgroups. */
export interface RunTree {
  readonly directory: string;
  readonly tasksDirectory: string;
  /** Removes what is empty and puts everything back as it was; what does not go is returned, by path. */
  remove(): readonly string[];
}

/**
 * Makes `memsched-<run>/tasks`, and in the `cgroup` tier `memsched-<run>/supervisor` with ourselves in it. A tree of that
 * name that is there already is gone on with where it is to be kept; to a new run it is somebody else's, whose tasks are
 * none of ours to end.
 */
export function makeRunTree(options: RunTreeOptions): Result<RunTree, HostError> {
  const { rootDirectory, tree } = options;
  const directory = `${rootDirectory}/memsched-${options.runId}`;
  const tasksDirectory = `${directory}/tasks`;
  const failed = makeDirectories(directory, tasksDirectory, options);
  if (failed !== undefined) return err(failed);
  const remove = (leave: () => boolean) => (): readonly string[] => {
    removeSubtree(tasksDirectory, tree);
    const gone = leave() && removeSubtree(directory, tree) === 'removed';
    return gone ? [] : [directory];
  };
  if (options.tier === 'hybrid') {
    return ok({ directory, tasksDirectory, remove: remove(() => true) });
  }
  const entered = enterSupervisor({ directory, rootDirectory, tree });
  if (entered.ok) return ok({ directory, tasksDirectory, remove: remove(entered.value.leave) });
  removeSubtree(directory, tree);
  return entered;
}

function makeDirectories(
  directory: string,
  tasksDirectory: string,
  { keepsTree = false, rootDirectory, tree }: RunTreeOptions,
): HostError | undefined {
  const failed = (error: unknown): HostError =>
    new HostError(
      `cannot make a cgroup in ${rootDirectory}: ${errnoOf(error) ?? String(error)}`,
      'memsched doctor',
    );
  try {
    if (keepsTree) makeIfMissing(directory, tree);
    else tree.make(directory);
  } catch (error) {
    return errnoOf(error) === 'EEXIST' ? takenName(directory) : failed(error);
  }
  try {
    makeIfMissing(tasksDirectory, tree);
    return undefined;
  } catch (error) {
    removeSubtree(directory, tree);
    return failed(error);
  }
}

function takenName(directory: string): HostError {
  return new HostError(
    `another run has the cgroup ${directory} already, and its tasks are none of this run's`,
    'memsched ps # then start the run again: its next id is another one',
  );
}

/**
 * Ends and removes a run's tree in a place where nobody goes on with it. The caller has made sure that its supervisor
 * is dead.
 *
 * @returns why that did not succeed.
 */
export function clearRunTree(
  rootDirectory: string,
  runId: string,
  tree: CgroupTree = kernelTree,
): HostError | undefined {
  const directory = `${rootDirectory}/memsched-${runId}`;
  const stuck = clearLeftover(`${directory}/tasks`, tree);
  if (stuck !== undefined) return stuck;
  // A launch helper in `supervisor/` goes with its last child.
  for (let round = 0; round < LEAVE_ROUNDS; round += 1) {
    if (removeSubtree(directory, tree) === 'removed') return undefined;
    pauseMs(10);
  }
  return undefined;
}

/** How often the kernel is asked whether killed processes are gone; each look takes some 10 µs, each wait 10 ms. */
const CLEAR_ROUNDS = 200;
const LEAVE_ROUNDS = 50;

function clearLeftover(tasksDirectory: string, tree: CgroupTree): HostError | undefined {
  if (!existsSync(tasksDirectory)) return undefined;
  const pids = procsBelow(tasksDirectory);
  if (!pids.includes(process.pid)) {
    killTree(tasksDirectory, { cgroupKill: true });
    for (let round = 0; round < CLEAR_ROUNDS; round += 1) {
      if (removeSubtree(tasksDirectory, tree) === 'removed') return undefined;
      pauseMs(10);
    }
  }
  return new HostError(
    `an earlier supervisor of this run left ${tasksDirectory} behind; processes in it: ${pids.join(' ')}`,
    `echo 1 | sudo tee ${tasksDirectory}/cgroup.kill`,
  );
}
