import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { HELD_AGENT, atWork, hold, letGo, personPushes } from '../rig/hold.ts';
import { WORKING_AGENT, until } from '../rig/rig.ts';
import type { Ended } from '../rig/rig.ts';
import { createRoleRig } from '../rig/role-rig.ts';
import type { RoleRig } from '../rig/role-rig.ts';

/** What becomes of a checkout, and of what is uncommitted in it, while turns are handed off through the remote. */

/** A turn of galph during which somebody pushes a file that lies here uncommitted. */
async function inTheWay(roles: RoleRig): Promise<Ended> {
  writeFileSync(join(roles.a, 'other.txt'), 'mine\n');
  hold(roles, 'galph');
  const a = roles.start(roles.a, 'galph', '--once');
  await atWork(roles, 'galph');
  personPushes(roles, { 'other.txt': 'theirs\n' });
  letGo(roles, 'galph');
  return await a.ended;
}

describe('a file of the person in the way of what others pushed', () => {
  test('the turn lands, exit 5 names it; once it is out of the way the next start follows the remote', async () => {
    await using roles = await createRoleRig({ agent: HELD_AGENT });
    const end = await inTheWay(roles);
    expect(end.code).toBe(5);
    expect(end.stderr).toContain('other.txt');
    expect(roles.state()).toMatchObject({ expected_actor: 'ralph', status: 'waiting-ralph' });
    expect((await roles.turns(roles.a)).map((turn) => turn.outcome)).toEqual(['ok']);
    expect(readFileSync(join(roles.a, 'other.txt'), 'utf8')).toBe('mine\n');

    expect((await roles.start(roles.b, 'ralph', '--once').ended).code).toBe(0);
    expect((await roles.start(roles.a, 'galph', '--once').ended).code, 'it is still in the way').toBe(5);
    renameSync(join(roles.a, 'other.txt'), join(roles.rig.root, 'other.txt'));
    const again = await roles.start(roles.a, 'galph', '--once').ended;
    expect(again.code, again.stderr).toBe(0);
    expect(roles.git(roles.a, 'rev-parse', 'HEAD')).toBe(roles.there('rev-parse', 'main'));
    expect(roles.subjects().filter((subject) => subject.startsWith('GALPH AUTO')).length).toBe(2);
  });

  test('commits of theirs on top of what landed elsewhere: exit 5, and the way out that it names works', async () => {
    await using roles = await createRoleRig({ agent: HELD_AGENT });
    expect((await inTheWay(roles)).code).toBe(5);
    renameSync(join(roles.a, 'other.txt'), join(roles.a, 'mine.txt'));
    roles.git(roles.a, 'add', 'mine.txt');
    roles.git(roles.a, 'commit', '-q', '-m', 'mine');
    const { code, document } = await roles.rig.json(['run', '--role', 'galph', '--once']);
    expect([code, document.error.code]).toEqual([5, 'unpushed_commits']);
    for (const command of document.error.hint?.split(': ')[1]?.split(' && ') ?? []) roles.git(roles.a, ...command.split(' ').slice(1));
    expect(roles.subjects().slice(1)).toEqual(['by a person', expect.stringContaining('GALPH AUTO'), expect.stringContaining('[SYNC i=1]'), 'mine']);
    expect((await roles.start(roles.b, 'ralph', '--once').ended).code).toBe(0);
  });
});

test('a leftover folder of the loop where a file is to come is kept aside, and told', async () => {
  await using roles = await createRoleRig({ agent: 'cat > /dev/null\nmkdir -p plans/x; echo left > plans/x/left.bin; exit 3\n' });
  expect((await roles.start(roles.a, 'galph', '--once').ended).code).toBe(1);
  personPushes(roles, { 'plans/x': 'a file\n' });
  await roles.rig.script('../work/agent.sh', WORKING_AGENT);
  roles.git(roles.a, 'update-index', '--assume-unchanged', 'agent.sh');
  const end = await roles.start(roles.a, 'galph', '--once').ended;
  expect(end.code, end.stderr).toBe(0);
  expect(end.stderr).toContain('plans/x/left.bin');
  expect(readFileSync(join(roles.a, 'plans/x'), 'utf8')).toBe('a file\n');
  const kept = roles.git(roles.a, 'for-each-ref', '--format=%(refname)', 'refs/orchestrator/rescue').split('\n').find((ref) => ref.endsWith('leftover')) ?? '';
  expect(roles.git(roles.a, 'show', `${kept}:plans/x/left.bin`)).toBe('left');
});

test('what a person changes while the run waits is theirs: said, left alone, never committed', async () => {
  await using roles = await createRoleRig();
  const b = roles.start(roles.b, 'ralph', '--once');
  await until('ralph waits', () => b.output().stderr.includes('wait'));
  mkdirSync(join(roles.b, 'src'), { recursive: true });
  writeFileSync(join(roles.b, 'src/mine.txt'), 'half a thought\n');
  expect((await roles.start(roles.a, 'galph', '--once').ended).code).toBe(0);
  const end = await b.ended;
  expect(end.code).toBe(0);
  expect(end.stderr).toContain('src/mine.txt');
  expect(roles.there('ls-tree', '-r', '--name-only', 'main')).not.toContain('mine.txt');
  expect(roles.git(roles.b, 'status', '--porcelain')).toContain('src/mine.txt');
});

test('what the agent pulled is not replayed onto what came after it', async () => {
  await using roles = await createRoleRig({ agent: `${HELD_AGENT}git pull -q --rebase --autostash origin main; touch "$HOME/pulled"; while [ ! -e "$HOME/go-on" ]; do sleep 0.02; done\n` });
  hold(roles, 'galph');
  const a = roles.start(roles.a, 'galph', '--once');
  await atWork(roles, 'galph');
  personPushes(roles, { 'other.txt': 'first\n' });
  letGo(roles, 'galph');
  await until('the agent has pulled', () => roles.rig.exists('../home/pulled'));
  personPushes(roles, { 'other.txt': 'second\n' });
  writeFileSync(join(roles.rig.home, 'go-on'), '');
  const end = await a.ended;
  expect(end.code, end.stderr).toBe(0);
  expect(roles.subjects().slice(1)).toEqual(['by a person', 'by a person', expect.stringContaining('GALPH AUTO'), expect.stringContaining('[SYNC i=1]')]);
});

test('a broken state that was mended on the remote does not hold a checkout up that is behind', async () => {
  await using roles = await createRoleRig();
  personPushes(roles, { 'sync/state.json': '{"iteration": "three"}\n' });
  roles.git(roles.a, 'pull', '-q', 'origin', 'main');
  const broken = await roles.rig.json(['run', '--role', 'galph', '--once']);
  expect([broken.code, broken.document.error.code]).toEqual([2, 'state_invalid']);
  personPushes(roles, { 'sync/state.json': '{"iteration": 3}\n' });
  const end = await roles.start(roles.a, 'galph', '--once').ended;
  expect(end.code, end.stderr).toBe(0);
  expect(roles.state()).toMatchObject({ iteration: 3, expected_actor: 'ralph' });
});

test('a branch that is deleted during a turn: the work stays here, the claim is given back, and pushing the branch brings the turn along', async () => {
  await using roles = await createRoleRig({ agent: HELD_AGENT });
  hold(roles, 'galph');
  const a = roles.start(roles.a, 'galph', '--once');
  await atWork(roles, 'galph');
  roles.there('update-ref', '-d', 'refs/heads/main');
  letGo(roles, 'galph');
  const end = await a.ended;
  expect(end.code).toBe(5);
  expect(end.stderr).toContain('any more');
  expect(roles.claim()).toMatchObject({ phase: 'released' });
  expect(roles.there('for-each-ref', '--format=%(refname)', 'refs/orchestrator/rescue')).toContain('rescue/turn_');
  roles.git(roles.a, 'push', '-q', 'origin', 'main');
  expect(roles.state()).toMatchObject({ iteration: 1, expected_actor: 'ralph' });
  expect((await roles.start(roles.b, 'ralph', '--once').ended).code).toBe(0);
});

test('a copy of a checkout waits for the live claim of the first one', async () => {
  await using roles = await createRoleRig({ agent: HELD_AGENT });
  expect((await roles.start(roles.a, 'galph', '--once').ended).code).toBe(0);
  expect((await roles.start(roles.b, 'ralph', '--once').ended).code).toBe(0);
  const copy = join(roles.rig.root, 'copy');
  cpSync(roles.a, copy, { recursive: true });
  hold(roles, 'galph');
  rmSync(join(roles.rig.home, 'at-work-galph'), { force: true });
  const a = roles.start(roles.a, 'galph', '--once');
  await atWork(roles, 'galph');
  const claimed = roles.claim();
  const late = await roles.start(copy, 'galph', '--once', '--max-wait', '1500ms').ended;
  expect(late.code).toBe(124);
  expect(roles.claim()['nonce']).toBe(claimed['nonce']);
  letGo(roles, 'galph');
  expect((await a.ended).code).toBe(0);
});

test('a spent budget is stamped, so that the peer ends too', async () => {
  await using roles = await createRoleRig({ config: 'budget: { max_turns: 1 }\n' });
  const b = roles.start(roles.b, 'ralph', '--iterations', '0');
  const a = roles.start(roles.a, 'galph', '--iterations', '0');
  const ends = await Promise.all([a.ended, b.ended]);
  expect(ends.map((end) => end.code)).toEqual([8, 1]);
  expect(roles.state()).toMatchObject({ status: 'failed', failure: { code: 'budget' } });
});

test('status and a dry run show the state that the remote has, and log the turns of both', async () => {
  await using roles = await createRoleRig();
  expect((await roles.start(roles.b, 'ralph', '--max-wait', '300ms').ended).code).toBe(124);
  expect((await roles.start(roles.a, 'galph', '--once').ended).code).toBe(0);
  const status = await roles.rig.json<{ state: object; state_from: string; next: object }>(['status'], { cwd: roles.b });
  expect(status.document.data).toMatchObject({ state: { expected_actor: 'ralph', status: 'waiting-ralph' }, state_from: 'remote', next: { actor: 'ralph' } });
  expect((await roles.rig.run(['run', '--role', 'ralph', '--dry-run'], { cwd: roles.b })).stderr).toContain('ralph would be given main.md');
  expect(roles.git(roles.b, 'status', '--porcelain')).toBe('');
  expect((await roles.start(roles.b, 'ralph', '--once').ended).code).toBe(0);
  const [first] = await roles.turns(roles.a);
  const why = await roles.rig.run(['why', first?.id ?? ''], { cwd: roles.b });
  expect([why.code, why.stdout.includes('another checkout')]).toEqual([0, true]);
});
