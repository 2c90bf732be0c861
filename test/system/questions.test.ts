import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { createRig, until } from '../rig/rig.ts';
import type { Rig } from '../rig/rig.ts';

/** Tools of the loop, called by an agent over the real protocol, and questions that only a person answers. */

const CONFIG = `agent: { default: player }
agents:
  player: { kind: scripted, script: script.yaml }
sandbox: off
`;

async function scripted(script: string, more = ''): Promise<Rig> {
  const rig = await createRig();
  await rig.write('orchestration.yaml', `${CONFIG}${more}`);
  await rig.write('script.yaml', script);
  await rig.commit('a script');
  return rig;
}

const ASKS = `turns:
  - when: { resumed: true }
    steps: [{ prompt: plans/told.md }, { write: { path: plans/done.md, content: "done" } }]
  - steps: [{ write: { path: plans/begun.md, content: "begun" } }, { usage: { input_tokens: 5, output_tokens: 1 } }, { call: { tool: ask_operator, input: { question: "Which database?", options: [postgres, sqlite] }, into: plans/answer.md } }]
`;

interface Item {
  readonly unit: string;
  readonly kind: string;
  readonly question: string | null;
  readonly options: string[] | null;
}
const attention = async (rig: Rig): Promise<Item[]> => (await rig.json<{ items: Item[] }>(['attention'])).document.data.items;

describe('a question', () => {
  test('is shown, waits without its time running out, and the answer reaches the agent', async () => {
    await using rig = await scripted(ASKS, 'limits: { turn_timeout: 5s, stall_timeout: 4s }\nbudget: { max_duration: 5s }\n');
    const run = rig.start(['run', '--once']);
    await until('it asks', () => run.output().stderr.includes('Which database?'));
    const [item] = await attention(rig);
    expect(item).toMatchObject({ kind: 'question', question: 'Which database?', options: ['postgres', 'sqlite'], unit: expect.stringMatching(/^turn_/) });
    expect((await rig.run(['attention'])).stdout).toContain(`orchestrator answer ${item?.unit}`);
    // Longer than a silent agent would live.
    await until('it has waited for long', async () => (await rig.json<{ items: { waiting_ms: number }[] }>(['attention'])).document.data.items[0]?.waiting_ms as number > 5500);
    const answered = await rig.run(['answer', item?.unit.slice(0, 12) ?? '', 'postgres']);
    expect([answered.code, answered.stdout]).toEqual([0, expect.stringContaining('goes on with it now')]);
    const ended = await run.ended;
    expect(ended.code, ended.stderr).toBe(0);
    expect(JSON.parse(await rig.read('plans/answer.md'))).toMatchObject({ answer: 'postgres', suspended: false });
    expect(await attention(rig)).toEqual([]);
  });

  test('that nobody answers suspends the turn: exit 7; the answer is given to the same session by the next run', async () => {
    await using rig = await scripted(ASKS, 'limits: { question_wait: 300ms }\n');
    const ended = await rig.run(['run', '--iterations', '3']);
    expect([ended.code, ended.stderr]).toEqual([7, expect.stringContaining('Which database?')]);
    expect(await rig.state()).toMatchObject({ status: 'blocked', expected_actor: 'galph', failure: { code: 'question' } });
    expect((await rig.turns())[0]).toMatchObject({ outcome: 'blocked', usage: { input_tokens: 5 } });
    expect(await rig.git('show', 'HEAD^:plans/begun.md')).toBe('begun');
    // Never a default answer: it asks again for a person.
    const again = await rig.json(['run', '--once']);
    expect([again.code, again.document.error.code]).toEqual([7, 'question']);
    expect((await rig.turns()).length).toBe(1);
    const [item] = await attention(rig);
    expect((await rig.run(['answer', item?.unit ?? '', 'sqlite'])).stdout).toContain('next orchestrator run');
    const third = await rig.run(['run', '--once']);
    expect(third.code, third.stderr).toBe(0);
    expect(await rig.read('plans/told.md')).toContain('You asked: Which database?\nThe operator answers: sqlite');
    const [first, second] = await rig.turns();
    expect(second?.session_id).toBe(first?.session_id);
    expect(await rig.state()).toMatchObject({ expected_actor: 'ralph', status: 'waiting-ralph', failure: null });
    expect(await attention(rig)).toEqual([]);
  });

  test.each(['agent-exited', 'work-committed', 'state-stamped'])('that is open when the orchestrator dies (at %s) is not lost', async (at) => {
    await using rig = await scripted(ASKS, 'limits: { question_wait: 200ms }\n');
    await rig.run(['run', '--once'], { env: { ORCHESTRATOR_CRASH_AT: at } });
    expect((await rig.run(['run', '--once'])).code).toBe(7);
    const [item] = await attention(rig);
    expect(item?.question).toBe('Which database?');
    await rig.run(['answer', item?.unit ?? '', 'sqlite']);
    const ended = await rig.run(['run', '--once']);
    expect(ended.code, ended.stderr).toBe(0);
    expect(await rig.read('plans/told.md')).toContain('sqlite');
  });

  test('answered after the agent was told to end its turn: the same turn goes on with it', async () => {
    await using rig = await scripted(`turns:
  - when: { resumed: true }
    steps: [{ prompt: plans/told.md }]
  - steps: [{ call: { tool: ask_operator, input: { question: "Which one?" }, goes_on: true } }, { write: { path: late.tmp, content: "x" } }, { wait_for: go.tmp }]
`, 'limits: { question_wait: 200ms }\n');
    const run = rig.start(['run', '--once']);
    await until('it works on', () => rig.exists('late.tmp'));
    const [item] = await attention(rig);
    expect((await rig.run(['answer', item?.unit ?? '', 'that one'])).code).toBe(0);
    await rig.write('go.tmp', '');
    const ended = await run.ended;
    expect(ended.code, ended.stderr).toBe(0);
    expect(await rig.read('plans/told.md')).toContain('that one');
    expect((await rig.turns()).length).toBe(1);
  });

  test('holds the clocks no longer than its tool waits', async () => {
    await using rig = await scripted(`turns:
  - steps: [{ call: { tool: ask_operator, input: { question: "Which one?" }, goes_on: true } }, { sleep: 100s }]
`, 'limits: { question_wait: 200ms, stall_timeout: 2s }\n');
    const ended = await rig.run(['run', '--once']);
    expect([ended.code, (await rig.turns())[0]?.failure?.code]).toEqual([1, 'agent_stalled']);
  });

  test('is not answered by an agent', async () => {
    await using rig = await createRig();
    expect(await rig.json(['answer', 'turn_x', 'yes'], { env: { ORCHESTRATOR_TOKEN: 'x' } })).toMatchObject({ code: 5, document: { error: { code: 'not_allowed' } } });
  });

  test.each(['SIGTERM', 'SIGKILL'] as const)('open when the run ends by %s: the turn is repeated, nothing of the agent is left', async (signal) => {
    await using rig = await scripted(ASKS);
    const run = rig.start(['run', '--once']);
    await until('it asks', () => run.output().stderr.includes('Which database?'));
    run.kill(signal);
    await run.ended;
    const again = rig.start(['run', '--once']);
    await until('it asks again', () => again.output().stderr.includes('Which database?'));
    const items = await attention(rig);
    expect(items.length).toBe(1);
    expect((await rig.json<{ turn: { waiting_for: string } }>(['status'])).document.data.turn.waiting_for).toContain('Which database?');
    for (const item of items) await rig.run(['answer', item.unit, 'postgres']);
    expect((await again.ended).code).toBe(0);
  });

  test('that is not open, or of nobody: exit 3', async () => {
    await using rig = await createRig();
    expect(await rig.json(['answer', 'turn_x', 'yes'])).toMatchObject({ code: 3, document: { error: { code: 'question_not_found' } } });
    expect((await rig.run(['attention'])).stdout).toContain('Nothing waits for you.');
  });
});

describe('the other tools', () => {
  test('report the outcome, tell the context, take declarations', async () => {
    await using rig = await scripted(`turns:
  - when: { actor: galph }
    steps: [{ call: { tool: declare_touch, input: { paths: [src/] } } }, { call: { tool: list_conflicts } }, { write: { path: plans/p.md, content: "x" } }, { call: { tool: report_outcome, input: { outcome: ok, summary: "planned it" } } }]
  - steps: [{ call: { tool: get_context, input: {}, into: src/context.json } }, { call: { tool: report_outcome, input: { outcome: complete, summary: "all is done" } } }]
`);
    const ended = await rig.run(['run', '--iterations', '3']);
    expect(ended.code, ended.stderr).toBe(0);
    expect((await rig.turns()).map((turn) => [turn.outcome, turn.summary])).toEqual([['ok', 'planned it'], ['complete', 'all is done']]);
    expect(await rig.state()).toMatchObject({ exit: true, exit_reason: 'all is done' });
    expect(JSON.parse(await rig.read('src/context.json'))).toMatchObject({ turn: { actor: 'ralph', iteration: 1, prompt: 'main.md' }, turns: [{ actor: 'galph', outcome: 'ok', summary: 'planned it', files_changed: ['plans/p.md'] }] });
  });

  test('refuse wrong input, and whoever was not started for the turn in flight', async () => {
    await using rig = await scripted('turns:\n  - steps: [{ call: { tool: report_outcome, input: { outcome: great }, into: plans/said.md } }]\n');
    expect((await rig.run(['run', '--once'])).code).toBe(1);
    const { callMcpTool } = await import('../../src/agents/mcp-client.ts');
    const { LAUNCHER } = await import('../rig/rig.ts');
    const server = { argv: [process.execPath, LAUNCHER, '-C', rig.dir, 'mcp'] as const, pass: ['ORCHESTRATOR_TURN_ID', 'ORCHESTRATOR_ATTEMPT', 'ORCHESTRATOR_TOKEN'] };
    const env = { ...rig.env, ORCHESTRATOR_TURN_ID: (await rig.turns())[0]?.id, ORCHESTRATOR_ATTEMPT: '1', ORCHESTRATOR_TOKEN: 'guessed' };
    const said = await callMcpTool(server, env, 'report_outcome', { outcome: 'ok' });
    expect([said.is_error, JSON.parse(said.text)]).toEqual([true, expect.objectContaining({ code: 'not_bound' })]);
  });
});

describe('a permission that an agent asks for under permissions: ask', () => {
  test.each([['yes', true], ['no', false]] as const)('reaches a person, whose %s counts', async (words, done) => {
    await using rig = await createRig();
    const agent = fileURLToPath(new URL('../rig/acp-agent.ts', import.meta.url));
    await rig.write('orchestration.yaml', `agent: { default: talker }\nagents:\n  talker: { kind: acp, command: [${JSON.stringify(process.execPath)}, ${JSON.stringify(agent)}], permissions: ask }\nsandbox: off\n`);
    await rig.write('prompts/supervisor.md', 'write plans.txt\nsay Done.\n');
    await rig.commit('an agent that asks');
    const run = rig.start(['run', '--once']);
    await until('it asks', () => run.output().stderr.includes('May it do this?'));
    const [item] = await attention(rig);
    expect(item).toMatchObject({ kind: 'question', question: expect.stringContaining('plans.txt') });
    await rig.run(['answer', item?.unit ?? '', words]);
    const ended = await run.ended;
    expect(ended.code, ended.stderr).toBe(0);
    expect(rig.exists('plans.txt')).toBe(done);
  });
});
