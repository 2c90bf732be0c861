import { openGit } from './git.ts';

const NAME = 'Orchestrator';
const EMAIL = 'orchestrator@localhost';

/**
 * Environment that gives our commits an author where the person has configured none: `Orchestrator
 * <orchestrator@localhost>`. Empty where git has a name and an address of its own; a guess from the host name does not
 * count as one.
 */
export async function commitIdentity(directory: string): Promise<Record<string, string>> {
  const git = openGit(directory);
  const asked = await Promise.all(
    (['AUTHOR', 'COMMITTER'] as const).map(async (role) => ({
      role,
      known: (await git.attempt(['-c', 'user.useConfigOnly=true', 'var', `GIT_${role}_IDENT`])).code === 0,
    })),
  );
  const env: Record<string, string> = {};
  for (const { role, known } of asked) {
    if (known) continue;
    env[`GIT_${role}_NAME`] = NAME;
    env[`GIT_${role}_EMAIL`] = EMAIL;
  }
  return env;
}
