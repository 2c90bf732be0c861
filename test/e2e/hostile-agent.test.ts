import { execFileSync } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { WORKING_AGENT, committedState, createRig, processesOf, until } from '../rig/rig.ts';

describe('something odd in the place of the outcome file', () => {
  test.each([
    ['a folder', 'mkdir "$ORCHESTRATOR_OUTCOME"'],
    ['a pipe', 'mkfifo "$ORCHESTRATOR_OUTCOME"'],
    ['a link to a device', 'ln -s /dev/zero "$ORCHESTRATOR_OUTCOME"'],
    ['a link to a file', 'ln -s /etc/passwd "$ORCHESTRATOR_OUTCOME"'],
  ])('%s fails the turn, tells nothing of what it leads to, and the next run goes on', async (_name, body) => {
    await using rig = await createRig({ agent: `${WORKING_AGENT}[ -e "$HOME/second" ] || ${body}\n` });
    const first = await rig.json(['run', '--once']);
    expect(first.code).toBe(1);
    expect(first.document.error.code).toBe('outcome_invalid');
    expect(JSON.stringify(first.document)).not.toContain('root:');
    await writeFile(`${rig.home}/second`, '');
    expect((await rig.run(['run', '--once'])).code).toBe(0);
  });
});

describe('something odd in the place of the state file', () => {
  test.each([
    ['a link out of the repository', 'mkdir -p sync; rm -f sync/state.json; ln -s "$HOME/victim" sync/state.json'],
    ['its folder a link', 'rm -rf sync; mkdir -p "$HOME/elsewhere"; ln -s "$HOME/elsewhere" sync'],
    ['a folder', 'rm -rf sync/state.json; mkdir -p sync/state.json/a'],
    ['a pipe', 'mkdir -p sync; rm -f sync/state.json; mkfifo sync/state.json'],
  ])('%s: it is moved aside, nothing outside is touched, the state is a file in git', async (_name, body) => {
    await using rig = await createRig({ agent: `${WORKING_AGENT}${body}\n` });
    await writeFile(`${rig.home}/victim`, 'mine');
    await rig.write('sync/state.json', '{}\n');
    await rig.commit();
    expect((await rig.run(['run', '--once'])).code).toBe(0);
    expect(await readFile(`${rig.home}/victim`, 'utf8')).toBe('mine');
    expect(await rig.git('ls-tree', 'HEAD', 'sync/state.json')).toMatch(/^100644 blob/);
    expect(await committedState(rig)).toMatchObject({ expected_actor: 'ralph' });
    expect((await rig.run(['run', '--once'])).code).toBe(0);
  });
});

describe('secrets by another way', () => {
  const token = 'ghp_0123456789abcdefghijABCDEFGHIJ012345';

  test('in an outcome: hidden in state, record and message', async () => {
    await using rig = await createRig({ agent: `${WORKING_AGENT}echo '{"outcome":"blocked","question":"is ${token} ok?"}' > "$ORCHESTRATOR_OUTCOME"\n` });
    const { stdout, stderr, code } = await rig.run(['run', '--once', '--json']);
    expect(code).toBe(7);
    expect(await rig.git('show', 'HEAD:sync/state.json')).toContain('[redacted:');
    expect(`${stdout}${stderr}${await rig.git('log', '-p', '--', 'sync')}${await rig.read('logs/main/turns.jsonl')}`).not.toContain(token);
  });

  test('in a key of its own in the state file: not taken', async () => {
    await using rig = await createRig({ agent: `${WORKING_AGENT}mkdir -p sync; echo '{"tok": "${token}", "fine": 1}' > sync/state.json\n` });
    expect((await rig.run(['run', '--once'])).stderr).toContain('(tok)');
    expect(await committedState(rig)).toMatchObject({ fine: 1 });
    expect(await rig.git('log', '-p', '--', 'sync')).not.toContain(token);
  });

  test('behind a forged remote branch: the commit is still its own', async () => {
    await using rig = await createRig({ agent: `cat > /dev/null\necho "${token}" > t.txt; git add t.txt; git commit -q -m x; git update-ref refs/remotes/origin/main HEAD\n` });
    const { code, document } = await rig.json(['run', '--once']);
    expect(code).toBe(1);
    expect(document.error.code).toBe('secret_committed');
  });
});

test("an agent's own commit of a big file or a link that leaves is named, and fails under guard: fail", async () => {
  const agent = `cat > /dev/null\n[ "$ORCHESTRATOR_ACTOR" = galph ] && { mkdir -p plans; echo x > plans/p.md; exit 0; }\nhead -c 6000 /dev/zero > big.bin; ln -s /etc/passwd out; git add -A; git commit -q -m mine\n`;
  await using rig = await createRig({ agent, config: 'commit: { max_file_bytes: 5000 }\n' });
  expect((await rig.run(['run', '--iterations', '1'])).code).toBe(0);
  expect((await rig.turns())[1]?.skipped_files.toSorted()).toEqual(['big.bin', 'out']);
  await using strict = await createRig({ agent, config: 'commit: { max_file_bytes: 5000, guard: fail }\n' });
  expect((await strict.json(['run', '--iterations', '1'])).document.error).toMatchObject({ code: 'guard_violation' });
});

test('removing the lock does not let a second run in, and the journal is put back', async () => {
  await using rig = await createRig({ agent: `cat > /dev/null\nrm -rf .git/orchestrator/run.lock .git/orchestrator/turn.json\n: > "$HOME/working"\nwhile [ ! -e "$HOME/go" ]; do sleep 0.05; done\nmkdir -p plans; echo x >> plans/p.md\n` });
  const running = rig.start(['run', '--once']);
  await until('the agent to work', () => readFile(`${rig.home}/working`).then(() => true, () => false));
  const second = await rig.json(['run', '--once']);
  expect(second.code).toBe(4);
  expect(second.document.error.code).toBe('checkout_busy');
  await writeFile(`${rig.home}/go`, '');
  const ended = await running.ended;
  expect(ended.code).toBe(0);
  expect(ended.stderr).toContain('removed or replaced the journal');
  expect(await rig.turns()).toHaveLength(1);
});

test.each([
  ['a pipe', 'rm turn.json; mkfifo turn.json'],
  ['folders', 'rm -rf turn.json turn.closed.json; mkdir turn.json turn.closed.json; touch turn.json/b turn.closed.json/x'],
  ['links', 'ln -sf ../../person.txt turn.json; ln -sf ../../person.txt turn.closed.json'],
  ['other names of a file', 'ln -f ../../person.txt turn.json; ln -f ../../person.txt turn.closed.json'],
])('%s in the place of the journal: it is written anew, nothing is written through it', async (_, misdeed) => {
  await using rig = await createRig({ agent: `cat > /dev/null\nmkdir -p plans; echo x >> plans/p.md\ncd .git/orchestrator && ${misdeed}\n` });
  await rig.write('person.txt', 'precious\n');
  await rig.commit();
  const { code, stderr } = await rig.run(['run', '--iterations', '2']);
  expect(stderr).toContain('removed or replaced the journal');
  expect(code).toBe(0);
  expect(await rig.turns()).toHaveLength(4);
  expect(await rig.read('person.txt')).toBe('precious\n');
});

test('a pipe that stands in the place of the journal from the start is refused, not waited for', async () => {
  await using rig = await createRig();
  expect((await rig.run(['run', '--once'])).code).toBe(0);
  execFileSync('mkfifo', [rig.path('.git/orchestrator/turn.json')]);
  const { code, document } = await rig.json(['run', '--once']);
  expect([code, document.error.code]).toEqual([2, 'control_file_invalid']);
  expect((await rig.run(['status'])).code).not.toBeNull();
});

test('changes of git configuration and hooks are reported, and lead our git nowhere', async () => {
  await using rig = await createRig({ agent: `cat > /dev/null\ngit config core.worktree /tmp; git config user.name ''; printf '#!/bin/sh\\nexit 1\\n' > .git/hooks/pre-commit; chmod +x .git/hooks/pre-commit; mkdir -p plans; echo x >> plans/p.md\n` });
  const { code, stderr } = await rig.run(['run', '--once'], { env: { GIT_AUTHOR_NAME: '', GIT_COMMITTER_NAME: '' } });
  expect(stderr).toContain('.git/config was changed during the turn');
  expect(stderr).toContain('.git/hooks/pre-commit was changed during the turn');
  expect(code).toBe(0);
  expect((await rig.turns())[0]?.files_changed).toEqual(['plans/p.md']);
});

test("a lock of git's that was left behind is named with exit 5, and doctor --fix removes it", async () => {
  await using rig = await createRig();
  await rig.write('.git/index.lock', '');
  const { code, document } = await rig.json(['run', '--once']);
  expect(code).toBe(5);
  expect(document.error.message).toContain('index.lock');
  const found = await rig.json<{ checks: { name: string; status: string }[] }>(['doctor']);
  expect(found.code).toBe(5);
});

test('a rebase left half done is called so', async () => {
  await using rig = await createRig({ agent: 'cat > /dev/null\ngit switch -q -c side; echo a > c.txt; git add c.txt; git commit -q -m side; git switch -q main; echo b > c.txt; git add c.txt; git commit -q -m main; git rebase side > /dev/null 2>&1; exit 0\n' });
  const { code, document } = await rig.json(['run', '--once']);
  expect(code).toBe(1);
  expect(document.error).toMatchObject({ code: 'half_done', hint: expect.stringContaining('git rebase --abort') });
});

test('taking the logs away does not undo the work', async () => {
  await using rig = await createRig({ agent: `${WORKING_AGENT}rm -rf logs; mkdir -p "$HOME/x"; ln -s "$HOME/x" logs\n` });
  expect((await rig.run(['run', '--once'])).code).toBe(0);
  expect(await committedState(rig)).toMatchObject({ expected_actor: 'ralph' });
  expect(await processesOf(rig.root)).toEqual([]);
});

test('a folder of ours that would swallow the work is refused', async () => {
  await using rig = await createRig({ config: 'logs_dir: .\n' });
  const { code, document } = await rig.json(['run', '--once']);
  expect(code).toBe(2);
  expect(document.error.message).toContain('logs_dir');
});
