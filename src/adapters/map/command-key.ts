/** One piece of a word: quoted in one way or another, or a character as it is. */
const PIECE = /'([^']*)'|"((?:[^"\\$`]|\\[^])*)"|\\([^])|[^]/g;

/**
 * What two spellings of a command have in common: GNU parallel and memsched quote the same words in different ways. Only
 * quoting that changes nothing else is undone, so that commands that differ keep different keys.
 */
export function commandKey(text: string): string {
  let key = '';
  for (const [piece, single, double, escaped] of text.matchAll(PIECE)) {
    const literal = single ?? double?.replaceAll(/\\(["\\$`])/g, '$1') ?? escaped;
    if (literal === undefined) key += piece === ' ' ? '\0' : piece;
    // Marked, so that a quoted $ or ; is not the one that a shell would obey.
    else key += literal.replaceAll(/[^\w@%+:,./=!^~{}-]/g, '\x01$&');
  }
  return key;
}
