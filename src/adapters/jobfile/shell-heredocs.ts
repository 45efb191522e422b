import { readsCode } from './shell-commands.js';

/** A here-document whose body begins after the next newline. */
export interface Heredoc {
  readonly delimiter: string;
  /** A quoted delimiter: the shell fills nothing in. */
  readonly quoted: boolean;
  /** `<<-`: leading tabs do not count. */
  readonly stripTabs: boolean;
}

const OPERATOR = /^<<(-?)[ \t]*((?:'[^'\n]*'|"[^"\n]*"|\\.|[^\s;&|<>()'"\\])+)/;
const OPERATOR_MAX_CHARS = 200;

/** Reads `<<EOF` at an offset; no `heredoc` when its end mark is not clear. */
export function readOperator(
  text: string,
  at: number,
): { readonly length: number; readonly heredoc?: Heredoc } {
  const match = OPERATOR.exec(text.slice(at, at + OPERATOR_MAX_CHARS));
  if (match === null) return { length: 2 };
  const [{ length }, dash, word = ''] = match;
  if (/[$`]/.test(word)) return { length };
  const delimiter = word.replace(/['"]|\\(?=.)/g, '');
  return { length, heredoc: { delimiter, quoted: /['"\\]/.test(word), stripTabs: dash !== '' } };
}

/** A here-document's body. */
export interface Body {
  readonly text: string;
  /** Offset of the first character after the line of the end mark. */
  readonly next: number;
  /** False when a line that goes on (`\` at its end) stands before the end mark. */
  readonly clear: boolean;
}

/** Reads the body that begins at an offset, up to its end mark or the end of the script. */
export function readBody(text: string, start: number, heredoc: Heredoc): Body {
  let lineStart = start;
  let end = text.length;
  while (lineStart < text.length) {
    const newline = text.indexOf('\n', lineStart);
    end = newline === -1 ? text.length : newline;
    const line = text.slice(lineStart, end);
    if ((heredoc.stripTabs ? line.replace(/^\t+/, '') : line) === heredoc.delimiter) break;
    lineStart = end + 1;
  }
  const body = text.slice(start, Math.min(lineStart, text.length));
  return {
    text: body,
    next: Math.min(text.length, Math.max(start, end + 1)),
    clear: heredoc.quoted || !body.endsWith('\\\n'),
  };
}

/**
 * Says why no reference may stand in a body, or nothing when one may.
 *
 * @param line - the commands of the line that the here-document belongs to.
 */
export function bodyReason(
  heredoc: Heredoc,
  body: string,
  line: readonly (readonly string[])[],
): string | undefined {
  if (heredoc.quoted) {
    return 'the end mark of the here-document is quoted, so that nothing is filled in';
  }
  if (line.some(readsCode)) return 'the command would read the here-document as code';
  return /`|\$\(|\$\[|\$\{(?!\{)/.test(body)
    ? 'the here-document has expansions of its own'
    : undefined;
}
