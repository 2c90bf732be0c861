import { readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { HELD_AGENT, atWork, hold, letGo } from '../rig/hold.ts';
import { createRoleRig } from '../rig/role-rig.ts';

test('lease lost, then run again', async () => {
  await using roles = await createRoleRig({ agent: HELD_AGENT });
  expect((await roles.start(roles.a, 'galph', '--once').ended).code).toBe(0);
  expect((await roles.start(roles.b, 'ralph', '--once').ended).code).toBe(0);
  rmSync(join(roles.rig.home, 'at-work-galph'));
  hold(roles, 'galph');
  const a = roles.start(roles.a, 'galph', '--lease', '1s', '--once');
  await atWork(roles, 'galph');
  roles.there('update-ref', '-d', 'refs/orchestrator/turn/main');
  const end = await a.ended;
  expect(end.code).toBe(4);
  console.log(roles.git(roles.a, 'status', '--porcelain'), readFileSync(join(roles.a, 'sync/state.json'), 'utf8'));
  letGo(roles, 'galph');
  const again = await roles.start(roles.a, 'galph', '--once').ended;
  expect(again.code, again.stderr).toBe(0);
});
test('sigterm, then run again', async () => {
  await using roles = await createRoleRig({ agent: HELD_AGENT });
  expect((await roles.start(roles.a, 'galph', '--once').ended).code).toBe(0);
  expect((await roles.start(roles.b, 'ralph', '--once').ended).code).toBe(0);
  rmSync(join(roles.rig.home, 'at-work-galph'));
  hold(roles, 'galph');
  const a = roles.start(roles.a, 'galph', '--once');
  await atWork(roles, 'galph');
  a.kill('SIGTERM');
  expect((await a.ended).code).toBe(143);
  console.log(roles.git(roles.a, 'status', '--porcelain'));
  letGo(roles, 'galph');
  const again = await roles.start(roles.a, 'galph', '--once').ended;
  expect(again.code, again.stderr).toBe(0);
});
