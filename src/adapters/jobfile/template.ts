import { quote } from './printable.js';
import type { Fault } from './report.js';
import { suggest } from '../../util/suggest.js';

/** One `${{ matrix.KEY }}` in a text; offsets in UTF-16 units, end exclusive. */
export interface Reference {
  readonly start: number;
  readonly end: number;
  readonly key: string;
}

/** A `${{` that is not a reference to a matrix value, and why. */
export interface TemplateFault {
  readonly start: number;
  readonly fault: Fault;
}

/** What stands in a text. */
export interface References {
  readonly references: readonly Reference[];
  readonly faults: readonly TemplateFault[];
}

const OPEN = '${{';
const EXPRESSION = /^matrix\.([A-Za-z_][A-Za-z0-9_-]*)$/;
/** What is wrong with a text is said this many times. */
const MAX_FAULTS = 50;
const EXPRESSION_MAX_CHARS = 200;

/** Finds the references in a text; `keys` are those the matrix of the job has. */
export function findReferences(text: string, keys: readonly string[]): References {
  const references: Reference[] = [];
  const faults: TemplateFault[] = [];
  for (let start = text.indexOf(OPEN); start !== -1;) {
    const close = text.indexOf('}}', start + OPEN.length);
    const expression = close === -1 ? undefined : text.slice(start + OPEN.length, close).trim();
    const key = expression === undefined ? undefined : EXPRESSION.exec(expression)?.[1];
    if (key !== undefined && keys.includes(key)) references.push({ start, end: close + 2, key });
    else faults.push({ start, fault: faultOf(expression, key, keys) });
    if (close === -1 || faults.length >= MAX_FAULTS) break;
    start = text.indexOf(OPEN, close + 2);
  }
  return { references, faults };
}

function faultOf(
  expression: string | undefined,
  key: string | undefined,
  keys: readonly string[],
): Fault {
  if (expression === undefined || expression.length > EXPRESSION_MAX_CHARS) {
    return { message: '"${{" is not closed by "}}"', mend: 'write ${{ matrix.KEY }}' };
  }
  if (key === undefined) {
    return {
      message: `\${{ ${quote(expression).slice(1, -1)} }} is not a matrix value`,
      mend: 'only ${{ matrix.KEY }} is known',
    };
  }
  return keys.length === 0
    ? {
        message: `\${{ matrix.${key} }}: the job has no matrix`,
        mend: `add one: matrix: { ${key}: [a, b] }`,
      }
    : {
        message: `the matrix of the job has no key ${quote(key)}`,
        allowed: keys,
        ...suggest(key, keys),
      };
}

/** Puts values into a text, as text; undefined with the first missing key. */
export function fill(
  text: string,
  references: readonly Reference[],
  valueOf: (key: string) => string | undefined,
): { readonly text: string } | { readonly missing: string } {
  let filled = '';
  let from = 0;
  for (const { start, end, key } of references) {
    const value = valueOf(key);
    if (value === undefined) return { missing: key };
    filled += text.slice(from, start) + value;
    from = end;
  }
  return { text: filled + text.slice(from) };
}
