/**
 * How an argv reaches a shell that already runs: as data, never as its text. First a line that says of how many lines each word is,
 * then those. A shell reads byte by byte, at half a microsecond each, so that short is fast.
 */
export const encodeWords = (words: readonly string[]): string => `${words.map((word) => word.split('\n').length).join(' ')}\n${words.map((word) => `${word}\n`).join('')}`;

/** No argv can hold a NUL, and a shell would drop it without a word. */
export const hasNul = (words: readonly string[]): boolean => words.some((word) => word.includes('\0'));

/**
 * Shell text that reads such words from stdin and appends them to the positional parameters. Stands where `read` is at a line's start.
 * A variable that the environment has stays in the environment of all that is started, so that ours have names that nobody uses.
 */
export const READ_WORDS = `IFS= read -r __counts || exit 0
for __lines in $__counts; do
  IFS= read -r __word
  while [ "$__lines" -gt 1 ]; do
    IFS= read -r __line; __lines=$((__lines - 1))
    __word="$__word
$__line"
  done
  set -- "$@" "$__word"
done
`;
