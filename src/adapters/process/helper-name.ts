import { readIfAllowed } from '../host/kernel-file.js';

/** The command line of a process, word by word; none where it may not be read, or there is no such process. */
export function wordsOf(procPath: string, pid: number): readonly string[] {
  return (readIfAllowed(`${procPath}/${pid}/cmdline`) ?? '').split('\0');
}

/** Whether this is the name of a run's launch helper, which a child keeps until it executes its command. */
export function isHelperName([name]: readonly string[], runId: string): boolean {
  return name?.trimEnd() === `memsched: launcher ${runId}`;
}
