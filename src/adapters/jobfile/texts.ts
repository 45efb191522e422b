import type { Origin } from './located.js';
import type { Row } from './matrix.js';
import { quote } from './printable.js';
import type { Report } from './report.js';
import { fill, findReferences, type Reference, type TemplateFault } from './template.js';

/** Linux takes no single argument or variable longer than this, its end included (MAX_ARG_STRLEN, execve(2)). */
const MAX_ARGUMENT_BYTES = 131_072;

/** Reports a text that cannot be passed to a program: with a NUL in it, or too long. */
export function checkPassable(text: string, origin: Origin, what: string, report: Report): void {
  if (text.includes('\0')) {
    report.at(origin, { message: `${what} has a NUL character in it, which cannot be passed to a program` });
  }
  // Room for the name of a variable and for the end.
  if (text.length * 3 > MAX_ARGUMENT_BYTES - 512 && Buffer.byteLength(text) > MAX_ARGUMENT_BYTES - 512) {
    report.at(origin, {
      message: `${what} is longer than Linux passes to a program (128 KiB)`,
      mend: 'put it into a file',
    });
  }
}

/** A text of a job, with its references found: filled in row by row. */
export class JobText {
  readonly #seen = new Set<string>();

  constructor(
    readonly text: string,
    readonly references: readonly Reference[],
    readonly origin: Origin,
    /** The place in words, for messages. */
    readonly place: string,
    readonly report: Report,
  ) {}

  /** The text for one row; a missing value is reported once and taken for empty. */
  fill(row: Row): string {
    if (this.references.length === 0) return this.text;
    const filled = fill(this.text, this.references, (key) => (Object.hasOwn(row, key) ? row[key] : undefined));
    if ('text' in filled) {
      checkPassable(filled.text, this.origin, this.place, this.report);
      return filled.text;
    }
    this.reportMissing(filled.missing);
    return '';
  }

  /** Says that some row has no value for a key, once for each key. */
  reportMissing(key: string): void {
    if (this.#seen.has(key)) return;
    this.#seen.add(key);
    this.report.at(this.origin, {
      message: `${this.place} uses \${{ matrix.${key} }}, but not every row of the matrix has ${quote(key)}`,
      mend: 'give it in every row of include, or as a key of the matrix',
    });
  }
}

/** Finds the references of a text and reports those that are none. */
export function readText(
  text: string,
  origin: Origin,
  place: string,
  keys: readonly string[],
  report: Report,
): JobText {
  checkPassable(text, origin, place, report);
  const { references, faults } = findReferences(text, keys);
  for (const fault of faults) report.at(pointAt(origin, text, fault.start, report), toFault(fault, place));
  return new JobText(text, references, origin, place, report);
}

/** A template's fault without its offset, and with its place. */
export function toFault(fault: TemplateFault, place: string): Omit<TemplateFault, 'start'> {
  const { start, message, ...rest } = fault;
  void start;
  return { message: `${place}: ${message}`, ...rest };
}

/**
 * Where in the file the reference at an offset of a text stands: the n-th `${{` of the text is the n-th in the file,
 * unless the file spells it with escapes; then the whole value is meant.
 */
export function pointAt(origin: Origin, text: string, offset: number, report: Report): Origin {
  if (origin.kind !== 'file') return origin;
  const source = report.source.text.slice(origin.start, origin.end);
  const wanted = text.slice(0, offset).split('${{').length - 1;
  const parts = source.split('${{');
  if (parts.length !== text.split('${{').length) return origin;
  const before = parts.slice(0, wanted + 1).join('${{').length;
  const start = origin.start + before;
  const close = report.source.text.indexOf('}}', start);
  return { kind: 'file', start, end: close === -1 || close > origin.end ? start + 3 : close + 2 };
}
