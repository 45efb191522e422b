/**
 * One number of a flat-keyed kernel file (`key value` lines: memory.stat, memory.events, cpu.stat, vmstat). Files grow
 * new keys and change their order between kernels, so a key is looked up by name (cgroup-v2.rst, "Interface Files").
 *
 * @returns undefined when the kernel has no such key, or no number there.
 */
export function keyedNumber(text: string, key: string): number | undefined {
  const start = lineStart(text, key);
  if (start < 0) return undefined;
  const from = start + key.length + 1;
  const end = text.indexOf('\n', from);
  return wholeNumber(text.slice(from, end < 0 ? undefined : end));
}

/** Digits and nothing else; a number that no double holds is none. */
function wholeNumber(word: string): number | undefined {
  if (!/^\d+$/.test(word)) return undefined;
  const value = Number(word);
  return Number.isFinite(value) ? value : undefined;
}

function lineStart(text: string, key: string): number {
  if (text.startsWith(`${key} `)) return 0;
  const found = text.indexOf(`\n${key} `);
  return found < 0 ? -1 : found + 1;
}

/** A file that holds one number or the word `max` (`memory.max`, `memory.high`, `memory.current`). */
export function singleNumber(text: string): number | 'max' | undefined {
  const word = text.trim();
  if (word === 'max') return 'max';
  return wholeNumber(word);
}
