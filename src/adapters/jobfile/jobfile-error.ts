import { printable } from './printable.js';

/** One thing that is wrong, where it is, and how to mend it. Counted from 1, in UTF-16 units. */
export interface Diagnostic {
  /** As the user typed it; `<stdin>` for `-`. */
  readonly file: string;
  /** Absent when the fault lies in an option or in no one place. */
  readonly line?: number;
  readonly column?: number;
  /** How much of the line is meant. */
  readonly length?: number;
  /** The line itself. */
  readonly sourceLine?: string;
  /** The command-line option that the value came from. */
  readonly option?: string;
  readonly message: string;
  /** The word that was probably meant. */
  readonly suggestion?: string;
  /** What may stand here. */
  readonly allowed?: readonly string[];
  /** What to do about it. */
  readonly mend?: string;
}

const SHOWN_MAX = 50;
const LINE_MAX_CHARS = 120;
const WRAP_CHARS = 96;

/** A jobfile that cannot be run: everything that is wrong with it, at once. */
export class JobfileError extends Error {
  override readonly name = 'JobfileError';
  /** Sorted by position; faults of options come first. */
  readonly diagnostics: readonly Diagnostic[];

  constructor(diagnostics: readonly Diagnostic[]) {
    const sorted = diagnostics.toSorted(byPosition);
    super(formatAll(sorted));
    this.diagnostics = sorted;
  }

  /** Everything that is wrong, for a terminal: plain text, no control characters, at most 50 entries. */
  format(): string {
    return this.message;
  }
}

function byPosition(a: Diagnostic, b: Diagnostic): number {
  return (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);
}

function formatAll(diagnostics: readonly Diagnostic[]): string {
  const shown = diagnostics.slice(0, SHOWN_MAX).map(formatOne);
  const hidden = diagnostics.length - shown.length;
  if (hidden > 0) shown.push(`and ${String(hidden)} more`);
  return shown.join('\n');
}

function formatOne(diagnostic: Diagnostic): string {
  const { line, column, sourceLine, suggestion, allowed, mend } = diagnostic;
  const lines = [`${placeOf(diagnostic)}: ${printable(diagnostic.message)}`];
  let margin = '  ';
  if (line !== undefined && column !== undefined && sourceLine !== undefined) {
    const number = String(line);
    margin = ' '.repeat(number.length + 5);
    lines.push(...snippet(number, column, diagnostic.length ?? 1, sourceLine));
  }
  const hints: string[] = [];
  if (suggestion !== undefined) hints.push(`did you mean "${printable(suggestion)}"?`);
  if (allowed !== undefined) hints.push(`allowed here: ${allowed.map(printable).join(', ')}`);
  if (mend !== undefined) hints.push(printable(mend));
  for (const hint of hints) lines.push(...wrap(hint, margin));
  return lines.join('\n');
}

function placeOf(diagnostic: Diagnostic): string {
  const { file, option, line, column } = diagnostic;
  if (option !== undefined) return printable(option);
  return line === undefined || column === undefined
    ? printable(file)
    : `${printable(file)}:${String(line)}:${String(column)}`;
}

/** The line and a caret under it; a long line is cut to the part around the fault. */
function snippet(number: string, column: number, length: number, line: string): readonly string[] {
  const from = column > LINE_MAX_CHARS - 20 ? column - 1 - 40 : 0;
  const to = from + LINE_MAX_CHARS;
  const before = printable(line.slice(from, column - 1));
  const marked = printable(line.slice(column - 1, Math.min(to, column - 1 + length)));
  const after = printable(line.slice(column - 1 + length, to));
  const head = from > 0 ? '…' : '';
  const tail = to < line.length ? '…' : '';
  return [
    `  ${number} | ${head}${before}${marked}${after}${tail}`,
    `  ${' '.repeat(number.length)} | ${' '.repeat(head.length + before.length)}${'^'.repeat(Math.max(1, marked.length))}`,
  ];
}

function wrap(text: string, margin: string): readonly string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ')) {
    if (line !== '' && margin.length + line.length + word.length >= WRAP_CHARS) {
      lines.push(`${margin}${line}`);
      line = `  ${word}`;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  lines.push(`${margin}${line}`);
  return lines;
}
