import { stripVTControlCharacters } from 'node:util';
import { columnsOf, fit } from '../../width.js';

/** The text in exactly so many columns: cut where it is too long, padded where it is too short. */
export function cell(text: string, columns: number, align: 'left' | 'right' = 'left'): string {
  const shown = fit(text, columns);
  const room = ' '.repeat(Math.max(0, columns - columnsOf(shown)));
  return align === 'left' ? shown + room : room + shown;
}

/** A painted line that must not be wider: where a very narrow terminal cuts it, its colours go. */
export function clip(line: string, columns: number): string {
  const text = line.includes('\x1b') ? stripVTControlCharacters(line) : line;
  return columnsOf(text) <= columns ? line : fit(text, columns);
}

/** Both on one line of so many columns: what does not fit is cut off the left one. */
export function leftAndRight(left: string, right: string, columns: number): string {
  const end = fit(right, columns);
  const room = columns - columnsOf(end) - 1;
  return room < 1 ? end : `${cell(left, room)} ${end}`;
}

/** A heading drawn out to a line. */
export function rule(text: string, columns: number): string {
  const shown = fit(`── ${text} `, columns);
  return `${shown}${'─'.repeat(Math.max(0, columns - columnsOf(shown)))}`;
}

/** Breaks a text at spaces into lines of so many columns; a longer word is cut. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && columnsOf(line) + 1 + columnsOf(word) > columns) {
      lines.push(line);
      line = '';
    }
    line = fit(line === '' ? word : `${line} ${word}`, columns);
  }
  return [...lines, line];
}
