/**
 * The contestants in the order of a round: each round begins with another one, so that over as many rounds as there are
 * contestants each has had each place. What disturbs the machine for a while, or grows with time, hits all alike.
 */
export function inOrderOf<T>(round: number, contestants: readonly T[]): T[] {
  const first = contestants.length === 0 ? 0 : round % contestants.length;
  return [...contestants.slice(first), ...contestants.slice(0, first)];
}
