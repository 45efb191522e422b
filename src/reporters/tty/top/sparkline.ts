const LEVELS = ['▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'] as const;

/**
 * The last values as a line of blocks, the newest on the right; shorter than `columns` while there are fewer.
 *
 * @param most - what a full block stands for; larger values are full, too.
 */
export function sparkline(values: readonly number[], most: number, columns: number): string {
  return values
    .slice(Math.max(0, values.length - Math.max(0, columns)))
    .map((value) => {
      const share = most > 0 ? Math.min(1, Math.max(0, value / most)) : 0;
      return LEVELS[Math.min(LEVELS.length - 1, Math.floor(share * LEVELS.length))] ?? LEVELS[0];
    })
    .join('');
}
