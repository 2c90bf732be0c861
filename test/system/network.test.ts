import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { atWork, createFleet, handOffs, hold, letGo, rescued } from '../rig/fleet.ts';
import type { Fleet } from '../rig/fleet.ts';
import type { Network } from '../rig/network.ts';
import { until } from '../rig/rig.ts';

/** How a runner can come to be alone: what it does to `host`. */
const APART: [string, (network: Network, host: string) => void][] = [
  ['its link is cut', (network, host) => network.cut(host)],
  ['the answers to it get lost', (network, host) => network.lose('remote', host)],
  ['what it asks gets lost', (network, host) => network.lose(host, 'remote')],
];

describe('a runner that is cut off for longer than its lease', () => {
  test.each(APART)('while its agent is at work (%s): another takes the turn; healed, it ends with lease_lost and its work is kept', async (_name, part) => {
    const fleet = await createFleet();
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
    expect(again.code, again.stderr).toBe(0);
    expect(roles.state()).toMatchObject({ iteration: 2, expected_actor: 'ralph' });
  });

  test.each(APART)('and whose agent ended meanwhile (%s): the same once it is healed', async (_name, part) => {
    const fleet = await createFleet();
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
    const fleet = await createFleet();
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
    const fleet = await createFleet();
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
    const fleet = await createFleet();
    const { roles, network } = fleet;
    const ralph = roles.start(roles.b, 'ralph', '--lease', '3s', '--once');
    await until('ralph waits', () => ralph.output().stderr.includes("galph's turn"));
    network.lose('b', 'remote');
    await pause(1000);
    ralph.kill('SIGTERM');
    expect((await ralph.ended).code).toBe(143);
  });
});

// A question to a remote in silence must not keep them.
describe('at once, while what it asks gets lost', () => {
  test('ends a runner that waits and is told to end', async () => {
    const { roles, network } = await createFleet();
    const ralph = roles.start(roles.b, 'ralph', '--once');
    await until('ralph waits', () => ralph.output().stderr.includes("galph's turn"));
    network.lose('b', 'remote');
    await pause(1000);
    ralph.kill('SIGTERM');
    await until('its end', () => ralph.child.exitCode !== null, 8000);
  });

  test('ends a runner whose wait is over', async () => {
    const { roles, network } = await createFleet();
    const ralph = roles.start(roles.b, 'ralph', '--once', '--max-wait', '5s');
    await until('ralph waits', () => ralph.output().stderr.includes("galph's turn"));
    network.lose('b', 'remote');
    await until('its end', () => ralph.child.exitCode !== null, 12_000);
  });

  test('ends a runner that just starts', async () => {
    const { roles, network } = await createFleet();
    network.lose('b', 'remote');
    const ralph = roles.start(roles.b, 'ralph', '--once');
    await pause(3000);
    ralph.kill('SIGTERM');
    await until('its end', () => ralph.child.exitCode !== null, 8000);
  });
});

/** A remote that takes the refs and does not come to say so while its file `hold` stands. */
const SLOW_HOOK = `#!/bin/sh
[ "$1" = committed ] && [ -e hold ] || exit 0
: > taken
while [ -e hold ]; do sleep 0.05; done
`;

describe('a push that arrives and whose answer is held up on its way', () => {
  /** Galph at work, and the remote slow from now on. */
  async function begin(fleet: Fleet, lease: string) {
    const { roles } = fleet;
    hold(fleet, roles.a);
    const galph = roles.start(roles.a, 'galph', '--lease', lease, '--once');
    await atWork(fleet, roles.a);
    writeFileSync(join(roles.remote, 'hold'), '');
    writeFileSync(join(roles.remote, 'hooks/reference-transaction'), SLOW_HOOK, { mode: 0o755 });
    const taken = (): Promise<unknown> => until('a push is taken', () => existsSync(join(roles.remote, 'taken')), 60_000);
    return { galph, taken, answer: () => rmSync(join(roles.remote, 'hold')) };
  }

  test('a hand-off: it counts once, though its answer comes late', async () => {
    const fleet = await createFleet();
    const { roles, network } = fleet;
    const { galph, taken, answer } = await begin(fleet, '60s');
    letGo(fleet, roles.a);
    await taken();
    network.lose('remote', 'work');
    answer();
    await pause(2000);
    network.heal('work');
    const end = await galph.ended;
    expect(end.code, end.stderr).toBe(0);
    expect(handOffs(fleet)).toEqual([expect.stringContaining('[SYNC i=1] actor=galph → next=ralph status=ok')]);
    expect(roles.git(roles.a, 'rev-parse', 'HEAD')).toBe(roles.there('rev-parse', 'main'));
  });

  test('a renewal whose answer never comes, as the remote was started anew: the claim is still its own', async () => {
    const fleet = await createFleet();
    const { roles, network } = fleet;
    const { galph, taken, answer } = await begin(fleet, '3s');
    await taken();
    network.lose('remote', 'work');
    await roles.server.down();
    answer();
    network.restart('remote');
    await roles.server.up();
    const renewed = roles.claim()['renewal'];
    await until('the claim is renewed', () => roles.claim()['renewal'] !== renewed, 60_000);
    letGo(fleet, roles.a);
    const end = await galph.ended;
    expect(end.code, end.stderr).toBe(0);
    expect(handOffs(fleet).length).toBe(1);
    expect(roles.claim()).toMatchObject({ phase: 'released', attempt: 1 });
  });

  // A push of work is given longer than a question, and renewals queue up behind it.
  test('a hand-off whose answer never comes, as the remote was started anew: it counts, and its runner learns of it within a lease', async () => {
    const fleet = await createFleet();
    const { roles, network } = fleet;
    const { galph, taken, answer } = await begin(fleet, '15s');
    letGo(fleet, roles.a);
    await taken();
    network.lose('remote', 'work');
    await roles.server.down();
    answer();
    network.restart('remote');
    await roles.server.up();
    await until('its end', () => galph.child.exitCode !== null, 15_000);
    const end = await galph.ended;
    expect(end.code, end.stderr).toBe(0);
    expect(handOffs(fleet).length).toBe(1);
  });
});

test('links that hold frames back for 300 ms: two roles take turns as ever', async () => {
  const { roles, network } = await createFleet();
  for (const host of ['work', 'b']) network.delay(host, 300);
  const ends = await Promise.all([roles.start(roles.a, 'galph', '--once').ended, roles.start(roles.b, 'ralph', '--once').ended]);
  expect(ends.map((end) => end.code)).toEqual([0, 0]);
  expect(roles.state()).toMatchObject({ iteration: 2, expected_actor: 'galph', status: 'complete' });
  // A question takes several ways there and back.
}, 300_000);
