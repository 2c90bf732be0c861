import { expect, test } from 'vitest';
import { ID, REF, addRemote, keep } from '../rig/kept-work.ts';
import { createRig, until } from '../rig/rig.ts';

test('onto the commit where it left: the very same commits', async () => {
  await using rig = await createRig();
  const kept = await keep(rig, [{ 'a.txt': 'a\n' }, { 'src/b.txt': 'b\n' }]);
  const { code, document } = await rig.json<{ commits: string[] }>(['rescue', 'apply', 'turn_m']);
  expect(code).toBe(0);
  expect(document.data).toMatchObject({ id: ID, branch: 'main', head: kept, commits: [expect.any(String), kept] });
  expect(await rig.git('rev-parse', 'HEAD')).toBe(kept);
  expect(await rig.git('status', '--porcelain')).toBe('');
  expect((await rig.run(['rescue', 'apply', ID])).stdout).toContain('has the work of');
  expect(await rig.git('for-each-ref', '--format=%(refname)', 'refs/orchestrator/rescue/')).toBe(REF);
});

test('onto a branch that went on: as new commits with their authors; the state stays the branch\'s; again: nothing', async () => {
  await using rig = await createRig();
  await rig.write('sync/state.json', '{"iteration": 1}\n');
  await rig.commit('state');
  await keep(rig, [{ 'a.txt': 'a\n' }, { 'sync/state.json': '{"iteration": 9}\n' }, { 'b.txt': 'b\n', 'sync/state.json': '{"iteration": 10}\n' }]);
  await rig.write('sync/state.json', '{"iteration": 2}\n');
  const tip = await rig.commit('the branch went on');
  await rig.write('mine.txt', 'untracked files of a person may lie about\n');
  expect((await rig.json(['rescue', 'show', ID])).document.data).toMatchObject({ applied: false, commits: [{ subject: 'kept 1' }, { subject: 'kept 3' }] });
  expect((await rig.run(['rescue', 'apply', ID])).stdout).toContain('2 commits');
  expect(await rig.git('log', '--format=%s %an', `${tip}..HEAD`)).toBe('kept 3 Agent\nkept 1 Agent');
  expect(await rig.read('sync/state.json')).toBe('{"iteration": 2}\n');
  expect(await rig.read('b.txt')).toBe('b\n');
  expect(await rig.git('status', '--porcelain')).toBe('?? mine.txt');
  const head = await rig.git('rev-parse', 'HEAD');
  expect((await rig.json(['rescue', 'apply', ID])).document.data).toMatchObject({ commits: [], head });
  expect(await rig.git('rev-parse', 'HEAD')).toBe(head);
});

test('a merge among the commits comes with all that it brought', async () => {
  await using rig = await createRig();
  await rig.git('switch', '-q', '-c', 'side');
  await rig.write('side.txt', 'side\n');
  await rig.commit('side');
  await rig.git('switch', '-q', 'main');
  await rig.git('switch', '-q', '--detach');
  await rig.write('own.txt', 'own\n');
  await rig.commit('own');
  await rig.git('merge', '-q', '--no-ff', '-m', 'merged', 'side');
  await rig.git('update-ref', REF, 'HEAD');
  await rig.git('switch', '-q', 'main');
  await rig.write('on.txt', 'on\n');
  await rig.commit('the branch went on');
  expect((await rig.json(['rescue', 'apply', ID])).code).toBe(0);
  expect(await rig.git('log', '--format=%s', '-3')).toBe('merged\nown\nthe branch went on');
  for (const file of ['side.txt', 'own.txt', 'on.txt']) expect(rig.exists(file)).toBe(true);
});

test('from the remote only', async () => {
  await using rig = await createRig();
  await addRemote(rig);
  await rig.git('clone', '-q', `${rig.root}/remote.git`, `${rig.root}/other`);
  await rig.write('../other/far.txt', 'far\n');
  await rig.git('-C', `${rig.root}/other`, 'add', '-A');
  await rig.git('-C', `${rig.root}/other`, 'commit', '-q', '-m', 'far');
  await rig.git('-C', `${rig.root}/other`, 'push', '-q', 'origin', `HEAD:${REF}`);
  expect((await rig.json(['rescue', 'apply', ID])).code).toBe(0);
  expect(await rig.read('far.txt')).toBe('far\n');
});

test('a conflict: exit 4, names the files, changes nothing', async () => {
  await using rig = await createRig();
  await rig.write('a.txt', 'start\n');
  await rig.commit('a');
  await keep(rig, [{ 'first.txt': 'goes in\n' }, { 'a.txt': 'kept\n' }, { 'last.txt': 'x\n' }]);
  await rig.write('a.txt', 'branch\n');
  const tip = await rig.commit('the branch went on');
  const { code, document } = await rig.json(['rescue', 'apply', ID]);
  expect(code).toBe(4);
  expect(document.error).toMatchObject({ code: 'rescue_conflict', message: expect.stringContaining('a.txt'), hint: expect.stringContaining('git cherry-pick '), details: { files: ['a.txt'] } });
  expect(await rig.git('rev-parse', 'HEAD')).toBe(tip);
  expect(await rig.git('status', '--porcelain')).toBe('');
  expect(await rig.read('a.txt')).toBe('branch\n');
  for (const left of ['.git/CHERRY_PICK_HEAD', '.git/sequencer', '.git/orchestrator/run.lock', 'first.txt']) expect(rig.exists(left)).toBe(false);
});

test('a change that the branch has in another form is passed over; a conflict after it takes all back', async () => {
  await using rig = await createRig();
  await rig.write('a.txt', '1\n');
  await rig.write('b.txt', '1\n');
  await rig.commit('start of both');
  await keep(rig, [{ 'first.txt': 'goes in\n' }, { 'a.txt': '2\n' }, { 'b.txt': 'kept\n' }]);
  await rig.write('a.txt', '2\n');
  await rig.write('other.txt', 'in the same commit, so that it is another patch\n');
  const good = await rig.commit('the same and more');
  await rig.write('b.txt', 'branch\n');
  const tip = await rig.commit('something else');
  expect(await rig.json(['rescue', 'apply', ID])).toMatchObject({ code: 4, document: { error: { details: { files: ['b.txt'] } } } });
  expect(await rig.git('rev-parse', 'HEAD')).toBe(tip);
  expect(await rig.git('status', '--porcelain')).toBe('');
  await rig.git('switch', '-q', '-c', 'earlier', good);
  expect((await rig.json<{ commits: string[] }>(['rescue', 'apply', ID])).document.data.commits).toHaveLength(2);
  expect(await rig.git('log', '--format=%s', '-3')).toBe('kept 3\nkept 1\nthe same and more');
});

test('files that git does not track, ignored ones too, are never overwritten', async () => {
  await using rig = await createRig();
  await keep(rig, [{ 'first.txt': '1\n' }, { 'notes.txt': 'kept\n', 'deep/er.txt': 'kept\n', 'hidden.txt': 'kept\n' }]);
  await rig.write('notes.txt', 'mine\n');
  await rig.write('deep', 'a file where a folder must go\n');
  await rig.write('hidden.txt', 'mine and ignored\n');
  await rig.write('.git/info/exclude', 'hidden.txt\n');
  const { code, document } = await rig.json(['rescue', 'apply', ID]);
  expect(code).toBe(4);
  expect(document.error).toMatchObject({ code: 'rescue_conflict', details: { files: expect.arrayContaining(['notes.txt', 'deep', 'hidden.txt']) } });
  expect(await rig.read('hidden.txt')).toBe('mine and ignored\n');
  expect(rig.exists('first.txt')).toBe(false);
});

test('dirty tracked files, a detached head, a half-done merge: exit 5', async () => {
  await using rig = await createRig();
  await keep(rig, [{ 'a.txt': 'a\n' }]);
  await rig.write('prompts/main.md', 'changed\n');
  expect(await rig.json(['rescue', 'apply', ID])).toMatchObject({ code: 5, document: { error: { code: 'dirty_tree', details: { paths: ['prompts/main.md'] } } } });
  await rig.git('stash', '-q');
  await rig.git('switch', '-q', '--detach');
  expect(await rig.json(['rescue', 'apply', ID])).toMatchObject({ code: 5, document: { error: { code: 'detached_head' } } });
  await rig.git('switch', '-q', 'main');
  await rig.write('.git/CHERRY_PICK_HEAD', `${await rig.git('rev-parse', 'HEAD')}\n`);
  expect(await rig.json(['rescue', 'apply', ID])).toMatchObject({ code: 5, document: { error: { code: 'half_done' } } });
});

test('a run at work, or a turn that was cut short: exit 4', async () => {
  await using rig = await createRig({ agent: 'cat > /dev/null\n: > "$HOME/here"\nwhile [ ! -e "$HOME/go" ]; do sleep 0.05; done\n' });
  await keep(rig, [{ 'a.txt': 'a\n' }]);
  const running = rig.start(['run', '--once']);
  await until('the agent', () => rig.exists('../home/here'));
  expect(await rig.json(['rescue', 'apply', ID])).toMatchObject({ code: 4, document: { error: { code: 'checkout_busy' } } });
  expect((await rig.json<{ rescues: unknown[] }>(['rescue', 'list'])).document.data.rescues).toHaveLength(1);
  running.kill('SIGKILL');
  await running.ended;
  await until('the lock to be free', async () => (await rig.json(['rescue', 'apply', ID])).document.error.code === 'turn_in_flight');
  await rig.write('../home/go', '');
  expect((await rig.run(['run', '--once'])).code).toBe(0);
  expect((await rig.json(['rescue', 'apply', ID])).code).toBe(0);
});
