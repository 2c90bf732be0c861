import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { HELD_AGENT, atWork, hold, letGo } from '../rig/hold.ts';
import { openHttpRemote } from '../rig/remotes/http.ts';
import { openSshRemote } from '../rig/remotes/ssh.ts';
import { until } from '../rig/rig.ts';
import { createRoleRig } from '../rig/role-rig.ts';

describe.each([
  ['ssh', openSshRemote],
  ['smart HTTP', openHttpRemote],
])('two roles over %s', (_name, open) => {
  test('take turns and end on the same tip', async () => {
    await using roles = await createRoleRig({ open });
    const [a, b] = await Promise.all([roles.start(roles.a, 'galph', '--iterations', '2').ended, roles.start(roles.b, 'ralph', '--iterations', '2').ended]);
    expect([a.code, b.code], a.stderr + b.stderr).toEqual([0, 0]);
    expect(roles.state()).toMatchObject({ iteration: 3, expected_actor: 'galph', status: 'complete' });
    expect(roles.subjects().filter((subject) => subject.startsWith('[SYNC')).length).toBe(4);
    expect(roles.git(roles.b, 'rev-parse', 'HEAD')).toBe(roles.there('rev-parse', 'main'));
    // Galph's last turn is the one before ralph's, which it does not wait for.
    expect(roles.there('log', '-2', '--format=%H', '--grep', '^\\[SYNC', 'main').split('\n')[1]).toBe(roles.git(roles.a, 'rev-parse', 'HEAD'));
  });

  test('a remote that is down when an agent ends, and for longer than a lease, gets the turn once it is up', async () => {
    await using roles = await createRoleRig({ open, agent: HELD_AGENT });
    hold(roles, 'galph');
    const galph = roles.start(roles.a, 'galph', '--lease', '1s', '--once');
    await atWork(roles, 'galph');
    const tip = roles.there('rev-parse', 'main');
    await roles.server.down();
    await pause(1500);
    letGo(roles, 'galph');
    await until('it waits for the remote', () => galph.output().stderr.includes('to hand off'));
    expect(roles.there('rev-parse', 'main')).toBe(tip);
    await roles.server.up();
    const end = await galph.ended;
    expect(end.code, end.stderr).toBe(0);
    expect(roles.state()).toMatchObject({ iteration: 1, expected_actor: 'ralph', status: 'waiting-ralph' });
    expect(roles.claim()).toMatchObject({ phase: 'released', attempt: 1 });
    expect(roles.there('for-each-ref', '--format=%(refname)', 'refs/orchestrator/rescue')).toBe('');
    expect(roles.git(roles.a, 'rev-parse', 'HEAD')).toBe(roles.there('rev-parse', 'main'));
  });

  test('a runner that waits outlives the remote going down, and goes on once it is up', async () => {
    await using roles = await createRoleRig({ open });
    const ralph = roles.start(roles.b, 'ralph', '--once');
    await until('ralph waits', () => ralph.output().stderr.includes("galph's turn"));
    await roles.server.down();
    await until('it finds the remote away', () => ralph.output().stderr.includes('does not answer'));
    await roles.server.up();
    const galph = await roles.start(roles.a, 'galph', '--once').ended;
    expect(galph.code, galph.stderr).toBe(0);
    const end = await ralph.ended;
    expect(end.code, end.stderr).toBe(0);
    expect(roles.state()).toMatchObject({ iteration: 2, expected_actor: 'galph', status: 'complete' });
  });
});
