import type { TaskSpec } from './task-spec.js';

const keys = new WeakMap<TaskSpec, number>();

/**
 * Tells a task from the others of its group, in this run and in the next: FNV-1a of its job's name and its row of the
 * matrix, 0 to 2³² − 1. Whether the same row is the same work each time is left to what its runs have shown.
 */
export function taskKeyOf(spec: TaskSpec): number {
  let key = keys.get(spec);
  if (key === undefined) keys.set(spec, (key = digestOf(textOf(spec))));
  return key;
}

/** In whatever order the jobfile has the keys of the matrix. */
function textOf({ job, matrix }: TaskSpec): string {
  const row = Object.entries(matrix).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify([job, row]);
}

const OFFSET_BASIS = 0x811c9dc5;
const PRIME = 0x01000193;

/** Of the UTF-16 code units: FNV's bytes, two at a time. */
function digestOf(text: string): number {
  let digest = OFFSET_BASIS;
  for (let at = 0; at < text.length; at += 1)
    digest = Math.imul(digest ^ text.charCodeAt(at), PRIME);
  return digest >>> 0;
}
