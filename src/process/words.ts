/**
 * How an argv reaches a shell that already runs: as data, never as its text. First the number of words, then for each the
 * number of its lines and those.
 */
export const encodeWords = (words: readonly string[]): string => `${words.length}\n${words.map((word) => `${word.split('\n').length}\n${word}\n`).join('')}`;

/** No argv can hold a NUL, and a shell would drop it without a word. */
export const hasNul = (words: readonly string[]): boolean => words.some((word) => word.includes('\0'));

/** Shell text that reads such words from stdin and appends them to the positional parameters. Stands where `read` is at a line's start. */
export const READ_WORDS = `IFS= read -r count || exit 0
while [ "$count" -gt 0 ]; do
  IFS= read -r lines; IFS= read -r word
  while [ "$lines" -gt 1 ]; do
    IFS= read -r line; lines=$((lines - 1))
    word="$word
$line"
  done
  set -- "$@" "$word"; count=$((count - 1))
done
`;
