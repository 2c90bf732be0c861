import type { Git } from '../git/git.ts';

/** Where work is kept that could not stay on its branch. */
export const rescueRef = (turnId: string): string => `refs/orchestrator/rescue/${turnId}`;

/** Keeps a commit reachable under the turn's rescue ref. */
export async function keepRescue(git: Git, turnId: string, commit: string): Promise<void> {
  await git.run(['update-ref', '-m', 'orchestrator: kept', rescueRef(turnId), commit]);
}
