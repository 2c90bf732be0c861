import { mkdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createRoleRig } from '../rig/role-rig.ts';

test('a workspace that is a folder of the checkout hands off like any other', async () => {
  await using roles = await createRoleRig();
  mkdirSync(join(roles.a, 'sub ü'));
  for (const name of ['orchestration.yaml', 'prompts', 'agent.sh']) renameSync(join(roles.a, name), join(roles.a, 'sub ü', name));
  roles.git(roles.a, 'add', '-A');
  roles.git(roles.a, 'commit', '-q', '-m', 'moved');
  roles.git(roles.a, 'push', '-q', 'origin', 'main');
  roles.git(roles.b, 'pull', '-q', 'origin', 'main');
  const ends = await Promise.all([roles.start(join(roles.a, 'sub ü'), 'galph', '--once').ended, roles.start(join(roles.b, 'sub ü'), 'ralph', '--once', '--max-wait', '20s').ended]);
  expect(ends.map((end) => end.code)).toEqual([0, 0]);
  expect(JSON.parse(roles.there('show', 'main:sub ü/sync/state.json'))).toMatchObject({ iteration: 2, expected_actor: 'galph' });
});
