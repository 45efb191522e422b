import { readKernelFile, writeKernelFile } from './kernel-file.js';

/** Last to be taken by the OOM killer, but not exempt: an exempt process that leaks would take the host along. */
const SUPERVISOR_OOM_SCORE_ADJ = -900;

/**
 * Moves this process down the OOM killer's list, in every tier: without a supervisor nobody would look after the tasks.
 * An ordinary user may not lower the score (CAP_SYS_RESOURCE, proc_pid_oom_score_adj(5)): then it stays as it is. Children
 * inherit it, so tasks have theirs set before they are executed.
 *
 * @returns what puts it back as it was.
 */
export function protectFromOom(file = '/proc/self/oom_score_adj'): () => void {
  const before = Number(readKernelFile(file) ?? Number.NaN);
  // Absent, or as low already: nothing to do, and nothing to put back.
  if (!(before > SUPERVISOR_OOM_SCORE_ADJ)) return () => undefined;
  if (writeKernelFile(file, String(SUPERVISOR_OOM_SCORE_ADJ)) !== 'written') return () => undefined;
  return () => {
    writeKernelFile(file, String(before));
  };
}
