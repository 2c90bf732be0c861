import { lstat, readFile, readlink, realpath } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { findSecrets } from '../base/secrets.ts';
import type { DirtyPath } from '../git/status.ts';
import type { PathFacts } from './policy.ts';

/** Looks at every path of a change set on disk. Files over `maxBytes` are not read: they are not committed anyway. */
export async function pathFacts(root: string, paths: readonly DirtyPath[], maxBytes: number): Promise<PathFacts[]> {
  const facts: PathFacts[] = [];
  for (let at = 0; at < paths.length; at += 32) {
    facts.push(...(await Promise.all(paths.slice(at, at + 32).map((path) => factsOf(root, path, maxBytes)))));
  }
  return facts;
}

async function factsOf(root: string, dirty: DirtyPath, maxBytes: number): Promise<PathFacts> {
  const { path } = dirty;
  const plain = { path, bytes: 0, leaves: false, secrets: [] };
  if (dirty.kind === 'nested-repository' || dirty.kind === 'submodule' || dirty.kind === 'unmerged') return { ...plain, kind: dirty.kind };
  const absolute = join(root, path);
  try {
    const entry = await lstat(absolute);
    if (entry.isSymbolicLink()) return { ...plain, kind: 'link', leaves: await leavesTree(root, absolute) };
    if (!entry.isFile()) return { ...plain, kind: 'unreadable' };
    if (entry.size > maxBytes) return { ...plain, kind: 'file', bytes: entry.size };
    const content = await readFile(absolute);
    return { ...plain, kind: 'file', bytes: entry.size, secrets: secretsIn(content) };
  } catch (error) {
    const gone = (error as NodeJS.ErrnoException).code === 'ENOENT' || (error as NodeJS.ErrnoException).code === 'ENOTDIR';
    return { ...plain, kind: gone ? 'deleted' : 'unreadable' };
  }
}

/** Rule names of the secrets in a file's bytes, each once. Bytes are read one to one, so that no encoding hides them. */
function secretsIn(content: Buffer): string[] {
  return [...new Set(findSecrets(content.toString('latin1')).map((found) => found.rule))];
}

/** Whether a link points outside the workspace, or into its git folder. A dangling link is judged by its target's name. */
async function leavesTree(root: string, link: string): Promise<boolean> {
  const target = await readlink(link);
  const named = isAbsolute(target) ? resolve(target) : resolve(await realpath(dirname(link)), target);
  let real = named;
  try {
    real = await realpath(named);
  } catch {
    // Dangling: the name is all there is.
  }
  return [named, real].some((path) => {
    const inside = relative(root, path);
    return inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside) || inside.split(sep)[0] === '.git';
  });
}
