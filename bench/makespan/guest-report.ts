import type { Machine } from '../harness/result.js';
import type { Score } from './contest.js';

/** A score, and whose it is. */
export interface NamedScore extends Score {
  readonly name: string;
}

/** What a guest leaves behind. */
export interface GuestReport {
  readonly machine: Machine;
  /** In the order in which they were played. */
  readonly scores: readonly NamedScore[];
}
