import { columnsOf, fit } from '../../width.js';

/** The text in exactly so many columns: cut where it is too long, padded where it is too short. */
export function cell(text: string, columns: number, align: 'left' | 'right' = 'left'): string {
  const shown = fit(text, columns);
  const room = ' '.repeat(Math.max(0, columns - columnsOf(shown)));
  return align === 'left' ? shown + room : room + shown;
}

/** Both on one line of so many columns: what does not fit is cut off the left one. */
export function leftAndRight(left: string, right: string, columns: number): string {
  const end = fit(right, columns);
  const room = columns - columnsOf(end) - 1;
  return room < 1 ? end : `${cell(left, room)} ${end}`;
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
