import { pauseMs } from '../../util/pause.js';
import { readKernelFile, writeKernelFile, type WriteResult } from '../host/kernel-file.js';

/**
 * How often a busy `cgroup.subtree_control` is tried again, and how long after: a process on its way out is not listed any
 * more and still keeps its cgroup busy, on a machine that is short of processors for a while.
 */
const ATTEMPTS = 100;
const AGAIN_MS = 10;

/** What came of handing a controller down. */
export type Enabling =
  | { readonly kind: 'was-enabled' | 'enabled' }
  | { readonly kind: 'failed'; readonly errno: string };

/**
 * Hands one controller down to the children of `directory`. One at a time: a list is refused as a whole when any of it
 * is (cgroup-v2.rst, "Enabling and Disabling").
 */
export function enableController(directory: string, controller: string): Enabling {
  if (isEnabled(directory, controller)) return { kind: 'was-enabled' };
  const result = persist(`${directory}/cgroup.subtree_control`, `+${controller}`);
  if (result === 'written') return { kind: 'enabled' };
  return { kind: 'failed', errno: result === 'gone' ? 'ENOENT' : result.errno };
}

/** Whether the children of `directory` have a controller. */
export function isEnabled(directory: string, controller: string): boolean {
  const text = readKernelFile(`${directory}/cgroup.subtree_control`) ?? '';
  return text.trim().split(' ').includes(controller);
}

/** Takes a controller back; false when something still needs it. */
export function disableController(directory: string, controller: string): boolean {
  return persist(`${directory}/cgroup.subtree_control`, `-${controller}`) === 'written';
}

function persist(file: string, text: string): WriteResult {
  let result = writeKernelFile(file, text);
  for (let attempt = 1; attempt < ATTEMPTS && isBusy(result); attempt += 1) {
    pauseMs(AGAIN_MS);
    result = writeKernelFile(file, text);
  }
  return result;
}

function isBusy(result: WriteResult): boolean {
  return typeof result === 'object' && result.errno === 'EBUSY';
}
