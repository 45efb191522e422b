import { hostLines, runBlock, titleLine, type Frame } from './head-lines.js';
import type { TopLook } from './look.js';
import { TaskNotes } from './task-notes.js';
import { taskRows, type RowWish } from './task-rows.js';
import { taskTable } from './task-table.js';

/** The picture as text, with all its tasks, for scripts and for people without a terminal. */
export function onceText(look: TopLook, wish: RowWish, frame: Frame): string {
  const { runs, host } = look;
  const notes = new TaskNotes();
  const blocks = runs.flatMap((run) => {
    const rows = taskRows([run], wish);
    const table = taskTable(rows, { showsRun: false, selected: -1, notes }, frame);
    return ['', ...runBlock(run, frame), ...(rows.length === 0 ? [] : table)];
  });
  return [titleLine(look, [], frame), ...hostLines(host, runs, frame), ...blocks]
    .map((line) => line.trimEnd())
    .join('\n');
}
