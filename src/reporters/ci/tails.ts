import type { QuotedLogs } from '../output-masks.js';
import { outputTails } from '../output-tail.js';

/** How much of a task's output to quote. */
export interface TailWish {
  readonly lines: number;
  /** What comes before is left out. */
  readonly characters: number;
}

/**
 * The end of what an attempt wrote, as text that is safe to print, stderr last; empty when it wrote nothing.
 *
 * @param attempt - from 1; 0 for a task that never ran.
 */
export function tailText(logs: QuotedLogs, task: string, attempt: number, wish: TailWish): string {
  if (attempt === 0) return '';
  const tails = outputTails(logs, task, attempt, wish.lines);
  const text = tails
    .map(({ stream, lines, cut }) =>
      [...(tails.length > 1 || cut ? [`${stream}${cut ? ', its end' : ''}:`] : []), ...lines].join(
        '\n',
      ),
    )
    .join('\n');
  return text.length <= wish.characters ? text : `…${text.slice(text.length - wish.characters)}`;
}
