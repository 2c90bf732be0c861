import { closest, distance } from 'fastest-levenshtein';

/** The known word that was most likely meant, or undefined when none is near (more than two edits and a third of the word). */
export function suggest(word: string, known: readonly string[]): string | undefined {
  if (known.length === 0) return undefined;
  const best = closest(word, known);
  return distance(word, best) <= Math.max(2, Math.floor(word.length / 3)) ? best : undefined;
}

/** ` Did you mean "x"?`, or nothing. For the end of a message. */
export function didYouMean(word: string, known: readonly string[]): string {
  const best = suggest(word, known);
  return best === undefined ? '' : ` Did you mean "${best}"?`;
}
