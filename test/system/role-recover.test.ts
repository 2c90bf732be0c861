import { execFileSync } from 'node:child_process';
import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { HELD_AGENT, atWork, hold, letGo, personPushes } from '../rig/hold.ts';
import { WORKING_AGENT, createRig, until } from '../rig/rig.ts';
import { createRoleRig } from '../rig/role-rig.ts';
import type { RoleRig } from '../rig/role-rig.ts';

/** Starts after a crash that do not fit what was cut short, wishes to stop, odd claims. */

const crash = (at: string): { env: Record<string, string> } => ({ env: { ORCHESTRATOR_CRASH_AT: at } });

describe('a crashed turn and a run that is not like it', () => {
  test.each(['agent-exited', 'state-stamped'])('of a combined run (at %s), then a role: exit 5, and no unpushed commit is touched', async (at) => {
    await using roles = await createRoleRig();
    expect((await roles.rig.run(['run', '--iterations', '1'])).code).toBe(0);
    await roles.rig.run(['run', '--once'], crash(at));
    const head = roles.git(roles.a, 'rev-parse', 'HEAD');
    const ended = await roles.rig.json(['run', '--role', 'galph', '--once']);
    expect([ended.code, ended.document.error.code]).toEqual([5, 'turn_in_flight']);
    expect(roles.git(roles.a, 'rev-parse', 'HEAD')).toBe(head);
    expect((await roles.rig.run(['run', '--once'])).code).toBe(0);
    expect((await roles.rig.json(['run', '--role', 'galph', '--once'])).document.error.code).toBe('unpushed_commits');
  });

  test.each(['after-claim', 'agent-exited'])('of galph (at %s), then ralph here and galph elsewhere: the claim is not held, and the loop goes on', async (at) => {
    await using roles = await createRoleRig();
    await roles.rig.run(['run', '--role', 'galph', '--once'], crash(at));
    const ralph = roles.start(roles.a, 'ralph', '--once');
    const galph = roles.start(roles.b, 'galph', '--iterations', '0');
    expect((await ralph.ended).code).toBe(0);
    await until('galph goes on', () => roles.state()['iteration'] === 2 && roles.state()['expected_actor'] === 'ralph');
    galph.kill('SIGTERM');
    await galph.ended;
  });

  test('of one workspace, then another one of the same checkout: exit 5 names the first', async () => {
    await using rig = await createRig();
    for (const name of ['one', 'two']) {
      mkdirSync(rig.path(name, 'prompts'), { recursive: true });
      await rig.write(`${name}/orchestration.yaml`, await rig.read('orchestration.yaml'));
      for (const prompt of ['supervisor.md', 'main.md']) await rig.write(`${name}/prompts/${prompt}`, '# x\n');
      await rig.script(`${name}/agent.sh`, WORKING_AGENT);
    }
    await rig.commit('two workspaces');
    expect((await rig.run(['-C', 'one', 'run', '--iterations', '2'])).code).toBe(0);
    await rig.run(['-C', 'one', 'run', '--once'], crash('agent-exited'));
    const two = await rig.json(['-C', 'two', 'run', '--once']);
    expect([two.code, two.document.error.code, two.document.error.hint]).toEqual([5, 'turn_in_flight', expect.stringContaining('/one run')]);
    expect(rig.exists('two/sync/state.json')).toBe(false);
    expect((await rig.run(['-C', 'one', 'run', '--once'])).code).toBe(0);
    expect((await rig.run(['-C', 'two', 'run', '--once'])).code).toBe(0);
  });
});

describe('a person who goes to another branch meanwhile', () => {
  const ownBranch = (roles: RoleRig): string => {
    roles.git(roles.a, 'switch', '-q', '-c', 'feature');
    roles.git(roles.a, 'commit', '-q', '--allow-empty', '-m', 'my private work');
    return roles.git(roles.a, 'rev-parse', 'feature');
  };

  test('while the runner waits: exit 5, nothing was begun, no branch was moved', async () => {
    await using roles = await createRoleRig();
    const b = roles.start(roles.a, 'ralph', '--once');
    await until('ralph waits', () => b.output().stderr.includes('wait'));
    const feature = ownBranch(roles);
    expect((await roles.start(roles.b, 'galph', '--once').ended).code).toBe(0);
    const ended = await b.ended;
    expect([ended.code, ended.stderr]).toEqual([5, expect.stringContaining('not on main any more')]);
    expect(roles.git(roles.a, 'rev-parse', 'feature')).toBe(feature);
    expect(roles.state()).toMatchObject({ expected_actor: 'ralph', status: 'waiting-ralph' });
  });

  test('while the agent works: the turn fails, and their commits stay theirs, here and unpushed', async () => {
    await using roles = await createRoleRig({ agent: HELD_AGENT });
    hold(roles, 'galph');
    const a = roles.start(roles.a, 'galph', '--once');
    await atWork(roles, 'galph');
    const feature = ownBranch(roles);
    letGo(roles, 'galph');
    expect((await a.ended).code).toBe(1);
    expect(roles.git(roles.a, 'rev-parse', 'feature')).toBe(feature);
    expect(roles.git(roles.a, 'rev-parse', 'main')).toBe(roles.there('rev-parse', 'main'));
    expect(roles.there('for-each-ref', '--format=%(refname)', '--contains', roles.there('rev-parse', 'main'))).not.toContain('feature');
    expect(() => roles.there('cat-file', '-e', feature)).toThrow();
  });
});

describe('wishes to stop', () => {
  test('an old one does not end a runner that finishes a crashed turn', async () => {
    await using roles = await createRoleRig();
    expect((await roles.rig.run(['stop', '--remote'])).code).toBe(0);
    await roles.rig.run(['run', '--role', 'galph', '--once'], crash('work-committed'));
    const a = roles.start(roles.a, 'galph', '--iterations', '2');
    expect((await roles.start(roles.b, 'ralph', '--once').ended).code).toBe(0);
    const ended = await a.ended;
    expect(ended.code, ended.stderr).toBe(0);
    expect(roles.state()).toMatchObject({ iteration: 2, expected_actor: 'ralph' });
  });

  test('reach a combined run that pushes', async () => {
    await using roles = await createRoleRig({ agent: HELD_AGENT });
    hold(roles, 'galph');
    const run = roles.rig.start(['run', '--push', '--iterations', '0']);
    await atWork(roles, 'galph');
    expect((await roles.rig.run(['stop', '--remote', '--reason', 'enough'], { cwd: roles.b })).code).toBe(0);
    letGo(roles, 'galph');
    const ended = await run.ended;
    expect([ended.code, roles.git(roles.a, 'log', '-1', '--format=%B')]).toEqual([0, expect.stringContaining('enough')]);
  });

  test('are heard while the remote is away', async () => {
    await using roles = await createRoleRig();
    const b = roles.start(roles.b, 'ralph', '--once');
    await until('ralph waits', () => b.output().stderr.includes('wait'));
    renameSync(roles.remote, `${roles.remote}.away`);
    expect((await roles.rig.run(['stop'], { cwd: roles.b })).code).toBe(0);
    expect((await b.ended).code).toBe(0);
  });
});

describe('odd things in the turn ref', () => {
  test.each([
    ['numbers that cannot be counted on', { attempt: Number.MAX_SAFE_INTEGER }],
    ['a lease without end', { lease_seconds: 1e300 }],
  ])('%s: status shows what it can, and the turn is taken', async (_name, odd) => {
    await using roles = await createRoleRig();
    expect((await roles.start(roles.b, 'ralph', '--max-wait', '200ms').ended).code).toBe(124);
    const claim = { owner: 'x', host: 'h', pid: 1, actor: 'galph', iteration: 1, turn_id: 't', attempt: 1, nonce: 'n', renewal: 1, lease_seconds: 0.2, phase: 'held', base: 'b', ...odd };
    writeFileSync(join(roles.rig.root, 'claim.json'), JSON.stringify(claim).replace('1e+300', '1e300'));
    const blob = roles.there('hash-object', '-w', join(roles.rig.root, 'claim.json'));
    roles.there('update-ref', 'refs/orchestrator/turn/main', roles.there('commit-tree', execFileSync('git', ['mktree'], { cwd: roles.remote, encoding: 'utf8', input: `100644 blob ${blob}\tclaim.json\n` }).trim(), '-m', 'x'));
    expect((await roles.rig.run(['status'], { cwd: roles.b })).code).toBe(0);
    if ('lease_seconds' in odd) expect((await roles.start(roles.a, 'galph', '--once', '--max-wait', '500ms').ended).code).toBe(124);
    else expect((await roles.start(roles.a, 'galph', '--once').ended).code).toBe(0);
  });
});

test('a remote that goes away at the claim is waited for', async () => {
  await using roles = await createRoleRig();
  // The second push, which is the claim, finds nobody.
  const wrapper = join(roles.rig.root, 'receive');
  await roles.rig.script('../receive', `n=$(cat ${wrapper}.n 2>/dev/null || echo 0); n=$((n + 1)); echo $n > ${wrapper}.n; [ $n = 2 ] && exit 1; exec git-receive-pack "$@"\n`);
  roles.git(roles.a, 'config', 'remote.origin.receivepack', `PATH="$(git --exec-path):$PATH" ${wrapper}`);
  const ended = await roles.start(roles.a, 'galph', '--once').ended;
  expect(ended.code, ended.stderr).toBe(0);
  expect(roles.state()).toMatchObject({ expected_actor: 'ralph' });
});

test('a repository of its own among the leftovers is in the way, and left alone', async () => {
  await using roles = await createRoleRig({ agent: 'cat > /dev/null\ngit init -q vendor; echo mine > vendor/x; exit 3\n' });
  expect((await roles.start(roles.a, 'galph', '--once').ended).code).toBe(1);
  personPushes(roles, { vendor: 'a file\n' });
  const ended = await roles.rig.json(['run', '--role', 'galph', '--once']);
  expect([ended.code, ended.document.error.code, ended.document.error.details]).toMatchObject([5, 'in_the_way', { paths: ['vendor'] }]);
  expect(await roles.rig.read('vendor/x')).toBe('mine\n');
});
