import ignore from 'ignore';

/** Tells whether a path (relative to the workspace, `/` between parts) is matched. */
export type PathMatcher = (path: string) => boolean;

/**
 * A matcher for globs in gitignore's dialect, the only one used anywhere: `*.md` takes `a/b.md`, `docs/` takes all
 * below `docs`, a double star takes any number of folders, none included, and a later `!pattern` takes back.
 * Case counts. Source: gitignore(5), by the `ignore` package.
 */
export function globMatcher(globs: readonly string[]): PathMatcher {
  if (globs.length === 0) return () => false;
  const rules = ignore({ allowRelativePaths: true, ignoreCase: false }).add([...globs]);
  return (path) => path !== '' && rules.ignores(path);
}
