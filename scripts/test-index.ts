/** docs/testing.md, read and judged: each row of its tables is `| behaviour | \`file > part of a test's name\` |`, or just the file. */

export interface Row {
  readonly behaviour: string;
  readonly file: string;
  /** Part of the full names (suites and test, joined by ` > `) of the tests meant; null for all of the file. */
  readonly name: string | null;
}

export interface CollectedTest {
  readonly file: string;
  readonly name: string;
}

/** The rows of the page, and the lines that look like rows but cannot be read. */
export function rowsOf(page: string): { readonly rows: readonly Row[]; readonly unreadable: readonly string[] } {
  const rows: Row[] = [];
  const unreadable: string[] = [];
  for (const line of page.split('\n')) {
    if (!line.startsWith('|') || /^\|[\s|:-]+\|?$/.test(line) || /\|\s*selector\s*\|$/.test(line)) continue;
    const [, behaviour, selector] = /^\|(.+)\|\s*`([^`]+)`\s*\|$/.exec(line) ?? [];
    if (behaviour === undefined || selector === undefined) {
      unreadable.push(line);
      continue;
    }
    const at = selector.indexOf(' > ');
    rows.push({ behaviour: behaviour.trim(), file: at < 0 ? selector : selector.slice(0, at), name: at < 0 ? null : selector.slice(at + 3) });
  }
  return { rows, unreadable };
}

/** How many tests a row's selector collects. */
export const collectedBy = (row: Row, tests: readonly CollectedTest[]): number => tests.filter(({ file, name }) => file === row.file && (row.name === null || name.includes(row.name))).length;

/** Test files that no row cites. */
export function uncited(rows: readonly Row[], tests: readonly CollectedTest[]): string[] {
  const cited = new Set(rows.map(({ file }) => file));
  return [...new Set(tests.map(({ file }) => file))].filter((file) => !cited.has(file)).toSorted();
}
