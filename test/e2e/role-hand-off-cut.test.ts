import { renameSync } from 'node:fs';
import { expect, test } from 'vitest';
import { until } from '../rig/rig.ts';
import { createRoleRig } from '../rig/role-rig.ts';

test('a hand-off that a signal cut short is gone on with by the next start, without the agent', async () => {
  await using roles = await createRoleRig({ agent: 'cat > /dev/null\necho "$ORCHESTRATOR_TURN_ID" >> "$HOME/ran"\nmkdir -p plans; echo x >> plans/p.md\nwhile [ -e "$HOME/hold" ]; do sleep 0.05; done\n' });
  await roles.rig.write('../home/hold', '');
  const a = roles.start(roles.a, 'galph', '--once');
  await until('the agent runs', () => roles.rig.exists('../home/ran'));
  renameSync(roles.remote, `${roles.remote}.away`);
  renameSync(`${roles.rig.home}/hold`, `${roles.rig.home}/held`);
  await until('it waits for the remote', () => a.output().stderr.includes('hand off'));
  a.kill('SIGTERM');
  expect((await a.ended).code).toBe(143);
  renameSync(`${roles.remote}.away`, roles.remote);
  expect((await roles.start(roles.a, 'galph', '--once').ended).code).toBe(0);
  expect(roles.state()).toMatchObject({ expected_actor: 'ralph', iteration: 1 });
  expect((await roles.rig.read('../home/ran')).trim().split('\n').length).toBe(1);
  expect(roles.subjects().filter((subject) => subject.startsWith('[SYNC')).length).toBe(1);
});
