/** A word of a command line that is being typed, as a shell would read it. */
export interface TypedWord {
  /** Without quotes and backslashes. */
  readonly text: string;
  /** As typed. */
  readonly raw: string;
  /** The quote that is open at its end; empty when none is. */
  readonly quote: '' | "'" | '"';
  /** Where in `raw` it goes on after the last break outside quotes. */
  readonly brokenAt: number;
  /** Where in `raw` it goes on after the last quote that was opened. */
  readonly openedAt: number;
}

const EMPTY: TypedWord = { text: '', raw: '', quote: '', brokenAt: 0, openedAt: 0 };

/**
 * Splits the command line before the cursor into words by the rules of POSIX shells. Nothing is expanded: a `$` or a
 * backtick stands for itself.
 *
 * @param breaks - bash's COMP_WORDBREAKS: where, outside quotes, readline begins a new stretch to replace.
 * @returns at least one word: the last one is being typed, and empty after a space.
 */
export function splitLine(line: string, breaks: string): readonly TypedWord[] {
  const words: TypedWord[] = [];
  let word: TypedWord | undefined;
  for (let at = 0; at < line.length; at += 1) {
    const character = line[at] ?? '';
    if (word?.quote !== "'" && character === '\\') {
      at += 1;
      word = escaped(word ?? EMPTY, line[at]);
    } else if ((word?.quote ?? '') === '' && /\s/.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
    } else word = extended(word ?? EMPTY, character, breaks);
  }
  return [...words, word ?? EMPTY];
}

/** A backslash and what follows it. In double quotes it is special before four characters only. */
function escaped(word: TypedWord, next: string | undefined): TypedWord {
  const kept = word.quote === '"' && (next === undefined || !'"\\$`'.includes(next));
  const text = `${kept ? '\\' : ''}${next ?? ''}`;
  return { ...word, text: word.text + text, raw: `${word.raw}\\${next ?? ''}` };
}

function extended(word: TypedWord, character: string, breaks: string): TypedWord {
  const raw = word.raw + character;
  if (word.quote !== '')
    return character === word.quote
      ? { ...word, raw, quote: '' }
      : { ...word, raw, text: word.text + character };
  if (character === "'" || character === '"')
    return { ...word, raw, quote: character, openedAt: raw.length };
  const text = word.text + character;
  return breaks.includes(character)
    ? { ...word, raw, text, brokenAt: raw.length }
    : { ...word, raw, text };
}

/**
 * What bash is to put into COMPREPLY so that `value` comes to stand where `word` is being typed: quoted, with what was
 * typed left as it is, and without what readline does not replace. That is all before the last of COMP_WORDBREAKS
 * (`:` and `=` among them), or before the quote that is still open (`rl_find_completion_word` of readline).
 *
 * @param value - begins with the text of `word`.
 */
export function bashReply(value: string, word: TypedWord): string {
  const from = word.quote === '' ? word.brokenAt : word.openedAt;
  return word.raw.slice(from) + quotedIn(word.quote, value.slice(word.text.length));
}

function quotedIn(quote: TypedWord['quote'], text: string): string {
  switch (quote) {
    case "'":
      return text.replaceAll("'", "'\\''");
    case '"':
      return text.replace(/["\\$`]/g, '\\$&');
    case '':
      // In bash, any ASCII character but letters and digits may have a backslash before it; `!` needs one, too.
      return text.replace(/[^\w@%+=:,./\u0080-\u{10ffff}-]/gu, '\\$&');
  }
}
