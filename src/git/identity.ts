import { openGit } from './git.ts';

const NAME = 'Orchestrator';
const EMAIL = 'orchestrator@localhost';

/**
 * Environment that names author and committer of our commits: whom git knows here, or `Orchestrator
 * <orchestrator@localhost>` where nobody is configured (a guess from the host name does not count). Resolved once, so that
 * a change of the configuration during a run does not matter.
 */
export async function commitIdentity(directory: string): Promise<Record<string, string>> {
  const git = openGit(directory);
  const roles = ['AUTHOR', 'COMMITTER'] as const;
  const asked = await Promise.all(roles.map((role) => git.attempt(['-c', 'user.useConfigOnly=true', 'var', `GIT_${role}_IDENT`])));
  const env: Record<string, string> = {};
  roles.forEach((role, index) => {
    // `Name <address> seconds zone`
    const [, name, email] = /^(.+) <([^<>]*)> \d+ [+-]\d{4}\s*$/.exec(asked[index]?.code === 0 ? asked[index].stdout : '') ?? [];
    env[`GIT_${role}_NAME`] = name ?? NAME;
    env[`GIT_${role}_EMAIL`] = email ?? EMAIL;
  });
  return env;
}
