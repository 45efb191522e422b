import type { Origin } from './located.js';
import type { Row } from './matrix.js';
import { quote } from './printable.js';
import type { Fault, Report } from './report.js';
import { fill, findReferences, type Reference } from './template.js';

/** Linux takes no single argument or variable longer than this, its end included (MAX_ARG_STRLEN, execve(2)). */
const MAX_ARGUMENT_BYTES = 131_072;

/** Room for the name of a variable and for the end. */
const MAX_TEXT_BYTES = MAX_ARGUMENT_BYTES - 512;

/** True when a text can be passed to a program; else says that it has a NUL in it, or is too long. */
export function checkPassable(text: string, origin: Origin, what: string, report: Report): boolean {
  const fault = passingFault(text);
  if (fault === undefined) return true;
  report.at(origin, { ...fault, message: `${what} ${fault.message}` });
  return false;
}

function passingFault(text: string): Fault | undefined {
  if (text.includes('\0')) {
    return { message: 'has a NUL character in it, which cannot be passed to a program' };
  }
  // A UTF-16 unit is at most three bytes of UTF-8: most texts need no counting.
  if (text.length * 3 <= MAX_TEXT_BYTES || Buffer.byteLength(text) <= MAX_TEXT_BYTES) {
    return undefined;
  }
  return {
    message: 'is longer than Linux passes to a program (128 KiB)',
    mend: 'put it into a file',
  };
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
    const filled = fill(this.text, this.references, (key) =>
      Object.hasOwn(row, key) ? row[key] : undefined,
    );
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
  if (!checkPassable(text, origin, place, report)) {
    return new JobText('', [], origin, place, report);
  }
  const { references, faults } = findReferences(text, keys);
  for (const { start, fault } of faults)
    report.at(pointAt(origin, text, start, report), placed(fault, place));
  return new JobText(text, references, origin, place, report);
}

/** A fault of a reference, with the place it stands in. */
export function placed(fault: Fault, place: string): Fault {
  return { ...fault, message: `${place}: ${fault.message}` };
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
