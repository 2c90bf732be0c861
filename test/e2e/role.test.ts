import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { HELD_AGENT, atWork, hold, letGo, personPushes } from '../rig/hold.ts';
import { WORKING_AGENT, until } from '../rig/rig.ts';
import { createRoleRig } from '../rig/role-rig.ts';
import type { RoleRig } from '../rig/role-rig.ts';

describe('two roles over one remote', () => {
  test('take turns; one state commit a turn; both end on the same tip', async () => {
    await using roles = await createRoleRig();
    const [a, b] = await Promise.all([roles.start(roles.a, 'galph', '--iterations', '3').ended, roles.start(roles.b, 'ralph', '--iterations', '3').ended]);
    expect([a.code, b.code]).toEqual([0, 0]);
    expect(roles.state()).toMatchObject({ iteration: 4, expected_actor: 'galph', status: 'complete' });
    expect(roles.subjects().filter((subject) => subject.startsWith('[SYNC')).length).toBe(6);
    expect(roles.git(roles.b, 'rev-parse', 'HEAD')).toBe(roles.there('rev-parse', 'main'));
    expect(roles.claim()).toMatchObject({ phase: 'released', actor: 'ralph', iteration: 3 });
    expect(roles.git(roles.a, 'status', '--porcelain')).toBe('');
    expect((await roles.turns(roles.a)).map((turn) => turn.actor)).toEqual(['galph', 'galph', 'galph']);
    const log = await roles.rig.json<{ turns: { actor: string; iteration: number; outcome: string }[] }>(['log'], { cwd: roles.b });
    expect(log.document.data.turns.map(({ actor, iteration, outcome }) => `${iteration} ${actor} ${outcome}`)).toEqual(['1 galph ok', '1 ralph ok', '2 galph ok', '2 ralph ok', '3 galph ok', '3 ralph ok']);
  });

  test('of several runners of a role exactly one works at each turn', async () => {
    await using roles = await createRoleRig();
    const c = roles.clone('c');
    const galphs = [roles.start(roles.a, 'galph', '--iterations', '0'), roles.start(c, 'galph', '--iterations', '0')];
    expect((await roles.start(roles.b, 'ralph', '--iterations', '4').ended).code).toBe(0);
    expect((await roles.rig.run(['stop', '--remote', '--reason', 'enough'])).code).toBe(0);
    const ends = await Promise.all(galphs.map((each) => each.ended));
    expect(ends.map((end) => end.code)).toEqual([0, 0]);
    const turns = [...(await roles.turns(roles.a)), ...(await roles.turns(c))].filter((turn) => turn.outcome === 'ok').map((turn) => turn.iteration);
    expect(turns.toSorted()).toEqual([...new Set(turns)].toSorted());
    expect(turns.length).toBeGreaterThanOrEqual(4);
  });

  test('status shows who holds the turn, on which host, and until when', async () => {
    await using roles = await createRoleRig({ agent: HELD_AGENT });
    hold(roles, 'galph');
    const a = roles.start(roles.a, 'galph', '--once');
    const b = roles.start(roles.b, 'ralph', '--once');
    await atWork(roles, 'galph');
    const status = await roles.rig.json<{ claim: Record<string, unknown> }>(['status'], { cwd: roles.b });
    expect(status.document.data.claim).toMatchObject({ phase: 'held', actor: 'galph', iteration: 1, pid: expect.any(Number), host: expect.any(String), lease_ends_at: expect.any(String) });
    letGo(roles, 'galph');
    expect([(await a.ended).code, (await b.ended).code]).toEqual([0, 0]);
  });
});

describe('a runner that dies', () => {
  test('its turn is taken over once its lease has ended; what it left is kept when it comes back', async () => {
    await using roles = await createRoleRig({ agent: HELD_AGENT });
    hold(roles, 'galph');
    const a = roles.start(roles.a, 'galph', '--lease', '1s', '--once');
    await atWork(roles, 'galph');
    const held = roles.claim();
    a.kill('SIGKILL');
    await a.ended;
    letGo(roles, 'galph');
    const c = roles.clone('c');
    expect((await roles.start(c, 'galph', '--lease', '1s', '--once').ended).code).toBe(0);
    expect(roles.claim()).toMatchObject({ phase: 'released', attempt: 2, iteration: 1 });
    expect(roles.claim()['owner']).not.toBe(held['owner']);
    // The first one comes back: its turn is over, its work is not lost, and it stands by again.
    const back = roles.start(roles.a, 'galph', '--lease', '1s', '--once');
    expect((await roles.start(roles.b, 'ralph', '--once').ended).code).toBe(0);
    expect((await back.ended).code).toBe(0);
    expect(roles.state()).toMatchObject({ iteration: 2, expected_actor: 'ralph' });
    expect(roles.git(roles.a, 'for-each-ref', '--format=%(refname)', 'refs/orchestrator/rescue').split('\n')[0]).toContain('rescue/turn_');
  });

  test('and comes back at once resumes its own claim', async () => {
    await using roles = await createRoleRig({ agent: HELD_AGENT });
    hold(roles, 'galph');
    const a = roles.start(roles.a, 'galph', '--once');
    await atWork(roles, 'galph');
    a.kill('SIGKILL');
    await a.ended;
    letGo(roles, 'galph');
    const again = await roles.start(roles.a, 'galph', '--once').ended;
    expect(again.code).toBe(0);
    expect(roles.state()).toMatchObject({ iteration: 1, expected_actor: 'ralph' });
  });
});

describe('somebody pushes meanwhile', () => {
  test("the work goes on top of it, stamped afresh, and the person's commit stays", async () => {
    await using roles = await createRoleRig({ agent: HELD_AGENT });
    hold(roles, 'galph');
    const a = roles.start(roles.a, 'galph', '--once');
    await atWork(roles, 'galph');
    personPushes(roles, { 'other.txt': 'theirs\n' });
    letGo(roles, 'galph');
    expect((await a.ended).code).toBe(0);
    expect(roles.subjects()).toEqual([expect.anything(), 'by a person', expect.stringContaining('GALPH AUTO'), expect.stringContaining('[SYNC i=1]')]);
    expect(roles.git(roles.a, 'rev-parse', 'HEAD')).toBe(roles.there('rev-parse', 'main'));
    expect(roles.state()).toMatchObject({ expected_actor: 'ralph', galph_commit: roles.there('rev-parse', 'main^') });
  });

  test('what does not fit is kept as a rescue ref, and the failure travels', async () => {
    await using roles = await createRoleRig({ agent: HELD_AGENT });
    hold(roles, 'galph');
    const a = roles.start(roles.a, 'galph', '--once');
    const b = roles.start(roles.b, 'ralph', '--once');
    await atWork(roles, 'galph');
    personPushes(roles, { 'plans/plan.md': 'quite another plan\n' });
    letGo(roles, 'galph');
    const [first, second] = await Promise.all([a.ended, b.ended]);
    expect([first.code, second.code]).toEqual([1, 1]);
    expect(second.stderr).toContain('does not fit');
    expect(roles.state()).toMatchObject({ status: 'failed', expected_actor: 'galph', iteration: 1, failure: { code: 'rebase_conflict' } });
    expect(roles.there('for-each-ref', '--format=%(refname)', 'refs/orchestrator/rescue')).toContain('refs/orchestrator/rescue/turn_');
    expect(roles.there('show', 'main:plans/plan.md')).toBe('quite another plan');
    expect(roles.git(roles.a, 'rev-parse', 'HEAD')).toBe(roles.there('rev-parse', 'main'));
  });

  test('a turn that somebody else stamped meanwhile: nothing of this one lands, its work is kept, exit 4', async () => {
    await using roles = await createRoleRig({ agent: HELD_AGENT });
    hold(roles, 'galph');
    const a = roles.start(roles.a, 'galph', '--once');
    await atWork(roles, 'galph');
    personPushes(roles, { 'sync/state.json': '{"iteration": 1, "expected_actor": "ralph", "status": "waiting-ralph"}\n' });
    letGo(roles, 'galph');
    const end = await a.ended;
    expect(end.code).toBe(4);
    expect(roles.subjects().at(-1)).toBe('by a person');
    expect(roles.there('for-each-ref', '--format=%(refname)', 'refs/orchestrator/rescue')).toContain('rescue/turn_');
  });
});

describe('ends travel', () => {
  test.each([
    ['failed', 'exit 3', 1, 'agent_exit'],
    ['blocked', 'echo \'{"outcome": "blocked", "question": "which one?"}\' > "$ORCHESTRATOR_OUTCOME"', 7, 'blocked'],
    ['complete', 'echo \'{"outcome": "complete"}\' > "$ORCHESTRATOR_OUTCOME"', 0, null],
  ])('%s', async (_name, words, code, failure) => {
    await using roles = await createRoleRig({ agent: `${WORKING_AGENT}${words}\n` });
    const b = roles.start(roles.b, 'ralph', '--iterations', '0');
    await until('ralph waits', () => b.output().stderr.includes('wait'));
    const a = await roles.start(roles.a, 'galph', '--iterations', '0').ended;
    const end = await b.ended;
    expect([a.code, end.code]).toEqual([code, code]);
    if (failure !== null) expect(roles.state()).toMatchObject({ failure: { code: failure } });
    // What stood there already when a runner starts does not end it.
    const late = await roles.start(roles.b, 'ralph', '--max-wait', '1s').ended;
    if (failure !== null) expect(late.code).toBe(124);
  });

  test('a wait has an end if it was given one', async () => {
    await using roles = await createRoleRig();
    const end = await roles.start(roles.b, 'ralph', '--max-wait', '500ms').ended;
    expect(end.code).toBe(124);
    expect(end.stderr).toContain("galph's turn");
  });
});

describe('before anything', () => {
  test.each([
    ['a changed state file', 'state_dirty', (roles: RoleRig) => writeFileSync(join(roles.a, 'sync/state.json'), '{"iteration": 7}\n')],
    ['commits of a person that are not on the remote', 'unpushed_commits', (roles: RoleRig) => void roles.git(roles.a, 'commit', '-q', '--allow-empty', '-m', 'mine')],
    ['no branch on the remote', 'branch_gone', (roles: RoleRig) => void roles.there('update-ref', '-d', 'refs/heads/main')],
    ['unrelated histories', 'unrelated_histories', (roles: RoleRig) => {
      const tree = roles.there('rev-parse', 'main^{tree}');
      roles.there('update-ref', 'refs/heads/main', roles.there('commit-tree', tree, '-m', 'another beginning'));
    }],
  ])('%s: exit 5, nothing was begun', async (_name, code, spoil) => {
    await using roles = await createRoleRig();
    mkdirSync(join(roles.a, 'sync'), { recursive: true });
    writeFileSync(join(roles.a, 'sync/state.json'), '{}\n');
    roles.git(roles.a, 'add', '-A');
    roles.git(roles.a, 'commit', '-q', '-m', 'a state');
    roles.git(roles.a, 'push', '-q', 'origin', 'main');
    spoil(roles);
    const ended = await roles.rig.json(['run', '--role', 'galph', '--once']);
    expect([ended.code, ended.document.error.code]).toEqual([5, code]);
    expect(await roles.turns(roles.a)).toEqual([]);
  });

  test('a checkout that is merely behind is brought forward first', async () => {
    await using roles = await createRoleRig();
    personPushes(roles, { 'more.txt': 'x\n' });
    expect((await roles.start(roles.a, 'galph', '--once').ended).code).toBe(0);
    expect(roles.subjects().slice(1)).toEqual(['by a person', expect.stringContaining('GALPH AUTO'), expect.stringContaining('[SYNC')]);
  });

  test.each([
    ['rubbish', 'not a claim'],
    ['a claim from the future that was given back', JSON.stringify({ owner: 'x', host: 'h', pid: 1, actor: 'ralph', iteration: 99, turn_id: 't', attempt: 1, nonce: 'n', renewal: 1, lease_seconds: 90, phase: 'released', base: 'b' })],
  ])('%s in the turn ref holds nobody up', async (_name, text) => {
    await using roles = await createRoleRig();
    writeFileSync(join(roles.rig.root, 'claim.json'), text);
    const blob = roles.there('hash-object', '-w', join(roles.rig.root, 'claim.json'));
    const index = { GIT_INDEX_FILE: join(roles.rig.root, 'x.index') };
    const { execFileSync } = await import('node:child_process');
    const git = (...args: string[]): string => execFileSync('git', args, { cwd: roles.remote, env: { ...roles.rig.env, ...index }, encoding: 'utf8' }).trim();
    git('update-index', '--add', '--cacheinfo', `100644,${blob},claim.json`);
    roles.there('update-ref', 'refs/orchestrator/turn/main', git('commit-tree', git('write-tree'), '-m', 'x'));
    expect((await roles.start(roles.a, 'galph', '--once').ended).code).toBe(0);
    expect(roles.claim()).toMatchObject({ phase: 'released', actor: 'galph', iteration: 1 });
  });
});

describe('the remote', () => {
  test('that is away when a turn is done gets it once it is back', async () => {
    await using roles = await createRoleRig({ agent: HELD_AGENT });
    hold(roles, 'galph');
    const a = roles.start(roles.a, 'galph', '--once');
    await atWork(roles, 'galph');
    renameSync(roles.remote, `${roles.remote}.away`);
    letGo(roles, 'galph');
    await until('it waits for the remote', () => a.output().stderr.includes('hand off'));
    renameSync(`${roles.remote}.away`, roles.remote);
    expect((await a.ended).code).toBe(0);
    expect(roles.state()).toMatchObject({ expected_actor: 'ralph' });
  });

  test("is not for an agent's own pushes, which are told why", async () => {
    await using roles = await createRoleRig({ agent: `${WORKING_AGENT}git commit -q --allow-empty -m own; git push origin HEAD:main 2> "$HOME/said" && exit 9; git fetch -q origin\n` });
    expect((await roles.start(roles.a, 'galph', '--once').ended).code).toBe(0);
    expect(readFileSync(join(roles.rig.home, 'said'), 'utf8')).toContain('the orchestrator pushes this work when the turn is over');
    expect(roles.subjects()).toContain('own');
  });
});

test("a failed turn's own commits are kept aside, the failure is stamped on the remote's tip, the branch follows", async () => {
  await using roles = await createRoleRig({ agent: `${WORKING_AGENT}git add -A; git commit -q -m own; exit 3\n` });
  expect((await roles.start(roles.a, 'galph', '--once').ended).code).toBe(1);
  expect(roles.subjects().slice(1)).toEqual([expect.stringContaining('status=failed')]);
  expect(roles.git(roles.a, 'rev-parse', 'HEAD')).toBe(roles.there('rev-parse', 'main'));
  const rescue = roles.there('for-each-ref', '--format=%(refname)', 'refs/orchestrator/rescue');
  expect(roles.there('log', '-1', '--format=%s', rescue)).toBe('own');
  expect(roles.state()).toMatchObject({ status: 'failed', expected_actor: 'galph', iteration: 1 });
});
