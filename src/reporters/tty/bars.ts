import type { ChalkInstance } from 'chalk';
import type { Lines } from '../../core/lines.js';
import type { PressureLevel } from '../../core/reasons.js';

/** How the tasks of a run are divided up. */
export interface TaskShares {
  readonly succeeded: number;
  readonly unsuccessful: number;
  readonly running: number;
  readonly total: number;
}

/** Done, then not well done, then running, then the rest: `████▓▒▒░░░`, told apart without colour, too. */
export function taskBar(shares: TaskShares, columns: number, colour: ChalkInstance): string {
  const { succeeded, unsuccessful, running, total } = shares;
  const at = (count: number): number => Math.round((count / Math.max(1, total)) * columns);
  const done = at(succeeded);
  // One failure among thousands must still be seen.
  const bad = unsuccessful > 0 ? Math.max(1, at(succeeded + unsuccessful) - done) : 0;
  const good = Math.min(done, columns - bad);
  const live = Math.max(0, at(succeeded + unsuccessful + running) - good - bad);
  const rest = Math.max(0, columns - good - bad - live);
  return (
    colour.green('█'.repeat(good)) +
    colour.red('▓'.repeat(bad)) +
    colour.cyan('▒'.repeat(live)) +
    colour.dim('░'.repeat(rest))
  );
}

/** What the memory bar shows. */
export interface MemoryShares {
  readonly usedBytes: number;
  readonly claimedBytes: number;
  readonly level: PressureLevel;
}

/** Use and, beyond it, claims, on the scale of the budget, with a mark `|` at hold and at preempt. */
export function memoryBar(
  shares: MemoryShares,
  lines: Lines,
  columns: number,
  colour: ChalkInstance,
): string {
  const at = (bytes: number): number =>
    Math.min(columns, Math.max(0, Math.round((bytes / Math.max(1, lines.budgetBytes)) * columns)));
  const used = at(shares.usedBytes);
  const claimed = Math.max(used, at(shares.claimedBytes));
  const marks = new Set(
    [at(lines.holdBytes), at(lines.preemptBytes)].map((mark) => Math.min(mark, columns - 1)),
  );
  const paint = {
    open: colour.green,
    hold: colour.yellow,
    preempt: colour.red,
    critical: colour.red,
  }[shares.level];
  let bar = '';
  for (let cell = 0; cell < columns; cell += 1) {
    if (marks.has(cell)) bar += colour.bold('|');
    else if (cell < used) bar += paint('█');
    else if (cell < claimed) bar += colour.blue('▒');
    else bar += colour.dim('░');
  }
  return bar;
}
