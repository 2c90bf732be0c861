import type { Git } from '../git/git.ts';
import { moveRef } from '../git/merge.ts';

/** Commits that would be lost stand under `refs/orchestrator/backup/<unit>/<n>`. */
const PREFIX = 'refs/orchestrator/backup';

/** Keeps a commit of a unit; one that is kept already is not kept twice. Gives the ref. */
export async function backupRef(git: Git, chunk: string, commit: string): Promise<string> {
  for (;;) {
    const text = await git.run(['for-each-ref', '--format=%(refname) %(objectname)', `${PREFIX}/${chunk}/`]);
    const refs = text.split('\n').filter((line) => line !== '').map((line) => line.split(' '));
    const kept = refs.find(([, id]) => id === commit)?.[0];
    if (kept !== undefined) return kept;
    const last = Math.max(0, ...refs.map(([ref = '']) => Number(ref.slice(ref.lastIndexOf('/') + 1)) || 0));
    const ref = `${PREFIX}/${chunk}/${last + 1}`;
    // Somebody else may have taken the number meanwhile.
    if (await moveRef(git, ref, commit, null, 'orchestrator: kept')) return ref;
  }
}
