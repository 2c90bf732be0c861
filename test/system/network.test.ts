import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { canDelay, createNetwork } from '../rig/network.ts';
import type { Network } from '../rig/network.ts';
import { openDaemonRemote } from '../rig/remotes/daemon.ts';
import { until } from '../rig/rig.ts';
import { createRoleRig } from '../rig/role-rig.ts';
import type { RoleRig } from '../rig/role-rig.ts';

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
interface Fleet extends AsyncDisposable {
  readonly roles: RoleRig;
  readonly network: Network;
  readonly c: string;
}

async function createFleet(): Promise<Fleet> {
  const network = createNetwork(['remote', 'work', 'b', 'c']);
  try {
    const roles = await createRoleRig({ agent: AGENT, open: openDaemonRemote(network, 'remote'), through: (dir) => network.on(basename(dir)) });
    return {
      roles,
      network,
      c: roles.clone('c'),
      async [Symbol.asyncDispose]() {
        await roles[Symbol.asyncDispose]();
        await network[Symbol.asyncDispose]();
      },
    };
  } catch (error) {
    await network[Symbol.asyncDispose]();
    throw error;
  }
}

const hold = ({ roles }: Fleet, dir: string): void => writeFileSync(join(roles.rig.home, `hold-${basename(dir)}`), '');
const letGo = ({ roles }: Fleet, dir: string): void => rmSync(join(roles.rig.home, `hold-${basename(dir)}`));
const atWork = ({ roles }: Fleet, dir: string): Promise<unknown> => until(`${basename(dir)} is at work`, () => existsSync(join(roles.rig.home, `at-work-${basename(dir)}`)), 60_000);
const handOffs = ({ roles }: Fleet): string[] => roles.subjects().filter((subject) => subject.startsWith('[SYNC'));
/** Files of the one commit that is kept on the remote. */
const rescued = ({ roles }: Fleet): string => roles.there('ls-tree', '-r', '--name-only', roles.there('for-each-ref', '--format=%(refname)', 'refs/orchestrator/rescue'), 'plans');

/** How a runner can come to be alone: what it does to `host`. */
const APART: [string, (network: Network, host: string) => void][] = [
  ['its link is cut', (network, host) => network.cut(host)],
  ['the answers to it get lost', (network, host) => network.lose('remote', host)],
  ['what it asks gets lost', (network, host) => network.lose(host, 'remote')],
];

describe('a runner that is cut off for longer than its lease', () => {
  test.each(APART)('while its agent is at work (%s): another takes the turn; healed, it ends with lease_lost and its work is kept', async (_name, part) => {
    await using fleet = await createFleet();
    const { roles, network, c } = fleet;
    hold(fleet, roles.a);
    const first = roles.start(roles.a, 'galph', '--lease', '2s', '--once');
    await atWork(fleet, roles.a);
    const second = roles.start(c, 'galph', '--lease', '2s', '--once');
    await until('the second waits', () => second.output().stderr.includes('wait'));
    part(network, 'work');
    const took = await second.ended;
    expect(took.code, took.stderr).toBe(0);
    expect(roles.claim()).toMatchObject({ phase: 'released', actor: 'galph', iteration: 1, attempt: 2 });
    // Being away is no reason to end an agent.
    expect(first.child.exitCode).toBeNull();
    network.heal('work');
    const lost = await first.ended;
    expect([lost.code, lost.stderr]).toEqual([4, expect.stringContaining('claim on the turn was lost')]);
    expect(handOffs(fleet)).toEqual([expect.stringContaining('[SYNC i=1] actor=galph → next=ralph status=ok')]);
    expect(roles.there('ls-tree', '-r', '--name-only', 'main', 'plans')).toBe('plans/c.md');
    expect(rescued(fleet)).toContain('plans/work.md');
    // And the loop goes on, with what was cut off as well.
    expect((await roles.start(roles.b, 'ralph', '--once').ended).code).toBe(0);
    letGo(fleet, roles.a);
    const again = await roles.start(roles.a, 'galph', '--once').ended;
    console.log(lost.stderr, roles.git(roles.a, 'status', '--porcelain', '--branch'), roles.git(roles.a, 'log', '--oneline', '--graph', '--all'));
    expect(again.code, again.stderr).toBe(0);
    expect(roles.state()).toMatchObject({ iteration: 2, expected_actor: 'ralph' });
  });

  test.each(APART)('and whose agent ended meanwhile (%s): the same once it is healed', async (_name, part) => {
    await using fleet = await createFleet();
    const { roles, network, c } = fleet;
    hold(fleet, roles.a);
    const first = roles.start(roles.a, 'galph', '--lease', '2s', '--once');
    await atWork(fleet, roles.a);
    part(network, 'work');
    letGo(fleet, roles.a);
    const took = await roles.start(c, 'galph', '--lease', '2s', '--once').ended;
    expect(took.code, took.stderr).toBe(0);
    await until('the first waits for the remote', () => first.output().stderr.includes('to hand off'), 60_000);
    network.heal('work');
    const lost = await first.ended;
    expect([lost.code, lost.stderr]).toEqual([4, expect.stringContaining('claim on the turn was lost')]);
    expect(handOffs(fleet)).toEqual([expect.stringContaining('[SYNC i=1] actor=galph → next=ralph status=ok')]);
    expect(rescued(fleet)).toContain('plans/work.md');
    expect(roles.git(roles.a, 'rev-parse', 'HEAD')).toBe(roles.there('rev-parse', 'main'));
  });

  test('with nobody else there: its claim is still its own when it is healed, and the turn is handed off', async () => {
    await using fleet = await createFleet();
    const { roles, network } = fleet;
    hold(fleet, roles.a);
    const only = roles.start(roles.a, 'galph', '--lease', '2s', '--once');
    await atWork(fleet, roles.a);
    network.cut('work');
    await pause(5000);
    letGo(fleet, roles.a);
    network.heal('work');
    const end = await only.ended;
    expect(end.code, end.stderr).toBe(0);
    expect(handOffs(fleet).length).toBe(1);
    expect(roles.claim()).toMatchObject({ phase: 'released', attempt: 1 });
    expect(roles.there('for-each-ref', 'refs/orchestrator/rescue')).toBe('');
  });
});

describe('a runner that waits', () => {
  test.each(APART)('outlives being cut off (%s), and takes its turn once it is healed', async (_name, part) => {
    await using fleet = await createFleet();
    const { roles, network } = fleet;
    const ralph = roles.start(roles.b, 'ralph', '--lease', '3s', '--once');
    await until('ralph waits', () => ralph.output().stderr.includes("galph's turn"));
    part(network, 'b');
    expect((await roles.start(roles.a, 'galph', '--lease', '3s', '--once').ended).code).toBe(0);
    await until('ralph finds the remote away', () => ralph.output().stderr.includes('does not answer'), 60_000);
    network.heal('b');
    const end = await ralph.ended;
    expect(end.code, end.stderr).toBe(0);
    expect(roles.state()).toMatchObject({ iteration: 2, expected_actor: 'galph', status: 'complete' });
  });

  test('ends when it is told to while what it asks gets lost', async () => {
    await using fleet = await createFleet();
    const { roles, network } = fleet;
    const ralph = roles.start(roles.b, 'ralph', '--once');
    await until('ralph waits', () => ralph.output().stderr.includes("galph's turn"));
    network.lose('b', 'remote');
    await pause(1000);
    ralph.kill('SIGTERM');
    expect((await ralph.ended).code).toBe(143);
  });
});

// Where it is left out, the kernel lacks its module sch_netem.
test.skipIf(!canDelay())('links that take 300 ms: two roles take turns as ever', async () => {
  await using fleet = await createFleet();
  const { roles, network } = fleet;
  for (const host of ['work', 'b']) network.delay(host, 300);
  const ends = await Promise.all([roles.start(roles.a, 'galph', '--iterations', '2').ended, roles.start(roles.b, 'ralph', '--iterations', '2').ended]);
  expect(ends.map((end) => end.code)).toEqual([0, 0]);
  expect(roles.state()).toMatchObject({ iteration: 3, expected_actor: 'galph', status: 'complete' });
});
