import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { resolveCommit } from './history.ts';
import type { Repository } from './repository.ts';

/**
 * The commit that is checked out. Right after a commit its ref is a file of its own, which is read without starting git;
 * wherever that is not so (packed or other ref storage), git is asked.
 */
export async function checkedOutCommit({ git, gitDirectory, commonDirectory }: Pick<Repository, 'git' | 'gitDirectory' | 'commonDirectory'>): Promise<string> {
  try {
    const head = readFileSync(join(gitDirectory, 'HEAD'), 'utf8').trim();
    const ref = /^ref: (refs\/heads\/.+)$/.exec(head)?.[1];
    const id = ref === undefined ? head : readFileSync(join(commonDirectory, ref), 'utf8').trim();
    if (/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(id)) return id;
  } catch {
    // Falls through to git.
  }
  return (await git.run(['rev-parse', '--verify', 'HEAD'])).trim();
}

/** The branch that is checked out; null for a detached HEAD. Reads one file. */
export function checkedOutBranch({ gitDirectory }: Pick<Repository, 'gitDirectory'>): string | null {
  return /^ref: refs\/heads\/(.+)$/.exec(readFileSync(join(gitDirectory, 'HEAD'), 'utf8').trim())?.[1] ?? null;
}

/** The commit of a branch; null where there is none. Its file is read where it has one of its own, else git is asked. */
export async function branchTip({ git, commonDirectory }: Pick<Repository, 'git' | 'commonDirectory'>, branch: string): Promise<string | null> {
  const ref = `refs/heads/${branch}`;
  try {
    const id = readFileSync(join(commonDirectory, ref), 'utf8').trim();
    if (/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(id)) return id;
  } catch {
    // Packed, or stored otherwise, or not there.
  }
  return await resolveCommit(git, ref);
}
