/** Bytes in a KiB, MiB, GiB, TiB. */
export const KiB = 1024;
export const MiB = 1024 * KiB;
export const GiB = 1024 * MiB;
export const TiB = 1024 * GiB;

const UNITS: Readonly<Record<string, number>> = { '': 1, K: KiB, M: MiB, G: GiB, T: TiB };
const SIZE = /^(\d+(?:\.\d+)?)\s*([KMGT]?)(?:i?B?)$/i;

/** What {@link parseBytes} takes, for error messages. */
export const BYTES_GRAMMAR = 'a size such as 512M, 2G or 1.5GiB';

/**
 * Reads a size: a number and `K M G T`, optionally followed by `i`, `iB` or `B`, all 1024-based as in
 * systemd and the kernel. A bare number is bytes.
 *
 * @returns whole bytes, or undefined when `text` is not a size.
 */
export function parseBytes(text: string): number | undefined {
  const match = SIZE.exec(text.trim());
  if (match === null) return undefined;
  const [, digits = '', unit = ''] = match;
  const factor = UNITS[unit.toUpperCase()];
  if (factor === undefined) return undefined;
  const bytes = Math.round(Number(digits) * factor);
  return Number.isSafeInteger(bytes) ? bytes : undefined;
}

/** Bytes for a person: three digits at the most and a 1024-based unit, `1.4G`, `812M`, `0B`. */
export function formatBytes(bytes: number): string {
  const magnitude = Math.abs(bytes);
  if (magnitude < KiB) return `${String(Math.round(bytes))}B`;
  for (const [unit, size] of [
    ['K', KiB],
    ['M', MiB],
    ['G', GiB],
  ] as const) {
    if (magnitude < size * 999.5) return `${shorten(bytes / size)}${unit}`;
  }
  return `${shorten(bytes / TiB)}T`;
}

function shorten(value: number): string {
  return Math.abs(value) < 9.95 ? value.toFixed(1) : value.toFixed(0);
}
