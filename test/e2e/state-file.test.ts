import { describe, expect, test } from 'vitest';
import { WORKING_AGENT, committedState, createRig } from '../rig/rig.ts';

describe('a state file that cannot be used', () => {
  test.each([
    ['half a document', '{ "iteration": 4,', 'line 1'],
    ['conflict markers', '{\n<<<<<<< HEAD\n  "iteration": 4\n=======\n  "iteration": 5\n>>>>>>> other\n}\n', 'line 2'],
    ['a wrong type', '{\n  "iteration": "four"\n}\n', 'field iteration'],
    ['a newer schema', '{ "schema_version": 7 }\n', 'schema_version'],
  ])('%s: refused with exit 2, nothing started, file untouched', async (_name, content, place) => {
    await using rig = await createRig();
    await rig.write('sync/state.json', content);
    const head = await rig.commit();
    for (const command of [['run'], ['status'], ['next']]) {
      const { code, document } = await rig.json(command);
      expect(code).toBe(2);
      expect(document.error).toMatchObject({ code: 'state_invalid', kind: 'invalid' });
      expect(document.error.message).toContain(place);
      expect(document.error.hint).toContain('orchestrator state restore');
    }
    expect(await rig.read('sync/state.json')).toBe(content);
    expect(await rig.git('rev-parse', 'HEAD')).toBe(head);
  });

  test('state restore takes the last good version from history', async () => {
    await using rig = await createRig();
    expect((await rig.run(['run', '--iterations', '1'])).code).toBe(0);
    await rig.write('sync/state.json', '{ broken');
    await rig.commit('breaks the state');
    const { code, document } = await rig.json<{ changed: boolean; state: { iteration: number } }>(['state', 'restore']);
    expect(code).toBe(0);
    expect(document.data).toMatchObject({ changed: true, state: { iteration: 2 } });
    expect((await rig.run(['run', '--once'])).code).toBe(0);
    expect(await committedState(rig)).toMatchObject({ iteration: 2, expected_actor: 'ralph' });
  });

  test('without a good version in history, restore says so', async () => {
    await using rig = await createRig();
    await rig.write('sync/state.json', '{ broken');
    await rig.commit();
    const { code, document } = await rig.json(['state', 'restore']);
    expect(code).toBe(3);
    expect(document.error.code).toBe('state_not_in_history');
  });
});

test('a missing file is a fresh state', async () => {
  await using rig = await createRig();
  const { document } = await rig.json<{ exists: boolean; state: { iteration: number; expected_actor: string } }>(['state', 'show']);
  expect(document.data).toMatchObject({ exists: false, state: { iteration: 1, expected_actor: 'galph' } });
});

test("an earlier runner's file is carried on, its unknown keys in place", async () => {
  await using rig = await createRig();
  await rig.write('sync/state.json', '{\n  "custom": {"a": 12345678901234567890},\n  "iteration": 41,\n  "expected_actor": "ralph",\n  "status": "running-ralph",\n  "lease_expires_at": "2025-01-01T00:00:00Z",\n  "galph_commit": "abc1234",\n  "last": [1]\n}\n');
  await rig.commit();
  expect((await rig.run(['run', '--once'])).code).toBe(0);
  const text = await rig.read('sync/state.json');
  expect(text).toContain('12345678901234567890');
  expect(Object.keys(JSON.parse(text)).slice(0, 2)).toEqual(['custom', 'iteration']);
  expect(JSON.parse(text)).toMatchObject({ iteration: 42, expected_actor: 'galph', status: 'complete', galph_commit: 'abc1234', lease_expires_at: '2025-01-01T00:00:00Z', last: [1] });
});

describe("an agent's edit of the file during its turn", () => {
  test('exit, exit_reason and keys of its own are taken, everything else is not', async () => {
    await using rig = await createRig({
      agent: `${WORKING_AGENT}mkdir -p sync
printf '{"iteration": 99, "expected_actor": "galph", "exit": true, "exit_reason": "enough", "mine": {"b": 2}}' > "$ORCHESTRATOR_STATE"
`,
    });
    const { code, stderr } = await rig.run(['run', '--iterations', '5']);
    expect(code).toBe(0);
    expect(stderr).toContain('only exit, exit_reason and keys of its own are taken');
    expect(await committedState(rig)).toMatchObject({ iteration: 1, expected_actor: 'ralph', status: 'waiting-ralph', exit: true, exit_reason: 'enough', mine: { b: 2 } });
    expect(await rig.turns()).toHaveLength(1);
  });

  test('a broken edit is replaced from the journal, with a warning', async () => {
    await using rig = await createRig({ agent: `${WORKING_AGENT}mkdir -p sync; echo '{ broken' > "$ORCHESTRATOR_STATE"\n` });
    const { code, stderr } = await rig.run(['run', '--iterations', '1']);
    expect(code).toBe(0);
    expect(stderr).toContain('written again from the journal');
    expect(await committedState(rig)).toMatchObject({ iteration: 2, expected_actor: 'galph' });
  });

  test('a deleted file is written again', async () => {
    await using rig = await createRig({ agent: `${WORKING_AGENT}rm -f "$ORCHESTRATOR_STATE"\n` });
    expect((await rig.run(['run', '--iterations', '2'])).code).toBe(0);
    expect(await committedState(rig)).toMatchObject({ iteration: 3, expected_actor: 'galph' });
  });
});

test('a run that starts on exit: true clears it and goes on', async () => {
  await using rig = await createRig();
  await rig.write('sync/state.json', '{"exit": true, "exit_reason": "all done"}');
  await rig.commit();
  expect((await rig.run(['run', '--once'])).code).toBe(0);
  const state = await committedState(rig);
  expect(state.exit).toBeUndefined();
  expect(state.expected_actor).toBe('ralph');
});

test('while an agent runs, nothing of ours is dirty: it may commit everything it finds', async () => {
  await using rig = await createRig({ agent: 'cat > /dev/null\ngit status --porcelain > "$HOME/seen.$ORCHESTRATOR_ACTOR"\necho x >> work.md\ngit add -A && git commit -q -m "mine"\ngit show --stat --name-only --format= HEAD > "$HOME/committed.$ORCHESTRATOR_ACTOR"\n' });
  await rig.git('rm', '-q', '.gitignore');
  await rig.commit('ignores nothing');
  expect((await rig.run(['run', '--iterations', '1'])).code).toBe(0);
  const { readFile } = await import('node:fs/promises');
  for (const actor of ['galph', 'ralph']) {
    expect(await readFile(`${rig.home}/seen.${actor}`, 'utf8')).toBe('');
    expect((await readFile(`${rig.home}/committed.${actor}`, 'utf8')).trim()).toBe('work.md');
  }
});
