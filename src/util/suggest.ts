import { closest, distance } from 'fastest-levenshtein';

const WORD_MAX_CHARS = 64;
const CANDIDATES_MAX = 1000;

/**
 * The word that was probably meant: the candidate with the fewest edits, if those are few for the length of the word.
 * Case and the choice between `-` and `_` do not count.
 */
export function suggest(
  word: string,
  candidates: readonly string[],
): { readonly suggestion?: string } {
  if (word === '' || word.length > WORD_MAX_CHARS || candidates.length === 0) return {};
  const considered = candidates.slice(0, CANDIDATES_MAX);
  const folded = considered.map(fold);
  const best = closest(fold(word), folded);
  const index = folded.indexOf(best);
  const edits = distance(fold(word), best);
  const original = considered[index];
  if (original === undefined || original === word) return {};
  const length = Math.min(word.length, best.length);
  const few = edits < length && edits <= Math.max(1, Math.floor(length / 3));
  return few || letters(fold(word)) === letters(best) ? { suggestion: original } : {};
}

/** Two swapped letters count as two edits; the same letters in another order are a slip of the fingers all the same. */
function letters(word: string): string {
  return Array.from(word)
    .toSorted((a, b) => (a < b ? -1 : 1))
    .join('');
}

function fold(word: string): string {
  return word.toLowerCase().replaceAll('-', '_');
}
