import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { HELD_AGENT, atWork, hold, letGo, personPushes } from '../rig/hold.ts';
import { createRoleRig } from '../rig/role-rig.ts';
import type { RoleRig } from '../rig/role-rig.ts';
import type { Ended, Running } from '../rig/rig.ts';

/** Ways in which a turn ends before its agent does. */
const WAYS: [string, number, (roles: RoleRig, running: Running) => void][] = [
  ['by SIGTERM', 143, (_roles, running) => running.kill('SIGTERM')],
  ['by SIGINT', 130, (_roles, running) => running.kill('SIGINT')],
  ['as its claim was lost', 4, (roles) => void roles.there('update-ref', '-d', 'refs/orchestrator/turn/main')],
];

/** A turn of galph's that is cut short, and the next run in that checkout. */
async function cutShort(roles: RoleRig, end: (roles: RoleRig, running: Running) => void): Promise<{ first: Ended; left: string; again: Ended }> {
  hold(roles, 'galph');
  const running = roles.start(roles.a, 'galph', '--lease', '1s', '--once');
  await atWork(roles, 'galph');
  end(roles, running);
  const first = await running.ended;
  const left = roles.git(roles.a, 'status', '--porcelain', '--untracked-files=all');
  letGo(roles, 'galph');
  return { first, left, again: await roles.start(roles.a, 'galph', '--once').ended };
}

describe('a turn that is cut short', () => {
  test.each(WAYS)('%s: the next run repeats it, with what the first one left', async (_name, code, end) => {
    await using roles = await createRoleRig({ agent: HELD_AGENT });
    personPushes(roles, { 'sync/state.json': '{"iteration": 5}\n' });
    const { first, left, again } = await cutShort(roles, end);
    expect([first.code, left]).toEqual([code, '?? plans/plan.md']);
    expect(again.code, again.stderr).toBe(0);
    expect(roles.state()).toMatchObject({ iteration: 5, expected_actor: 'ralph', status: 'waiting-ralph' });
    // What the first one left is in there, and kept aside only where somebody else may have had the turn.
    expect(roles.there('show', 'main:plans/plan.md').split('\n').length).toBe(2);
    expect(roles.there('for-each-ref', 'refs/orchestrator/rescue') !== '').toBe(code === 4);
    expect(roles.git(roles.a, 'status', '--porcelain')).toBe('');
  });

  // A missing file is not one that the agent broke: written anew, it would be a state that is not the branch's.
  test.each(WAYS)('%s before the branch has a state: the same', async (_name, code, end) => {
    await using roles = await createRoleRig({ agent: HELD_AGENT });
    const { first, left, again } = await cutShort(roles, end);
    expect(first.code).toBe(code);
    expect(left).toBe('?? plans/plan.md');
    expect(again.code, again.stderr).toBe(0);
  });

  test('and taken by another runner meanwhile: what it left is in the rescue, and in nobody\'s way', async () => {
    await using roles = await createRoleRig({ agent: HELD_AGENT });
    personPushes(roles, { 'sync/state.json': '{"iteration": 5}\n' });
    hold(roles, 'galph');
    const first = roles.start(roles.a, 'galph', '--lease', '1s', '--once');
    await atWork(roles, 'galph');
    rmSync(join(roles.rig.home, 'at-work-galph'));
    // Frozen, as a laptop that was closed.
    first.kill('SIGSTOP');
    const c = roles.clone('c');
    const second = roles.start(c, 'galph', '--lease', '1s', '--once');
    await atWork(roles, 'galph');
    letGo(roles, 'galph');
    expect((await second.ended).code).toBe(0);
    first.kill('SIGCONT');
    expect((await first.ended).code).toBe(4);
    expect((await roles.start(roles.b, 'ralph', '--once').ended).code).toBe(0);
    const again = await roles.start(roles.a, 'galph', '--once').ended;
    expect(again.code, again.stderr).toBe(0);
    expect(roles.state()).toMatchObject({ iteration: 6, expected_actor: 'ralph' });
    expect(roles.there('for-each-ref', '--format=%(refname)', 'refs/orchestrator/rescue')).toContain('rescue/turn_');
  });
});
