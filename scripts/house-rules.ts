/** Rules about files that need nothing but their name or length. */

const SOFT = 250;
const HARD = 400;

/** What the length of a file in lines says, or null. Only what is hard fails the check. */
export function sizeProblem(lines: number): { readonly hard: boolean; readonly message: string } | null {
  if (lines > HARD) return { hard: true, message: `${lines} lines; ${HARD} are the most` };
  return lines > SOFT ? { hard: false, message: `${lines} lines; more than ${SOFT} usually want to be two files` } : null;
}

const EMPTY_NAMES: readonly string[] = ['utils', 'util', 'helpers', 'helper', 'common', 'misc', 'manager'];

/** What is wrong with a file's name, or null: kebab-case, no barrel, and no name that says nothing. */
export function namingProblem(file: string): string | null {
  const name = (file.split('/').at(-1) ?? '').replace(/(\.test)?\.(ts|js)$/, '');
  if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(name)) return 'file names are kebab-case';
  if (name === 'index') return 'no barrels: import from the file that has it';
  const empty = [...file.split('/').slice(0, -1), ...name.split('-')].find((part) => EMPTY_NAMES.includes(part));
  return empty === undefined ? null : `"${empty}" says nothing about what is in it`;
}
