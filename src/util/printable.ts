import { stripVTControlCharacters } from 'node:util';

/**
 * Characters that a terminal obeys instead of showing them, or that reorder what is shown: control characters (C0, C1,
 * DEL), line and paragraph separators, bidirectional marks and overrides, halves of surrogate pairs.
 */
const OBEYED = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;
/** The same without line feed and tab, which output may keep. */
const OBEYED_IN_OUTPUT =
  /(?![\n\t])[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff]/gu;
/** "Select graphic rendition": colours and weights, the only sequences that cannot move, ask, or write elsewhere. */
const SGR = /\x1b\[[\d;:]{0,64}m/g; // eslint-disable-line no-control-regex -- the escape character is what it looks for
const SGR_RESET = '\x1b[0m';

/**
 * One line of text that is safe to print anywhere: whatever a terminal would obey is spelt out, `\n` as `\n`, escape as
 * `\x1b`, a right-to-left override as `\u202e`.
 */
export function printable(text: string): string {
  return text.replace(OBEYED, spelt);
}

/** The same for a text of several lines, whose line feeds stay. */
export function printableLines(text: string): string {
  return text.split('\n').map(printable).join('\n');
}

/**
 * A value as one line of JSON that is safe to print anywhere, and still says the same: `JSON.stringify` itself lets C1
 * controls, DEL and what reorders text through.
 */
export function printableJson(value: unknown): string {
  return JSON.stringify(value).replace(
    OBEYED,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/**
 * Output of a task, several lines, as it is safe to show: line feeds and tabs stay, of a line that was overwritten by
 * carriage returns (a progress bar) the last version stays, escape sequences go, other control characters are spelt out.
 *
 * @param options - `colour`: keep colours and weights, closed at the end of each line.
 */
export function printableOutput(text: string, options: { readonly colour: boolean }): string {
  return text
    .split('\n')
    .map((line) => outputLine(line, options.colour))
    .join('\n');
}

function outputLine(line: string, colour: boolean): string {
  const shown = lastVersion(line);
  if (!colour) return plain(shown);
  let safe = '';
  let at = 0;
  let coloured = false;
  for (const match of shown.matchAll(SGR)) {
    safe += plain(shown.slice(at, match.index)) + match[0];
    at = match.index + match[0].length;
    coloured = true;
  }
  safe += plain(shown.slice(at));
  return coloured ? safe + SGR_RESET : safe;
}

function plain(text: string): string {
  return stripVTControlCharacters(text).replace(OBEYED_IN_OUTPUT, spelt);
}

function lastVersion(line: string): string {
  const ended = line.replace(/\r+$/, '');
  return ended.slice(ended.lastIndexOf('\r') + 1);
}

function spelt(character: string): string {
  switch (character) {
    case '\n':
      return '\\n';
    case '\r':
      return '\\r';
    case '\t':
      return '\\t';
    default: {
      const code = character.codePointAt(0) ?? 0;
      return code < 0x100
        ? `\\x${code.toString(16).padStart(2, '0')}`
        : `\\u${code.toString(16).padStart(4, '0')}`;
    }
  }
}
