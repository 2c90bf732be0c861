import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
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

test("a person's ignored file is in the way of nobody's push: exit 5 names it, and it stays", async () => {
  await using roles = await createRoleRig();
  roles.git(roles.b, 'commit', '-q', '--allow-empty', '-m', 'theirs');
  writeFileSync(`${roles.b}/secret.local`, 'theirs\n');
  roles.git(roles.b, 'add', '-f', 'secret.local');
  roles.git(roles.b, 'commit', '-q', '-m', 'adds it');
  roles.git(roles.b, 'push', '-q', 'origin', 'main');
  writeFileSync(`${roles.a}/.git/info/exclude`, 'secret.local\n');
  writeFileSync(`${roles.a}/secret.local`, 'mine\n');
  const ended = await roles.rig.json(['run', '--role', 'galph', '--once']);
  expect([ended.code, ended.document.error.code, ended.document.error.details]).toMatchObject([5, 'in_the_way', { paths: ['secret.local'] }]);
  expect(await roles.rig.read('secret.local')).toBe('mine\n');
});

test('a hand-off that conflicts after a crash fails the run, as it would have without the crash', async () => {
  await using roles = await createRoleRig({ agent: 'cat > /dev/null\nmkdir -p plans; echo "$ORCHESTRATOR_ACTOR" > plans/p.md\n' });
  await roles.rig.run(['run', '--role', 'galph', '--once'], { env: { ORCHESTRATOR_CRASH_AT: 'before-push' } });
  mkdirSync(`${roles.b}/plans`);
  writeFileSync(`${roles.b}/plans/p.md`, 'theirs\n');
  roles.git(roles.b, 'add', '-A');
  roles.git(roles.b, 'commit', '-q', '-m', 'theirs');
  roles.git(roles.b, 'push', '-q', 'origin', 'main');
  expect((await roles.start(roles.a, 'galph', '--once').ended).code).toBe(1);
  expect(roles.state()).toMatchObject({ status: 'failed', failure: { code: 'rebase_conflict' } });
  expect(roles.there('log', '-1', '--format=%B', 'main')).toContain('Orchestrator-Outcome: failed');
});
