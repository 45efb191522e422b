import { KiB } from '../../src/util/bytes.js';

/** What is held at one moment, and how many tasks had finished by then. */
export interface Mark {
  readonly tasks: number;
  /** After everything that nobody refers to was collected. */
  readonly bytes: number;
}

/** The fewest marks of which anything is said. */
export const MARKS_MIN = 3;
/**
 * What a finished task may leave behind, bytes: less than a number in a list that is never emptied, which is eight. It is
 * not nothing, as tasks that failed or were tried again are remembered longer than others, and are larger: over hours
 * they take the place of those. An entry of a map would be some seventy, a record thousands.
 */
const PER_TASK_BYTES = 8;
/** What the engine itself may come to hold in between: compiled functions, what it has seen of types. */
const ENGINE_BYTES = 512 * KiB;

/**
 * Bytes that each further task leaves behind: the median of the slopes between all pairs of marks (Theil and Sen), which
 * up to a quarter of the marks cannot lead astray however far off they are.
 *
 * @throws when there are fewer than {@link MARKS_MIN} marks.
 */
export function bytesPerTask(marks: readonly Mark[]): number {
  if (marks.length < MARKS_MIN) throw new Error(`${marks.length} marks say nothing of growth`);
  const slopes = marks
    .flatMap((from, at) =>
      marks.slice(at + 1).map((to) => (to.bytes - from.bytes) / (to.tasks - from.tasks)),
    )
    .sort((a, b) => a - b);
  const middle = slopes.length / 2;
  return ((slopes[Math.floor(middle)] ?? 0) + (slopes[Math.ceil(middle) - 1] ?? 0)) / 2;
}

/** The most that {@link bytesPerTask} may be over these marks: the fewer tasks, the more the engine's own counts. */
export function bytesPerTaskMax(marks: readonly Mark[]): number {
  const tasks = (marks.at(-1)?.tasks ?? 0) - (marks[0]?.tasks ?? 0);
  return PER_TASK_BYTES + ENGINE_BYTES / tasks;
}
