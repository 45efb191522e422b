import { posix } from 'node:path';

const SHELLS = new Set(['sh', 'ash', 'bash', 'dash', 'ksh', 'mksh', 'rbash', 'zsh']);

/**
 * Where the script stands in `sh -c script name arguments…`, as sh(1) reads its words: the first one behind all options.
 *
 * @returns its index, which is the number of words when it is to be put behind them; undefined when there is no script.
 */
export function scriptWordAt(words: readonly string[]): number | undefined {
  const [shell = ''] = words;
  if (!SHELLS.has(posix.basename(shell))) return undefined;
  let isScript = false;
  let at = 1;
  for (; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (word === '--' || word === '-') {
      at += 1;
      break;
    }
    if (!/^[-+]./.test(word)) break;
    if (word.startsWith('--')) continue;
    if (word.startsWith('-') && word.includes('c')) isScript = true;
    // Each of them has a name in a word of its own: -o pipefail.
    at += word.match(/o/gi)?.length ?? 0;
  }
  return isScript ? Math.min(at, words.length) : undefined;
}
