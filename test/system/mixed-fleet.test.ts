import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { HELD_AGENT, atWork, hold, letGo, personPushes } from '../rig/hold.ts';
import { endTree } from '../rig/remotes/process-tree.ts';
import { until } from '../rig/rig.ts';
import { createRoleRig } from '../rig/role-rig.ts';
import type { RoleRig } from '../rig/role-rig.ts';

const EARLIER_FIELDS = ['iteration', 'expected_actor', 'status', 'last_update', 'lease_expires_at', 'galph_commit', 'ralph_commit', 'last_prompt', 'last_prompt_actor'];

interface EarlierPeer extends AsyncDisposable {
  /** Resolves with its exit code and what it complained of. */
  readonly ended: Promise<{ code: number | null; stderr: string }>;
  kill(): Promise<void>;
}

function startEarlier(roles: RoleRig, dir: string, role: 'galph' | 'ralph', turns: number): EarlierPeer {
  const program = fileURLToPath(new URL('../rig/earlier-peer.ts', import.meta.url));
  const child = spawn(process.execPath, [program, role, String(turns)], { cwd: dir, env: { ...roles.rig.env }, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const ended = new Promise<{ code: number | null; stderr: string }>((resolve) => child.once('close', (code) => resolve({ code, stderr })));
  const kill = async (): Promise<void> => {
    // Its git as well: a half-done push must not go on without it.
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) await endTree(child.pid);
    await ended;
  };
  return { ended, kill, [Symbol.asyncDispose]: kill };
}

const syncs = (roles: RoleRig): string[] => roles.subjects().filter((subject) => subject.startsWith('[SYNC')).map((subject) => subject.replace(/_commit=.*/, '').replace(/ (galph|ralph)$/, ''));

describe('with a peer of the earlier protocol', () => {
  test('our ralph takes turns with its galph', async () => {
    await using roles = await createRoleRig();
    await using earlier = startEarlier(roles, roles.a, 'galph', 3);
    const ours = await roles.start(roles.b, 'ralph', '--iterations', '3').ended;
    expect([ours.code, await earlier.ended]).toEqual([0, { code: 0, stderr: '' }]);
    expect(roles.state()).toMatchObject({ iteration: 4, expected_actor: 'galph', status: 'complete' });
    expect(syncs(roles)).toEqual([1, 2, 3].flatMap((n) => [`[SYNC i=${n}] actor=galph status=running`, `[SYNC i=${n}] actor=galph → next=ralph status=ok`, `[SYNC i=${n}] actor=ralph → next=galph status=ok`]));
    expect(roles.there('show', 'main:plans/earlier.md')).toBe('galph 1\ngalph 2\ngalph 3');
    expect(roles.there('show', 'main:src/work.txt').split('\n').length).toBe(3);
    expect(roles.git(roles.b, 'rev-parse', 'HEAD')).toBe(roles.there('rev-parse', 'main'));
  });

  test('our galph takes turns with its ralph', async () => {
    await using roles = await createRoleRig();
    await using earlier = startEarlier(roles, roles.b, 'ralph', 3);
    const ours = await roles.start(roles.a, 'galph', '--iterations', '3').ended;
    expect([ours.code, await earlier.ended]).toEqual([0, { code: 0, stderr: '' }]);
    expect(roles.state()).toMatchObject({ iteration: 4, expected_actor: 'galph', status: 'complete' });
    expect(syncs(roles)).toEqual([1, 2, 3].flatMap((n) => [`[SYNC i=${n}] actor=galph → next=ralph status=ok`, `[SYNC i=${n}] actor=ralph status=running`, `[SYNC i=${n}] actor=ralph → next=galph status=ok`]));
    expect(roles.there('show', 'main:src/earlier.txt')).toBe('ralph 1\nralph 2\nralph 3');
    expect(roles.there('show', 'main:plans/plan.md').split('\n').length).toBe(3);
  });

  test('what it writes are its own fields alone, and the next of our turns goes on from them', async () => {
    await using roles = await createRoleRig();
    expect((await roles.start(roles.a, 'galph', '--once').ended).code).toBe(0);
    expect(roles.state()).toHaveProperty('turn_id');
    await using earlier = startEarlier(roles, roles.b, 'ralph', 1);
    expect(await earlier.ended).toEqual({ code: 0, stderr: '' });
    expect(Object.keys(roles.state())).toEqual(EARLIER_FIELDS);
    expect((await roles.start(roles.a, 'galph', '--once').ended).code).toBe(0);
    expect(roles.state()).toMatchObject({ iteration: 2, expected_actor: 'ralph', status: 'waiting-ralph', ralph_commit: expect.stringMatching(/^[0-9a-f]{7,}$/), schema_version: 1, attempt: 1 });
  });
});

describe("keys of a person's own in the state", () => {
  test.each(['galph', 'ralph'] as const)('survive the writes of our %s, from before its turn and from during it', async (role) => {
    await using roles = await createRoleRig({ agent: HELD_AGENT });
    const mine = { note: { for: ['whoever'], n: 1 }, '2': null };
    const status = role === 'galph' ? 'complete' : 'waiting-ralph';
    personPushes(roles, { 'sync/state.json': `${JSON.stringify({ note: mine.note, iteration: 3, expected_actor: role, status, '2': mine[2] })}\n` });
    hold(roles, role);
    const ours = roles.start(roles.a, role, '--once');
    await atWork(roles, role);
    personPushes(roles, { 'sync/state.json': `${JSON.stringify({ ...roles.state(), later: '12345678901234567890' })}\n` });
    letGo(roles, role);
    expect((await ours.ended).code).toBe(0);
    expect(roles.state()).toMatchObject({ ...mine, later: '12345678901234567890', expected_actor: role === 'galph' ? 'ralph' : 'galph' });
  });
});

describe('an earlier runner that says it is at work', () => {
  test.each(['galph', 'ralph'] as const)('keeps our %s from its turn while the branch moves within a lease; dead, it is taken over after one', async (role) => {
    await using roles = await createRoleRig();
    if (role === 'ralph') expect((await roles.start(roles.a, 'galph', '--once').ended).code).toBe(0);
    hold(roles, role);
    await using earlier = startEarlier(roles, roles.b, role, 1);
    await atWork(roles, role);
    const standby = roles.start(roles.a, role, '--lease', '3s', '--once');
    await until('ours waits', () => standby.output().stderr.includes(`running-${role}`));
    // More than a lease altogether, and never a whole one without a push.
    let pushed = 0;
    for (let n = 0; n < 3; n++) {
      await pause(1200);
      pushed = performance.now();
      personPushes(roles, { [`other-${n}.txt`]: 'theirs\n' });
    }
    expect(roles.state()).toMatchObject({ status: `running-${role}`, expected_actor: role, iteration: 1 });
    expect((await roles.turns(roles.a)).filter((turn) => turn.actor === role)).toEqual([]);
    await earlier.kill();
    expect((await standby.ended).code).toBe(0);
    expect(performance.now() - pushed).toBeGreaterThan(3000);
    expect(roles.state()).toMatchObject(role === 'galph' ? { status: 'waiting-ralph', expected_actor: 'ralph', iteration: 1 } : { status: 'complete', expected_actor: 'galph', iteration: 2 });
    expect(roles.claim()).toMatchObject({ phase: 'released', actor: role, iteration: 1 });
    // What it had not committed is its own to keep.
    expect(readFileSync(join(roles.b, role === 'galph' ? 'plans/earlier.md' : 'src/earlier.txt'), 'utf8')).toBe(`${role} 1\n`);
  });

  test('and is at work as the other role is waited for, however long it stands still', async () => {
    await using roles = await createRoleRig();
    hold(roles, 'galph');
    await using earlier = startEarlier(roles, roles.b, 'galph', 1);
    await atWork(roles, 'galph');
    const ours = roles.start(roles.a, 'ralph', '--lease', '1s', '--once');
    await until('ours waits', () => ours.output().stderr.includes("galph's turn"));
    await pause(2500);
    expect(roles.state()).toMatchObject({ status: 'running-galph', expected_actor: 'galph' });
    expect(await roles.turns(roles.a)).toEqual([]);
    letGo(roles, 'galph');
    expect(await earlier.ended).toEqual({ code: 0, stderr: '' });
    expect((await ours.ended).code).toBe(0);
    expect(roles.state()).toMatchObject({ status: 'complete', expected_actor: 'galph', iteration: 2 });
  });
});
