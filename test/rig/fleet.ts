import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { personPushes } from './hold.ts';
import { createNetwork } from './network.ts';
import type { Network } from './network.ts';
import { openDaemonRemote } from './remotes/daemon.ts';
import { until } from './rig.ts';
import { createRoleRig } from './role-rig.ts';
import type { RoleRig } from './role-rig.ts';

/** Leaves a file that tells whose checkout it was, and stays at work while that checkout is held. */
const AGENT = `cat > /dev/null
here=$(basename "$PWD")
mkdir -p plans src
case "$ORCHESTRATOR_ACTOR" in
  galph) echo "plan $ORCHESTRATOR_ITERATION" >> "plans/$here.md" ;;
  ralph) echo "work $ORCHESTRATOR_ITERATION" >> "src/$here.txt" ;;
esac
echo "$$" > "$HOME/at-work-$here"
while [ -e "$HOME/hold-$here" ]; do sleep 0.05; done
`;

/** Three hosts with a checkout each (the first one's folder is `work`), and the remote on a fourth. */
export interface Fleet {
  readonly roles: RoleRig;
  readonly network: Network;
  readonly c: string;
}

export async function createFleet(): Promise<Fleet> {
  const network = createNetwork(['remote', 'work', 'b', 'c']);
  // Not by `await using`: a test that takes too long is never left, and the namespaces would stay.
  onTestFinished(() => network[Symbol.asyncDispose]());
  const roles = await createRoleRig({ agent: AGENT, open: openDaemonRemote(network, 'remote'), through: (dir) => network.on(basename(dir)) });
  onTestFinished(() => roles[Symbol.asyncDispose]());
  personPushes(roles, { 'sync/state.json': '{"iteration": 1}\n' });
  return { roles, network, c: roles.clone('c') };
}

/** Keeps the agent of a checkout at work. */
export const hold = ({ roles }: Fleet, dir: string): void => writeFileSync(join(roles.rig.home, `hold-${basename(dir)}`), '');

export const letGo = ({ roles }: Fleet, dir: string): void => rmSync(join(roles.rig.home, `hold-${basename(dir)}`));

export const atWork = ({ roles }: Fleet, dir: string): Promise<unknown> => until(`${basename(dir)} is at work`, () => existsSync(join(roles.rig.home, `at-work-${basename(dir)}`)), 60_000);

/** Subjects of the stamps on the branch. */
export const handOffs = ({ roles }: Fleet): string[] => roles.subjects().filter((subject) => subject.startsWith('[SYNC'));

/** Files of the one commit that is kept on the remote. */
export const rescued = ({ roles }: Fleet): string => roles.there('ls-tree', '-r', '--name-only', roles.there('for-each-ref', '--format=%(refname)', 'refs/orchestrator/rescue'), 'plans');
