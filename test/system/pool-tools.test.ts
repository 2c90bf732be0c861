import { describe, expect, test } from 'vitest';
import { createPoolRig } from '../rig/pool-rig.ts';
import type { PoolRig } from '../rig/pool-rig.ts';
import { until } from '../rig/rig.ts';

/** Our tools in the hands of a unit's agent, over the real protocol. */
async function scripted(script: string, more = ''): Promise<PoolRig> {
  const pool = await createPoolRig();
  await pool.rig.write('orchestration.yaml', `agent: { default: player }\nagents:\n  player: { kind: scripted, script: script.yaml }\nsandbox: off\n${more}`);
  await pool.rig.write('script.yaml', script);
  await pool.chunk('one');
  await pool.rig.commit();
  return pool;
}

const ASKS = `turns:
  - when: { resumed: true }
    steps: [{ prompt: src/told.md }, { write: { path: src/done.md, content: "done" } }]
  - steps: [{ write: { path: src/begun.md, content: "begun" } }, { call: { tool: ask_operator, input: { question: "Which database?", options: [postgres, sqlite] }, into: src/answer.md } }]
`;

interface Items {
  items: { unit: string; kind: string; question: string; options: string[] }[];
}

describe('a question in the middle of a call', () => {
  test('is shown, and its answer reaches the agent that waits', async () => {
    await using pool = await scripted(ASKS, 'limits: { turn_timeout: 20s, stall_timeout: 2s }\n');
    await pool.daemon();
    await pool.inject('one');
    await until('the question', async () => (await pool.unit('one'))?.question);
    const asked = await pool.rig.json<Items>(['attention']);
    expect(asked.document.data.items).toEqual([expect.objectContaining({ unit: 'one', kind: 'QUESTION', question: 'Which database?', options: ['postgres', 'sqlite'] })]);
    // Longer than a silent agent would live.
    await until('it has waited', async () => (await pool.rig.json<{ items: { waiting_ms: number }[] }>(['attention'])).document.data.items[0]?.waiting_ms as number > 2500);
    const answered = await pool.rig.json<{ live: boolean }>(['answer', 'one', 'postgres']);
    expect(answered.document.data).toMatchObject({ live: true });
    await pool.reach('one', 'COMPLETED');
    expect(JSON.parse(await pool.rig.read('src/answer.md'))).toMatchObject({ answer: 'postgres', suspended: false });
  });

  test('that nobody answers suspends the unit; the same session goes on with the answer, across a restart', async () => {
    await using pool = await scripted(ASKS, 'limits: { question_wait: 300ms }\n');
    await pool.daemon();
    await pool.inject('one');
    const asked = await pool.reach('one', 'NEEDS_ATTENTION');
    expect(asked).toMatchObject({ kind: 'QUESTION', question: { question: 'Which database?', live: null }, claim: true });
    expect(asked.session).not.toBeNull();
    await pool.kill();
    await pool.daemon();
    await pool.rig.run(['answer', 'one', 'sqlite']);
    await pool.reach('one', 'COMPLETED');
    expect(await pool.rig.read('src/told.md')).toContain('sqlite');
    expect(await pool.rig.read('src/done.md')).toBe('done');
  });
});

test('an agent sees what its work conflicts with, says what it will touch, and reports its outcome', async () => {
  await using pool = await scripted(
    `turns:
  - steps: [{ call: { tool: declare_touch, input: { paths: ["lib/**"] }, into: src/declared.md } }, { call: { tool: list_conflicts, input: {}, into: src/conflicts.md } }, { call: { tool: get_context, input: {}, into: src/context.md } }, { call: { tool: report_outcome, input: { outcome: failed, summary: "it cannot be done" } } }]
`,
    'pool: { on_ask: parallel, max_agents: 1 }\n',
  );
  await pool.chunk('one', { goal: 'touches: ["lib/**"]\n', plan: 'Do it.\n' });
  await pool.chunk('two', { goal: 'touches: ["lib/a.ts"]\n', plan: 'Do it.\n' });
  await pool.rig.commit();
  await pool.daemon();
  await pool.inject('one', 'two');
  const failed = await pool.reach('one', 'FAILED');
  expect(failed.failure).toEqual({ code: 'agent_reported_failure', message: expect.stringContaining('it cannot be done') });
  const at = (file: string): Promise<string> => pool.rig.git('show', `orchestrator/one:src/${file}`);
  expect(JSON.parse(await at('declared.md'))).toEqual({ declared: ['lib/**'] });
  expect(JSON.parse(await at('conflicts.md'))).toEqual({ pairs: [expect.stringContaining('two (ASK_OPERATOR)')] });
  expect(JSON.parse(await at('context.md'))).toMatchObject({ unit: 'one', phase: 'IMPLEMENT', goal: 'plans/one/GOAL.md' });
});

test('two branches at work that come to conflict are told at once, on both', async () => {
  await using pool = await createPoolRig({ agent: 'cat > /dev/null\necho "$ORCHESTRATOR_UNIT" > clash.txt; git add clash.txt; git commit -q -m clash\nwhile [ ! -e "$RIG/go" ]; do sleep 0.05; done\n' });
  const { rig } = pool;
  for (const name of ['a', 'b']) await pool.chunk(name);
  await rig.commit();
  await pool.daemon();
  await pool.inject('a', 'b');
  await until('both to be told', async () => (await pool.events()).filter((event) => event.type === 'conflict.appeared').map((event) => event.unit).toSorted().join() === 'a,b');
  const listed = await rig.json<{ pairs: { a: string; b: string; kinds: string[]; verdict: string; files: string[] }[] }>(['conflicts']);
  expect(listed.document.data.pairs).toEqual([expect.objectContaining({ a: 'a', b: 'b', kinds: ['FILE', 'MERGE'], verdict: 'SERIALIZE', files: ['clash.txt'] })]);
  await rig.write('../go', '');
});

describe('verdicts', () => {
  test('with on_ask: ask a person decides; what they said outlasts a new analysis', async () => {
    await using pool = await createPoolRig({ agent: 'cat > /dev/null\nmkdir -p src; echo x > "src/$ORCHESTRATOR_UNIT.txt"; while [ ! -e "$RIG/go" ]; do sleep 0.05; done\n', config: 'pool: { on_ask: ask }\n' });
    const { rig } = pool;
    await pool.chunk('a', { goal: 'touches: ["lib/**"]\n', plan: 'Do it.\n' });
    await pool.chunk('b', { goal: 'touches: ["lib/x.ts"]\n', plan: 'Do it.\n' });
    await rig.commit();
    const analysis = await rig.json<{ analysis: { verdict: string } }>(['analyze', 'a', 'b']);
    expect(analysis.document.data.analysis.verdict).toBe('ASK_OPERATOR');
    await pool.daemon();
    await pool.inject('a', 'b');
    const asked = await until('one to be asked about', async () => [await pool.unit('a'), await pool.unit('b')].find((unit) => unit?.kind === 'CONFLICT'));
    expect(asked).toMatchObject({ status: 'NEEDS_ATTENTION', claim: false });
    expect((await rig.run(['resolve', 'a', 'b', 'independent'])).code).toBe(0);
    await pool.reach(asked.chunk, 'RUNNING');
    await rig.write('../go', '');
    for (const name of ['a', 'b']) await pool.reach(name, 'COMPLETED');
    const pairs = await rig.json<{ pairs: { source: string; verdict: string }[] }>(['conflicts', '--all']);
    expect(pairs.document.data.pairs).toEqual([expect.objectContaining({ source: 'operator', verdict: 'INDEPENDENT' })]);
  });

  test("a blocker's end clears a conflict, and no question", async () => {
    await using pool = await createPoolRig({ agent: 'cat > /dev/null\nmkdir -p src; echo x > "src/$ORCHESTRATOR_UNIT.txt"; while [ ! -e "$RIG/go" ]; do sleep 0.05; done\n', config: 'pool: { on_ask: ask }\n' });
    const { rig } = pool;
    for (const name of ['a', 'b']) await pool.chunk(name, { goal: 'touches: ["lib/**"]\n', plan: 'Do it.\n' });
    await rig.commit();
    await pool.daemon();
    await pool.inject('a', 'b');
    await until('one to be asked about', async () => [await pool.unit('a'), await pool.unit('b')].some((unit) => unit?.kind === 'CONFLICT'));
    await rig.write('../go', '');
    await until('both to land', async () => (await Promise.all(['a', 'b'].map((name) => pool.unit(name)))).every((unit) => unit?.status === 'COMPLETED'));
  });

  test('the pool reads its part of the configuration again while it runs', async () => {
    await using pool = await createPoolRig({ agent: 'cat > /dev/null\nmkdir -p src; echo x > "src/$ORCHESTRATOR_UNIT.txt"; while [ ! -e "$RIG/go" ]; do sleep 0.05; done\n', config: 'pool: { max_agents: 1 }\n' });
    const { rig } = pool;
    for (const name of ['a', 'b']) await pool.chunk(name);
    await rig.commit();
    await pool.daemon();
    await pool.inject('a', 'b');
    await pool.reach('a', 'RUNNING');
    expect((await pool.unit('b'))?.status).toBe('READY');
    await rig.write('orchestration.yaml', (await rig.read('orchestration.yaml')).replace('max_agents: 1', 'max_agents: 2'));
    await pool.reach('b', 'RUNNING');
    await rig.git('checkout', '--', 'orchestration.yaml');
    await rig.write('../go', '');
    for (const name of ['a', 'b']) await pool.reach(name, 'COMPLETED');
  });
});

test('what a possible conflict means is taken up while the pool runs', async () => {
  await using pool = await createPoolRig({ agent: 'cat > /dev/null\nmkdir -p src; echo x > "src/$ORCHESTRATOR_UNIT.txt"; while [ ! -e "$RIG/go" ]; do sleep 0.05; done\n', config: 'pool: { max_agents: 1, on_ask: parallel }\n' });
  const { rig } = pool;
  for (const name of ['a', 'b']) await pool.chunk(name, { goal: 'touches: ["src/**"]\n', plan: 'Do it.\n' });
  await rig.commit();
  await pool.daemon();
  await pool.inject('a', 'b');
  await pool.reach('a', 'RUNNING');
  await rig.write('orchestration.yaml', (await rig.read('orchestration.yaml')).replace('max_agents: 1, on_ask: parallel', 'max_agents: 4, on_ask: serialize'));
  expect(await pool.reach('b', 'BLOCKED')).toMatchObject({ waits: [{ on: 'conflict', chunk: 'a' }] });
  await rig.git('checkout', '--', 'orchestration.yaml');
  await rig.write('../go', '');
  for (const name of ['a', 'b']) await pool.reach(name, 'COMPLETED');
});

describe('a usage limit', () => {
  const LIMITED = `turns:
  - when: { resumed: true }
    steps: [{ append: { path: src/p.md, content: "rest\\n" } }]
  - steps: [{ append: { path: src/p.md, content: "begun\\n" } }, { limit: 1500ms }]
`;

  test('is waited for and the session goes on; others of the same agent wait too, and nobody holds a slot', async () => {
    await using pool = await scripted(LIMITED, 'pool: { max_agents: 1 }\n');
    await pool.chunk('two');
    await pool.rig.commit();
    await pool.daemon();
    await pool.inject('one');
    const waits = await until('it to wait', async () => ((await pool.unit('one'))?.limited === null ? null : await pool.unit('one')));
    expect(waits).toMatchObject({ status: 'READY', phase: 'IMPLEMENT', claim: true, limited: 'player' });
    await pool.inject('two');
    await pool.reach('one', 'COMPLETED');
    expect(await pool.rig.git('show', `${(await pool.unit('one'))?.merged_as ?? ''}:src/p.md`)).toBe('begun\nrest');
    const started = (await pool.events()).filter((event) => event.type === 'attempt.started' && event.unit === 'two').map((event) => event.at);
    expect((started[0] ?? '9') >= (waits.not_before ?? '')).toBe(true);
  });

  test('switches to the next agent where that is wanted', async () => {
    await using pool = await createPoolRig();
    await pool.rig.write('orchestration.yaml', 'agent: { default: first, fallback: [second] }\nagents:\n  first: { kind: scripted, script: first.yaml }\n  second: { kind: scripted, script: second.yaml }\nsandbox: off\nlimits: { on_usage_limit: switch }\n');
    await pool.rig.write('first.yaml', 'turns:\n  - steps: [{ limit: 1h }]\n');
    await pool.rig.write('second.yaml', 'turns:\n  - steps: [{ write: { path: src/second.md, content: "x" } }]\n');
    await pool.chunk('one');
    await pool.rig.commit();
    await pool.daemon();
    await pool.inject('one');
    expect(await pool.reach('one', 'COMPLETED')).toMatchObject({ agent: { name: 'second' }, attempt: 2 });
  });
});

describe('budgets', () => {
  const USING = 'turns:\n  - steps: [{ write: { path: src/x.md, content: "x" } }, { usage: { input_tokens: 600, output_tokens: 0 } }, { write: { path: src/y.md, content: "y" } }]\n';

  test("a call that uses up the units' budget is ended, and no other is started; a kill -9 does not fill it again", async () => {
    await using pool = await scripted(USING, 'budget: { max_tokens: 500 }\n');
    await pool.chunk('two');
    await pool.rig.commit();
    await pool.daemon();
    await pool.inject('one');
    const spent = await pool.reach('one', 'NEEDS_ATTENTION', 'COMPLETED');
    if (spent.status === 'NEEDS_ATTENTION') expect(spent.kind).toBe('BUDGET');
    await pool.inject('two');
    await until('it to be told', async () => (await pool.rig.json<{ budget: string | null }>(['queue'])).document.data.budget?.includes('max_tokens'));
    expect((await pool.unit('two'))?.status).toBe('READY');
    await pool.kill();
    await pool.daemon();
    expect((await pool.unit('two'))?.status).toBe('READY');
    // A start in good order begins anew.
    await pool.stop();
    await pool.daemon();
    await pool.reach('two', 'NEEDS_ATTENTION', 'COMPLETED');
  });
});
