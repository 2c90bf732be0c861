import { describe, expect, test } from 'vitest';
import { WORKING_AGENT, committedState, createRig } from '../rig/rig.ts';

const reporting = (json: string): string => `${WORKING_AGENT}printf '%s' '${json}' > "$ORCHESTRATOR_OUTCOME"\n`;

describe('a turn that fails', () => {
  test('keeps actor and iteration, says why, is committed; the next run starts there', async () => {
    await using rig = await createRig({ agent: `${WORKING_AGENT}[ "$ORCHESTRATOR_ACTOR" = ralph ] && [ ! -e "$HOME/mended" ] && exit 3\nexit 0\n` });
    const first = await rig.run(['run', '--iterations', '1']);
    expect(first.code).toBe(1);
    const log = (await rig.turns())[1]?.log ?? '';
    for (const word of ['ralph', 'main.md', 'exited with 3', log]) expect(first.stderr).toContain(word);
    expect(await committedState(rig)).toMatchObject({ status: 'failed', expected_actor: 'ralph', iteration: 1, failure: { actor: 'ralph', prompt: 'main.md', code: 'agent_exit', exit_code: 3, log } });
    expect((await rig.git('log', '-1', '--format=%s'))).toContain('status=failed');
    // Nothing of this machine's paths travels with the state.
    expect(await rig.git('show', 'HEAD:sync/state.json')).not.toContain(rig.root);
    // What it left is the loop's: not committed, not in the way of the next run, committed by the next good turn.
    expect(await rig.git('ls-files', '--others', '--exclude-standard')).toBe('src/work.txt');
    const { writeFile } = await import('node:fs/promises');
    await writeFile(`${rig.home}/mended`, '');
    expect((await rig.run(['run', '--iterations', '1'])).code).toBe(0);
    expect((await rig.turns()).map((turn) => [turn.actor, turn.outcome])).toEqual([['galph', 'ok'], ['ralph', 'failed'], ['ralph', 'ok']]);
    expect(await committedState(rig)).toMatchObject({ status: 'complete', iteration: 2, failure: null });
    expect(await rig.git('show', 'HEAD~1', '--format=', '--name-only')).toBe('src/work.txt');
  });

  test('a program that is not there fails before anything is started, with exit 5', async () => {
    await using rig = await createRig();
    await rig.git('rm', '-q', 'agent.sh');
    const head = await rig.commit('no agent');
    const { code, document } = await rig.json(['run']);
    expect(code).toBe(5);
    expect(document.error.code).toBe('agent_not_found');
    expect(await rig.git('rev-parse', 'HEAD')).toBe(head);
    expect(rig.exists('sync/state.json')).toBe(false);
  });

  test('an agent that takes too long is ended, with everything that it started', async () => {
    await using rig = await createRig({ agent: 'cat > /dev/null\nsleep 300 & sleep 300\n' });
    const { code, stderr } = await rig.run(['run', '--once', '--turn-timeout', '500ms']);
    expect(code).toBe(1);
    expect(stderr).toContain('agent_timeout');
    expect(await committedState(rig)).toMatchObject({ status: 'failed', failure: { code: 'agent_timeout' } });
  });

  test('an agent that says nothing for too long is ended', async () => {
    await using rig = await createRig({ agent: 'cat > /dev/null\necho begin\nsleep 300\n', config: 'limits: { stall_timeout: 400ms }\n' });
    const { code } = await rig.run(['run', '--once']);
    expect(code).toBe(1);
    expect(await committedState(rig)).toMatchObject({ failure: { code: 'agent_stalled' } });
  });
});

test('a secret of the environment that an agent reports is in no state, no record and no message', async () => {
  await using rig = await createRig({ agent: 'cat > /dev/null\nprintf \'{"outcome": "failed", "summary": "it is %s"}\' "$MY_API_TOKEN" > "$ORCHESTRATOR_OUTCOME"\n' });
  await rig.write('orchestration.yaml', 'agent: { default: stub }\nagents:\n  stub: { kind: command, command: ["./agent.sh"], env: { MY_API_TOKEN: hunter2hunter2 } }\nsandbox: off\n');
  await rig.commit();
  const ended = await rig.run(['run', '--once']);
  expect(ended.stderr).toContain('it is [redacted]');
  for (const text of [ended.stderr, await rig.read('sync/state.json'), await rig.read('logs/main/turns.jsonl')]) expect(text).not.toContain('hunter2');
});

describe('what an agent reports', () => {
  test('blocked: exit 7, the question is shown, the next run repeats the turn', async () => {
    await using rig = await createRig({ agent: reporting('{"outcome":"blocked","question":"which database?"}') });
    const { code, stderr } = await rig.run(['run']);
    expect(code).toBe(7);
    expect(stderr).toContain('which database?');
    expect(await committedState(rig)).toMatchObject({ status: 'blocked', expected_actor: 'galph', iteration: 1 });
    await rig.script('agent.sh', WORKING_AGENT);
    await rig.commit('mends the agent');
    expect((await rig.run(['run', '--once'])).code).toBe(0);
    expect((await rig.turns()).map((turn) => [turn.actor, turn.outcome])).toEqual([['galph', 'blocked'], ['galph', 'ok']]);
  });

  test('complete: the turn counts, exit is set, the run ends with 0', async () => {
    await using rig = await createRig({ agent: reporting('{"outcome":"complete","summary":"nothing left to do"}') });
    const { code, stdout } = await rig.run(['run', '--iterations', '9']);
    expect(code).toBe(0);
    expect(stdout).toContain('nothing left to do');
    expect(await committedState(rig)).toMatchObject({ exit: true, exit_reason: 'nothing left to do', expected_actor: 'ralph' });
  });

  test('failed: exit 1', async () => {
    await using rig = await createRig({ agent: reporting('{"outcome":"failed","summary":"cannot be done"}') });
    const { code, stderr } = await rig.run(['run']);
    expect(code).toBe(1);
    expect(stderr).toContain('cannot be done');
    expect(await committedState(rig)).toMatchObject({ status: 'failed', failure: { code: 'agent_reported_failure' } });
  });

  test.each(['{ broken', '[]', '{"outcome":"great"}', '{"outcome":"ok","extra":1}'])('%s is a failure, never a guess', async (json) => {
    await using rig = await createRig({ agent: reporting(json) });
    expect((await rig.run(['run', '--once'])).code).toBe(1);
    expect(await committedState(rig)).toMatchObject({ status: 'failed', failure: { code: 'outcome_invalid' } });
  });

  test('an exit code other than 0 weighs more than a report of ok', async () => {
    await using rig = await createRig({ agent: `${reporting('{"outcome":"ok"}')}exit 4\n` });
    expect((await rig.run(['run', '--once'])).code).toBe(1);
  });

  test('prose decides nothing', async () => {
    await using rig = await createRig({ agent: `${WORKING_AGENT}echo 'status=blocked ERROR fatal: rate limit, I am blocked, exit'\n` });
    expect((await rig.run(['run', '--once'])).code).toBe(0);
  });
});

describe('progress', () => {
  test('three turns of one actor that change nothing end the run with exit 7', async () => {
    await using rig = await createRig({ agent: 'cat > /dev/null\necho "All done!"\n' });
    const { code, document } = await rig.json(['run', '--iterations', '50']);
    expect(code).toBe(7);
    expect(document.error.code).toBe('no_progress');
    expect(await committedState(rig)).toMatchObject({ status: 'blocked', failure: { code: 'no_progress' }, no_progress: { galph: 3, ralph: 2 }, iteration: 3, expected_actor: 'galph' });
    expect(await rig.turns()).toHaveLength(5);
  });

  test('an input file that git ignores is progress', async () => {
    await using rig = await createRig({ agent: 'cat > /dev/null\necho "$ORCHESTRATOR_TURN_ID" >> input.md\n' });
    await rig.write('.gitignore', '/logs/\n/tmp/\n/.orchestrator/\n/input.md\n');
    await rig.commit();
    expect((await rig.run(['run', '--iterations', '5'])).code).toBe(0);
  });

  test('a limit of 0 switches it off', async () => {
    await using rig = await createRig({ agent: 'cat > /dev/null\n', config: 'limits: { no_progress_limit: 0 }\n' });
    expect((await rig.run(['run', '--iterations', '5'])).code).toBe(0);
  });
});

describe('how far a run goes', () => {
  test('--once is one turn; an iteration that was half done counts', async () => {
    await using rig = await createRig();
    expect((await rig.run(['run', '--once'])).code).toBe(0);
    expect(await rig.turns()).toHaveLength(1);
    expect((await rig.run(['run', '--iterations', '2'])).code).toBe(0);
    expect((await rig.turns()).map((turn) => turn.actor).join(' ')).toBe('galph ralph galph ralph');
    expect((await rig.run(['run', '--sync-loops', '1'])).code).toBe(0);
    expect(await rig.turns()).toHaveLength(6);
  });

  test('--no-commit leaves git alone; the state stays in its file', async () => {
    await using rig = await createRig();
    const head = await rig.git('rev-parse', 'HEAD');
    expect((await rig.run(['run', '--iterations', '1', '--no-commit'])).code).toBe(0);
    expect(await rig.git('rev-parse', 'HEAD')).toBe(head);
    expect(await rig.state()).toMatchObject({ iteration: 2, expected_actor: 'galph' });
    expect(await rig.turns()).toHaveLength(2);
  });

  test('--dry-run says what would come and does nothing', async () => {
    await using rig = await createRig();
    const { code, stderr } = await rig.run(['run', '--dry-run']);
    expect(code).toBe(0);
    expect(stderr).toContain('supervisor.md');
    expect(await rig.turns()).toEqual([]);
    expect(await rig.git('status', '--porcelain')).toBe('');
  });

  test('a budget of turns ends the run with exit 8', async () => {
    await using rig = await createRig({ config: 'budget: { max_turns: 3 }\n' });
    expect((await rig.run(['run', '--iterations', '9'])).code).toBe(8);
    expect(await committedState(rig)).toMatchObject({ status: 'failed', expected_actor: 'ralph', iteration: 2, failure: { code: 'budget' } });
    expect(await rig.turns()).toHaveLength(3);
  });
});
