import { lstatSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';
import { setImmediate as breath } from 'node:timers/promises';
import { findSecrets } from '../base/secrets.ts';
import type { DirtyPath } from '../git/status.ts';
import type { PathFacts } from './policy.ts';

/** Looks at every path of a change set on disk. Files over `maxBytes` are not read: they are not committed anyway. */
export async function pathFacts(root: string, paths: readonly DirtyPath[], maxBytes: number): Promise<PathFacts[]> {
  const facts: PathFacts[] = [];
  for (let at = 0; at < paths.length; at += 32) {
    for (const path of paths.slice(at, at + 32)) facts.push(factsOf(root, path, maxBytes));
    if (at + 32 < paths.length) await breath();
  }
  return facts;
}

function factsOf(root: string, dirty: DirtyPath, maxBytes: number): PathFacts {
  const { path } = dirty;
  const plain = { path, bytes: 0, leaves: false, secrets: [] };
  if (dirty.kind === 'nested-repository' || dirty.kind === 'submodule' || dirty.kind === 'unmerged') return { ...plain, kind: dirty.kind };
  const absolute = join(root, path);
  try {
    const entry = lstatSync(absolute);
    if (entry.isSymbolicLink()) return { ...plain, kind: 'link', leaves: leavesTree(root, absolute) };
    if (!entry.isFile()) return { ...plain, kind: 'unreadable' };
    if (entry.size > maxBytes) return { ...plain, kind: 'file', bytes: entry.size };
    const content = readFileSync(absolute);
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
function leavesTree(root: string, link: string): boolean {
  const target = readlinkSync(link);
  const named = isAbsolute(target) ? resolve(target) : resolve(realpathSync(dirname(link)), target);
  let real = named;
  try {
    real = realpathSync(named);
  } catch {
    // Dangling: the name is all there is.
  }
  return [named, real].some((path) => {
    const inside = relative(root, path);
    return inside === '..' || inside.startsWith(`..${sep}`) || isAbsolute(inside) || inside.split(sep)[0] === '.git';
  });
}
