import { describe, expect, test } from 'vitest';
import { WORKING_AGENT, committedState, createRig } from '../rig/rig.ts';

const ralphDoes = (body: string): string => `cat > /dev/null\nif [ "$ORCHESTRATOR_ACTOR" = galph ]; then mkdir -p plans; echo x >> plans/plan.md; exit 0; fi\n${body}`;

describe("the person's own work", () => {
  test('untracked files are left alone, named when an agent edits them, and never committed', async () => {
    await using rig = await createRig({ agent: ralphDoes('echo agent >> notes.txt; echo new > made.txt\n') });
    await rig.write('notes.txt', 'mine\n');
    await rig.write('other.txt', 'mine too\n');
    const { code, stderr } = await rig.run(['run', '--iterations', '1']);
    expect(code).toBe(0);
    expect(stderr).toContain('notes.txt was not committed');
    expect(await rig.git('status', '--porcelain')).toBe('?? notes.txt\n?? other.txt');
    const [, ralph] = await rig.turns();
    expect(ralph).toMatchObject({ skipped_files: ['notes.txt'], files_changed: ['made.txt'] });
  });

  test('changed tracked files refuse a start with exit 5, unless allowed', async () => {
    await using rig = await createRig();
    await rig.write('code.txt', 'one\n');
    await rig.commit();
    await rig.write('code.txt', 'two\n');
    const refused = await rig.json(['run', '--once']);
    expect(refused.code).toBe(5);
    expect(refused.document.error).toMatchObject({ code: 'dirty_tree', details: { paths: ['code.txt'] } });
    expect((await rig.run(['run', '--iterations', '1', '--allow-dirty'])).code).toBe(0);
    expect(await rig.git('diff', '--name-only')).toBe('code.txt');
    expect(await rig.git('show', 'HEAD:code.txt')).toBe('one');
  });

  test('what the person staged stays staged and out of every commit', async () => {
    await using rig = await createRig();
    await rig.write('staged.txt', 'mine\n');
    await rig.git('add', 'staged.txt');
    expect((await rig.run(['run', '--iterations', '1', '--allow-dirty'])).code).toBe(0);
    expect(await rig.git('status', '--porcelain')).toBe('A  staged.txt');
  });

  test("the person's path in an agent's own commit is outside the policy", async () => {
    await using rig = await createRig({ agent: ralphDoes('git add -A && git commit -q -m sweep\n'), config: 'commit: { guard: fail }\n' });
    await rig.write('notes.txt', 'mine\n');
    const { code, document } = await rig.json(['run', '--iterations', '1']);
    expect(code).toBe(1);
    expect(document.error).toMatchObject({ code: 'guard_violation', details: { paths: ['notes.txt'] } });
  });

  test('a dirty state file never counts as dirt', async () => {
    await using rig = await createRig();
    expect((await rig.run(['run', '--once'])).code).toBe(0);
    await rig.write('sync/state.json', (await rig.read('sync/state.json')).replace('"iteration": 1', '"iteration": 5'));
    expect((await rig.run(['run', '--once'])).code).toBe(0);
    expect(await committedState(rig)).toMatchObject({ iteration: 6 });
  });
});

describe('the change set of a turn', () => {
  test('deletions, renames, modes and odd names are committed', async () => {
    await using rig = await createRig({ agent: ralphDoes('rm gone.txt; mv old.txt new.txt; chmod +x tool.sh; echo x > "a b\tc.txt"; echo x > -n; echo x > "ü.txt"; mkdir -p "d[1]"; echo x > "d[1]/*.txt"\n') });
    for (const path of ['gone.txt', 'old.txt', 'tool.sh']) await rig.write(path, `${path} content\n`);
    await rig.commit();
    expect((await rig.run(['run', '--iterations', '1'])).code).toBe(0);
    expect(await rig.git('status', '--porcelain')).toBe('');
    expect((await rig.git('show', 'HEAD~1', '--format=', '--summary', '-z', '--no-renames')).split('\n').length).toBeGreaterThan(3);
    expect(await rig.git('ls-tree', 'HEAD', 'tool.sh')).toContain('100755');
    expect(await rig.git('ls-tree', '-r', '--name-only', '-z', 'HEAD')).toContain('ü.txt');
  });

  test('ignored files are never committed, silently', async () => {
    await using rig = await createRig({ agent: ralphDoes('echo s > api.secret.json; echo ok > ok.txt\n') });
    await rig.write('.gitignore', '/logs/\n/tmp/\n/.orchestrator/\n*.secret.json\n');
    await rig.commit();
    const { stderr } = await rig.run(['run', '--iterations', '1']);
    expect(stderr).not.toContain('api.secret.json');
    expect(await rig.git('ls-files')).not.toContain('api.secret.json');
  });

  test('files that look like secrets, links that leave, big files: skipped, named, exit code unaffected', async () => {
    await using rig = await createRig({
      agent: ralphDoes('printf "key = AKIAIOSFODNN7EXAMPLE\\n" > aws.txt; ln -s /etc/passwd out; ln -s ../elsewhere up; ln -s plans/plan.md in; head -c 6000 /dev/zero > big.bin; echo ok > ok.txt\n'),
      config: 'commit: { max_file_bytes: 5000 }\n',
    });
    const { code, stderr } = await rig.run(['run', '--iterations', '1']);
    expect(code).toBe(0);
    const [, ralph] = await rig.turns();
    expect(ralph?.skipped_files.toSorted()).toEqual(['aws.txt', 'big.bin', 'out', 'up']);
    for (const path of ['aws.txt', 'big.bin', 'out', 'up']) expect(stderr).toContain(`${path} was not committed`);
    expect((await rig.git('show', 'HEAD~1', '--format=', '--name-only')).split('\n').toSorted()).toEqual(['in', 'ok.txt']);
    expect(stderr).not.toContain('AKIAIOSFODNN7EXAMPLE');
  });

  test('the total cap takes what fits and names the rest', async () => {
    await using rig = await createRig({ agent: ralphDoes('for n in 1 2 3; do head -c 4000 /dev/zero > f$n.bin; done\n'), config: 'commit: { max_total_bytes: 9000 }\n' });
    expect((await rig.run(['run', '--iterations', '1'])).code).toBe(0);
    expect((await rig.turns())[1]).toMatchObject({ skipped_files: ['f3.bin'] });
  });

  test('a nested repository is not swallowed', async () => {
    await using rig = await createRig({ agent: ralphDoes('git init -q inner; echo x > inner/x; (cd inner && git add -A && git -c user.name=a -c user.email=a@b commit -q -m x); echo ok > ok.txt\n') });
    expect((await rig.run(['run', '--iterations', '1'])).code).toBe(0);
    expect((await rig.turns())[1]).toMatchObject({ skipped_files: ['inner'] });
  });
});

describe('the policy', () => {
  test('warn leaves a path of galph outside it uncommitted; the next turn of ralph commits it', async () => {
    await using rig = await createRig({ agent: `cat > /dev/null\n[ "$ORCHESTRATOR_ACTOR" = galph ] && { echo code > code.c; mkdir -p plans/a; echo plan > plans/a/plan.md; }\nexit 0\n` });
    const { code, stderr } = await rig.run(['run', '--once']);
    expect(code).toBe(0);
    expect(stderr).toContain('code.c was not committed: outside what commit.galph allows');
    expect(await rig.git('show', 'HEAD~1', '--format=', '--name-only')).toBe('plans/a/plan.md');
    expect(await rig.git('status', '--porcelain')).toBe('?? code.c');
    expect((await rig.run(['run', '--once'])).code).toBe(0);
    expect(await rig.git('show', 'HEAD~1', '--format=%s', '--name-only')).toContain('code.c');
  });

  test('fail fails the turn and commits nothing of it', async () => {
    await using rig = await createRig({ agent: 'cat > /dev/null\necho code > code.c; mkdir -p plans; echo p > plans/p.md\n', config: 'commit: { guard: fail }\n' });
    const { code, document } = await rig.json(['run', '--once']);
    expect(code).toBe(1);
    expect(document.error).toMatchObject({ code: 'guard_violation', details: { paths: ['code.c'] } });
    expect(await rig.git('log', '--format=%s')).not.toContain('AUTO');
    expect((await rig.git('ls-files', '--others', '--exclude-standard')).split('\n')).toEqual(['code.c', 'plans/p.md']);
  });

  test('commits of the agent are looked at too, merges of what it pulled are not', async () => {
    await using rig = await createRig({ agent: 'cat > /dev/null\n[ "$ORCHESTRATOR_ACTOR" = galph ] && { echo code > code.c; git add code.c; git commit -q -m mine; }\nexit 0\n', config: 'commit: { guard: fail }\n' });
    const { code, document } = await rig.json(['run', '--once']);
    expect(code).toBe(1);
    expect(document.error).toMatchObject({ code: 'guard_violation', details: { paths: ['code.c'] } });
  });

  test("a secret in an agent's own commit fails the turn", async () => {
    await using rig = await createRig({ agent: ralphDoes('echo "token = ghp_0123456789abcdefghijABCDEFGHIJ012345" > t.txt; git add t.txt; git commit -q -m one; git rm -q t.txt; git commit -q -m two\n') });
    const { code, document } = await rig.json(['run', '--iterations', '1']);
    expect(code).toBe(1);
    expect(document.error.code).toBe('secret_committed');
    expect(JSON.stringify(document)).not.toContain('ghp_0123456789');
  });
});

describe('a checkout that an agent left unfit', () => {
  test('another branch: the turn fails, its own branch is stamped, nothing is switched', async () => {
    await using rig = await createRig({ agent: ralphDoes('git switch -q -c elsewhere; echo x > x.txt\n') });
    const { code, document } = await rig.json(['run', '--iterations', '1']);
    expect(code).toBe(1);
    expect(document.error.code).toBe('branch_changed');
    expect(await rig.git('branch', '--show-current')).toBe('elsewhere');
    expect(JSON.parse(await rig.git('show', 'main:sync/state.json'))).toMatchObject({ status: 'failed', expected_actor: 'ralph' });
  });

  test('rewritten history: the turn fails, what was cut off is kept', async () => {
    await using rig = await createRig({ agent: ralphDoes('git reset -q --hard HEAD~1\n') });
    const { code, document } = await rig.json(['run', '--iterations', '1']);
    expect(code).toBe(1);
    expect(document.error.code).toBe('history_rewritten');
    const kept = await rig.git('for-each-ref', '--format=%(objectname)', 'refs/orchestrator/rescue/');
    expect(kept).toBe((await rig.turns())[1]?.base);
  });

  test('a merge half done: the turn fails, the merge can still be finished', async () => {
    await using rig = await createRig({ agent: ralphDoes('git switch -q -c side HEAD~1; echo side > c.txt; git add c.txt; git commit -q -m side; git switch -q main; echo main > c.txt; git add c.txt; git commit -q -m main; git merge side > /dev/null; exit 0\n') });
    const { code, document } = await rig.json(['run', '--iterations', '1']);
    expect(code).toBe(1);
    expect(document.error.code).toBe('half_done');
    expect(await committedState(rig)).toMatchObject({ status: 'failed', failure: { code: 'half_done' } });
    const again = await rig.json(['run', '--once']);
    expect(again.code).toBe(5);
    await rig.write('c.txt', 'both\n');
    await rig.git('add', 'c.txt');
    await rig.git('commit', '-q', '--no-edit');
    expect(await committedState(rig)).toMatchObject({ status: 'failed' });
  });
});

test("hooks, signing and editors of the person's are not run by our commits", async () => {
  await using rig = await createRig({ agent: WORKING_AGENT });
  await rig.script('.git/hooks/pre-commit', 'echo hook >> "$HOME/hooks"; exit 1\n');
  await rig.script('.git/hooks/post-commit', 'echo hook >> "$HOME/hooks"\n');
  await rig.git('config', 'commit.gpgSign', 'true');
  await rig.git('config', 'gpg.program', '/nonexistent');
  await rig.git('config', 'core.editor', '/nonexistent');
  expect((await rig.run(['run', '--iterations', '1'])).code).toBe(0);
  const { existsSync } = await import('node:fs');
  expect(existsSync(`${rig.home}/hooks`)).toBe(false);
});

test('without a git identity, our commits get one', async () => {
  await using rig = await createRig();
  const env = { GIT_AUTHOR_NAME: '', GIT_AUTHOR_EMAIL: '', GIT_COMMITTER_NAME: '', GIT_COMMITTER_EMAIL: '' };
  expect((await rig.run(['run', '--once'], { env })).code).toBe(0);
  expect(await rig.git('log', '-1', '--format=%an <%ae> %cn <%ce>')).toBe('Orchestrator <orchestrator@localhost> Orchestrator <orchestrator@localhost>');
});

test('a dirty submodule is reported, and never moved or committed', async () => {
  await using rig = await createRig();
  await rig.git('init', '-q', '-b', 'main', `${rig.root}/part`);
  await rig.git('-C', `${rig.root}/part`, 'commit', '-q', '--allow-empty', '-m', 'one');
  await rig.git('-c', 'protocol.file.allow=always', 'submodule', '--quiet', 'add', `${rig.root}/part`, 'part');
  await rig.commit('a submodule');
  await rig.git('-C', rig.path('part'), 'commit', '-q', '--allow-empty', '-m', 'two');
  const moved = await rig.git('-C', rig.path('part'), 'rev-parse', 'HEAD');
  const before = await rig.git('ls-tree', 'HEAD', 'part');
  const ended = await rig.run(['run', '--once']);
  expect(ended.code, ended.stderr).toBe(0);
  expect(ended.stderr).toContain('submodule part');
  expect(await rig.git('-C', rig.path('part'), 'rev-parse', 'HEAD')).toBe(moved);
  expect(await rig.git('ls-tree', 'HEAD', 'part')).toBe(before);
});
