const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/**
 * Text as it may be shown on a terminal: control characters, invisible formatting (a right-to-left override, a
 * zero-width space) and lone surrogates become visible escapes, so that no file can move the cursor or fake a message.
 */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, escapeOf);
}

function escapeOf(character: string): string {
  if (character === '\t') return '\\t';
  if (character === '\n') return '\\n';
  if (character === '\r') return '\\r';
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u{${code.toString(16)}}`;
}

const QUOTED_MAX_CHARS = 60;

/** A value from the file, in quotes, printable and short enough for a sentence. */
export function quote(text: string): string {
  const shown = printable(
    text.length > QUOTED_MAX_CHARS ? `${text.slice(0, QUOTED_MAX_CHARS - 1)}…` : text,
  );
  return `"${shown}"`;
}
