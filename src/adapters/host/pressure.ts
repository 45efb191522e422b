import type { PsiTotals } from '../../core/observation.js';

const TOTAL = / total=(\d+)/;

/**
 * Parses a PSI file (psi.rst): only `total`, since the averages are folded every 2 s while `total` is exact at each
 * read.
 *
 * @returns microseconds since boot or creation; undefined when the text is no PSI file.
 */
export function parsePressure(text: string): PsiTotals | undefined {
  const someUs = totalOf(text, 'some');
  if (someUs === undefined) return undefined;
  return { someUs, fullUs: totalOf(text, 'full') ?? 0 };
}

function totalOf(text: string, kind: 'some' | 'full'): number | undefined {
  const start = text.indexOf(`${kind} `);
  if (start < 0) return undefined;
  const match = TOTAL.exec(text.slice(start));
  return match === null ? undefined : Number(match[1]);
}
