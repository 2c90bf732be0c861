import type { Git } from './git.ts';

/** What commits added to a branch by someone else hold. */
export interface OwnCommits {
  /** Commit ids, oldest first. */
  readonly commits: readonly string[];
  /** Paths that they touched, sorted. Of a merge only what the merge itself changed. */
  readonly paths: readonly string[];
}

/** Full id of a revision, or null when there is none. */
export async function resolveCommit(git: Git, revision: string): Promise<string | null> {
  const output = await git.attempt(['rev-parse', '--verify', '--quiet', '--end-of-options', `${revision}^{commit}`]);
  return output.code === 0 ? output.stdout.trim() : null;
}

export async function isAncestor(git: Git, ancestor: string, descendant: string): Promise<boolean> {
  return (await git.attempt(['merge-base', '--is-ancestor', ancestor, descendant])).code === 0;
}

/** The commits in `base..head` that are not in any of `without`, and the paths that they touch. */
export async function ownCommits(git: Git, base: string, head: string, without: readonly string[]): Promise<OwnCommits> {
  const range = [head, `^${base}`, ...without.map((commit) => `^${commit}`)];
  const text = await git.run([
    'log', '--reverse', '--topo-order', '-z', '--no-renames', '--diff-merges=remerge', '--name-only', '--format=%x01%H', ...range, '--',
  ]);
  const commits: string[] = [];
  const paths = new Set<string>();
  for (const field of text.split(/[\0\n]/)) {
    if (field.startsWith('\x01')) commits.push(field.slice(1));
    else if (field !== '') paths.add(field);
  }
  return { commits, paths: [...paths].toSorted() };
}

/**
 * Every line that the commits of `base..head` (less `without`) add, with its file, whether or not a later one takes it
 * away again: all of it would travel with a push. Files over 16 MiB count as binary and give no lines.
 */
export async function addedLines(git: Git, base: string | null, head: string, without: readonly string[]): Promise<Map<string, string>> {
  const range = [head, ...(base === null ? [] : [`^${base}`]), ...without.map((commit) => `^${commit}`)];
  const text = await git.run([
    'log', '-p', '--unified=0', '--no-color', '--no-ext-diff', '--no-textconv', '--no-renames', '--diff-merges=remerge',
    '--src-prefix=a/', '--dst-prefix=b/', '--format=%x01', ...range, '--',
  ]);
  const files = new Map<string, string[]>();
  let current: string[] | null = null;
  let inHunk = false;
  for (const line of text.split('\n')) {
    if (line.startsWith('diff --git ')) {
      inHunk = false;
      current = null;
    } else if (!inHunk && line.startsWith('+++ ')) {
      // git ends a name that holds a blank with a tab.
      const name = line.slice(4).replace(/\t$/, '').replace(/^b\//, '');
      current = files.get(name) ?? [];
      files.set(name, current);
    } else if (line.startsWith('@@')) inHunk = true;
    else if (inHunk && current !== null && line.startsWith('+')) current.push(line.slice(1));
  }
  return new Map([...files].map(([name, lines]) => [name, lines.join('\n')]));
}

/** Sizes in bytes of files as a commit holds them; a path that it does not hold is left out. */
export async function sizesAt(git: Git, commit: string, paths: readonly string[]): Promise<Map<string, number>> {
  if (paths.length === 0) return new Map();
  const input = paths.map((path) => `${commit}:${path}\n`).join('');
  const text = await git.run(['cat-file', '--batch-check=%(objecttype) %(objectsize)'], { input });
  const sizes = new Map<string, number>();
  text.split('\n').forEach((line, index) => {
    const size = /^blob (\d+)$/.exec(line)?.[1];
    const path = paths[index];
    if (size !== undefined && path !== undefined) sizes.set(path, Number(size));
  });
  return sizes;
}

/** A file's content as a commit holds it, or null. */
export async function fileAt(git: Git, commit: string, path: string): Promise<string | null> {
  const output = await git.attempt(['cat-file', 'blob', `${commit}:${path}`]);
  return output.code === 0 ? output.stdout : null;
}

/** The commits that touched a path, newest first, at most `limit`. */
export async function commitsTouching(git: Git, path: string, limit: number): Promise<string[]> {
  const output = await git.attempt(['log', `--max-count=${limit}`, '--format=%H', 'HEAD', '--', path]);
  return output.code === 0 ? output.stdout.split('\n').filter((line) => line !== '') : [];
}

/** The links among these paths, as a commit holds them, with their targets. */
export async function linksAt(git: Git, commit: string, paths: readonly string[]): Promise<Map<string, string>> {
  const links = new Map<string, string>();
  for (let at = 0; at < paths.length; at += 500) {
    const text = await git.run(['ls-tree', '-z', commit, '--', ...paths.slice(at, at + 500)]);
    for (const entry of text.split('\0')) {
      const [, blob, path] = /^120000 blob ([0-9a-f]+)\t(.+)$/s.exec(entry) ?? [];
      if (blob !== undefined && path !== undefined) links.set(path, await git.run(['cat-file', 'blob', blob]));
    }
  }
  return links;
}
