import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { HELD_AGENT, atWork, hold, letGo } from '../rig/hold.ts';
import { until } from '../rig/rig.ts';
import { createRoleRig } from '../rig/role-rig.ts';
import type { RoleRig } from '../rig/role-rig.ts';

/** Has the remote hold the next push of such a ref between its lock and its change, as a slow disk or another hook may. */
function slowFor(roles: RoleRig, ref: string, seconds: number): Promise<unknown> {
  const hook = `#!/bin/sh
[ "$1" = prepared ] && [ -e slow ] || exit 0
mine=
while read -r old new ref; do case "$ref" in ${ref}) mine=1 ;; esac; done
[ -n "$mine" ] || exit 0
mv slow locked
sleep ${seconds}
`;
  writeFileSync(join(roles.remote, 'hooks/reference-transaction'), hook, { mode: 0o755 });
  writeFileSync(join(roles.remote, 'slow'), '');
  return until('a push holds the lock', () => existsSync(join(roles.remote, 'locked')));
}

describe('a remote that is slow to change its refs', () => {
  // A refusal that left the claim as it was counts as the remote's rule, though it may be a lock.
  test('of two runners of a role, the one that meets the lock of the other waits for the turn', async () => {
    await using roles = await createRoleRig();
    const c = roles.clone('c');
    const locked = slowFor(roles, 'refs/orchestrator/turn/*', 2);
    const first = roles.start(roles.a, 'galph', '--once');
    await locked;
    const second = roles.start(c, 'galph', '--once');
    const done = await first.ended;
    expect(done.code, done.stderr).toBe(0);
    expect((await roles.start(roles.b, 'ralph', '--once').ended).code).toBe(0);
    const end = await second.ended;
    expect(end.code, end.stderr).toBe(0);
    expect(roles.state()).toMatchObject({ iteration: 2, expected_actor: 'ralph' });
  });

  // It is tried twenty times at once, in some seconds, and then given up.
  test("a hand-off that meets the lock of a person's push is made once that is through, on top of it", async () => {
    await using roles = await createRoleRig({ agent: HELD_AGENT });
    hold(roles, 'galph');
    const galph = roles.start(roles.a, 'galph', '--once');
    await atWork(roles, 'galph');
    const locked = slowFor(roles, 'refs/heads/main', 10);
    roles.git(roles.b, 'commit', '-q', '--allow-empty', '-m', 'by a person');
    const push = spawn('git', ['push', '-q', 'origin', 'main'], { cwd: roles.b, env: { ...roles.rig.env }, stdio: 'ignore' });
    const pushed = once(push, 'close');
    await locked;
    letGo(roles, 'galph');
    const end = await galph.ended;
    expect(await pushed).toEqual([0, null]);
    expect(end.code, end.stderr).toBe(0);
    expect(roles.subjects().slice(1)).toEqual(['by a person', expect.stringContaining('GALPH AUTO'), expect.stringContaining('[SYNC i=1]')]);
  });
});
