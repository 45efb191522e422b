import { createHash } from 'node:crypto';
import type { TaskId } from '../../core/task-spec.js';
import type { Row } from './matrix.js';

/** The longest task id; file systems take names of 255 bytes, and a log's name holds more than the id. */
const MAX_CHARS = 100;
const HASH_CHARS = 8;

/**
 * The ids of a job's tasks: `job`, or `job.value.value`, with everything but letters, digits, `.`, `_` and `-` replaced
 * by `_`. Ids that would be too long, or the same as another's, end in a short digest of the values.
 */
export function taskIds(job: string, rows: readonly Row[]): readonly TaskId[] {
  const plain = rows.map((row) => [job, ...Object.values(row).map(sanitize)].join('.'));
  const counts = new Map<string, number>();
  for (const id of plain) counts.set(id, (counts.get(id) ?? 0) + 1);
  return plain.map((id, index) => {
    const unique = counts.get(id) === 1;
    if (unique && id.length <= MAX_CHARS) return id;
    const digest = shortDigest(JSON.stringify([job, rows[index]]), HASH_CHARS);
    return `${id.slice(0, MAX_CHARS - HASH_CHARS - 1)}-${digest}`;
  });
}

function sanitize(value: string): string {
  return value === '' ? '_' : value.replace(/[^A-Za-z0-9._-]/g, '_').slice(0, 2 * MAX_CHARS);
}

/** The beginning of a SHA-256, in hexadecimal. */
export function shortDigest(text: string, chars: number): string {
  return createHash('sha256').update(text).digest('hex').slice(0, chars);
}
