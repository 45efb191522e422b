import type { PsiTotals } from '../../core/observation.js';

/** No more digits than a 64-bit number has. */
const TOTAL = / total=(\d{1,20})/;

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

/** Shares of the last ten seconds, in percent. */
export interface PressureAverages {
  readonly somePct: number;
  readonly fullPct: number;
}

/** The kernel's own averages, for who looks once; undefined when the text is no PSI file. */
export function parseAverages(text: string): PressureAverages | undefined {
  const some = /^some avg10=(\d+(?:\.\d+)?)/m.exec(text)?.[1];
  if (some === undefined) return undefined;
  return {
    somePct: Number(some),
    fullPct: Number(/^full avg10=(\d+(?:\.\d+)?)/m.exec(text)?.[1] ?? 0),
  };
}

function totalOf(text: string, kind: 'some' | 'full'): number | undefined {
  const start = text.indexOf(`${kind} `);
  if (start < 0) return undefined;
  const match = TOTAL.exec(text.slice(start));
  return match === null ? undefined : Number(match[1]);
}
