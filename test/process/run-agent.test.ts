import { expect, test } from 'vitest';
import { agentRig, sh } from './agent-rig.ts';

test('a plain command: prompt, streams, final answer, exit code', async () => {
  await using it = await agentRig();
  expect(await it.run(sh('cat; echo note >&2; echo done'))).toMatchObject({ exit_code: 0, failure: null, final: 'the prompt\ndone', usage: { input_tokens: 0 } });
  expect((await it.events()).map((event) => [event.type, event['text']]).toSorted()).toEqual([['message', 'done'], ['message', 'the prompt'], ['raw', 'note']]);
  expect(await it.run(sh('exit 3'))).toMatchObject({ exit_code: 3, failure: { code: 'agent_exit', kind: 'failed', message: expect.stringMatching(/exited with 3.*a\.log/) } });
});

test('why an agent was ended is told by the failure', async () => {
  await using it = await agentRig();
  expect(await it.run(sh('sleep 100'), { limits: { turn_timeout_ms: 50 } })).toMatchObject({ ended_early: 'turn_timeout', failure: { code: 'agent_timeout' } });
  expect(await it.run(sh('sleep 100'), { limits: { stall_timeout_ms: 50 } })).toMatchObject({ ended_early: 'stall_timeout', failure: { code: 'agent_stalled' } });
  const stop = new AbortController();
  expect(await it.run(sh('sleep 100'), { signal: stop.signal, observer: { onStarted: () => stop.abort() } })).toMatchObject({ ended_early: 'aborted', failure: { code: 'agent_aborted', kind: 'interrupted' } });
  expect(it.left()).toEqual([]);
});

test('a program that is not there is a failure before anything starts', async () => {
  await using it = await agentRig();
  let started = false;
  const observer = { onStarted: () => (started = true) };
  expect(await it.run({ command: ['no-such-agent'] }, { observer })).toMatchObject({ failure: { code: 'agent_not_found', kind: 'precondition' } });
  expect(await it.run({ command: ['./not-here'] }, { observer })).toMatchObject({ failure: { code: 'agent_not_found' } });
  expect(started).toBe(false);
});

test('an environment that no process can be given is a failure of the agent, with its reason', async () => {
  await using it = await agentRig();
  const huge = { ...sh('true'), env: { HUGE: 'x'.repeat(3_000_000) } };
  expect(await it.run(huge)).toMatchObject({ failure: { code: 'agent_not_started', message: expect.stringContaining('larger than the system takes') } });
  expect(await it.log()).toContain('cut short');
});

test('the last line of a log tells how it ended, once', async () => {
  await using it = await agentRig();
  await it.run(sh('exit 3'));
  expect((await it.log()).trimEnd().split('\n').at(-1)).toMatch(/^\[orchestrator: tester exited with 3; exit code 3, \d+\.\d s\]$/);
});

const INIT = '{"type":"system","subtype":"init","session_id":"s1","model":"m"}';
const DONE = '{"type":"result","subtype":"success","is_error":false,"result":"all done","total_cost_usd":0.5,"usage":{"input_tokens":3,"output_tokens":2}}';

test('after its closing event an agent has the grace to exit, and has succeeded all the same', async () => {
  await using it = await agentRig();
  const bin = it.tool('claude', `echo '${INIT}'; echo '${DONE}'; exec sleep 100`);
  expect(await it.run({ kind: 'claude', bin }, { limits: { grace_ms: 100 } })).toMatchObject({ ended_early: 'grace', failure: null, final: 'all done', session_id: 's1', usage: { input_tokens: 3, output_tokens: 2, cost_usd: 0.5 } });
  expect(it.left()).toEqual([]);
});

test('closing event and exit code must agree', async () => {
  await using it = await agentRig();
  expect(await it.run({ kind: 'claude', bin: it.tool('a', `echo '${DONE}'; exit 1`) })).toMatchObject({ failure: { code: 'agent_protocol' }, error_class: 'protocol' });
  expect(await it.run({ kind: 'claude', bin: it.tool('b', `echo '${INIT}'`) })).toMatchObject({ failure: { code: 'agent_protocol' } });
  expect(await it.run({ kind: 'claude', bin: it.tool('c', `echo '${INIT}'; kill -KILL $$`) })).toMatchObject({ exit_code: 137, failure: { code: 'agent_exit' }, error_class: 'crash' });
});

test('a secret in an error is neither in the failure nor in what is kept', async () => {
  await using it = await agentRig();
  const token = ['gh', 'p_', 'aB3dE5gH7jK9mN1pQ2sT4vX6zY8bC0fG1234'].join('');
  const failed = JSON.stringify({ type: 'result', subtype: 'success', is_error: true, api_error_status: 401, result: `bad key ${token}` });
  const result = await it.run({ kind: 'claude', bin: it.tool('claude', `cat <<'X'\n${failed}\nX\nexit 1`) });
  expect(result).toMatchObject({ error_class: 'auth', failure: { code: 'agent_error', message: expect.stringContaining('bad key [redacted:github-token]') } });
  expect((await it.log()) + JSON.stringify(await it.events()) + JSON.stringify(result.failure)).not.toContain(token);
});

test('the log of a structured agent reads like one, and tells that permissions are off', async () => {
  await using it = await agentRig();
  await it.run({ kind: 'claude', permissions: 'bypass', bin: it.tool('claude', `echo '${INIT}'; echo 'not json'; echo '${DONE}'`) });
  expect((await it.log()).split('\n').slice(0, 4)).toEqual([expect.stringContaining('permissions: bypass'), '[session s1, m]', 'not json', '[completed]']);
});

test('an agent finds what the list names in its environment, and no secret of ours', async () => {
  process.env['SOME_DATABASE_PASSWORD'] = 'not-for-agents';
  try {
    await using it = await agentRig();
    const { final } = await it.run({ ...sh('env'), env: { MINE: 'yes' } });
    expect(final).toContain('MINE=yes');
    expect(final).toContain('ORCHESTRATOR_ACTOR=galph');
    expect(final).not.toContain('SOME_DATABASE_PASSWORD');
  } finally {
    delete process.env['SOME_DATABASE_PASSWORD'];
  }
});

test('300 MB on one line are a cut line in log and events, at little memory', async () => {
  await using it = await agentRig();
  let most = 0;
  const before = process.memoryUsage.rss();
  const timer = setInterval(() => (most = Math.max(most, process.memoryUsage.rss())), 5);
  const result = await it.run(sh('head -c 314572800 /dev/zero | tr "\\0" x; echo; echo end'), { limits: { max_log_bytes: 64 * 1024 * 1024 } });
  clearInterval(timer);
  expect(result.failure).toBeNull();
  expect(await it.log()).toMatch(/x \[orchestrator: the line was longer\]\nend\n/);
  // Measured: 60 to 80 MB over an idle process, most of it garbage of the reads.
  expect(most - before).toBeLessThan(150 * 1024 * 1024);
});
