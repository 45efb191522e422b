/** Letters of most scripts, accents, punctuation, arrows, lines, blocks and braille: one column each. */
const NARROW_END = 0x1100;
const NARROW_SYMBOLS = [0x2000, 0x2900] as const;

/** Columns that `text` takes, never fewer than a terminal gives it: what might be wide is counted as two. */
export function columnsOf(text: string): number {
  let columns = 0;
  for (const character of text) columns += columnsOfOne(character);
  return columns;
}

function columnsOfOne(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  const isNarrow = code < NARROW_END || (code >= NARROW_SYMBOLS[0] && code < NARROW_SYMBOLS[1]);
  return isNarrow ? 1 : 2;
}

/** The text, or as much of its beginning as fits, ending in `…`. For text without escape sequences. */
export function fit(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  let taken = 0;
  let kept = '';
  for (const character of text) {
    taken += columnsOfOne(character);
    if (taken > columns - 1) break;
    kept += character;
  }
  return columns <= 0 ? '' : `${kept}…`;
}

/** As {@link fit}, but the middle goes: of two tasks with long names the ends tell them apart. */
export function fitMiddle(text: string, columns: number): string {
  if (columnsOf(text) <= columns) return text;
  if (columns < 5) return fit(text, columns);
  const tail = Math.floor((columns - 1) / 2);
  return `${fit(text, columns - tail)}${text.slice(-tail)}`;
}
