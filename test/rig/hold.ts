import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { WORKING_AGENT, until } from './rig.ts';
import type { RoleRig } from './role-rig.ts';

/** An agent that stays at work while a file of that name stands in HOME. */
export const HELD_AGENT = `${WORKING_AGENT}
echo "$$" > "$HOME/at-work-$ORCHESTRATOR_ACTOR"
while [ -e "$HOME/hold-$ORCHESTRATOR_ACTOR" ]; do sleep 0.05; done
`;

export const hold = (roles: RoleRig, actor: string): void => writeFileSync(join(roles.rig.home, `hold-${actor}`), '');

export const letGo = (roles: RoleRig, actor: string): void => renameSync(join(roles.rig.home, `hold-${actor}`), join(roles.rig.home, `gone-${actor}-${Math.random()}`));

export const atWork = (roles: RoleRig, actor: string): Promise<unknown> => until(`${actor} is at work`, () => existsSync(join(roles.rig.home, `at-work-${actor}`)));

/** A person's commit, pushed from a clone of its own, past the transport. */
export function personPushes(roles: RoleRig, files: Record<string, string>): void {
  const dir = roles.clone(`person-${Math.random()}`);
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(dir, path, '..'), { recursive: true });
    writeFileSync(join(dir, path), text);
  }
  roles.git(dir, 'add', '-A');
  roles.git(dir, 'commit', '-q', '-m', 'by a person');
  roles.git(dir, 'push', '-q', roles.remote, 'HEAD:main');
}
