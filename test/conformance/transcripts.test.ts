import { readFile, readdir } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { AgentEvent } from '../../src/agents/event.ts';
import { concludeRun, createTally } from '../../src/agents/conclude-run.ts';
import { adapterOf } from '../../src/agents/registry.ts';

const GOLDEN = new URL('../golden/agents/', import.meta.url);

const KINDS = ['claude', 'codex', 'gemini', 'opencode'] as const;
type Kind = (typeof KINDS)[number];

/** How a transcript must be judged. `exit`: the code that its tool ends with, where not all end with the same. */
interface Expected {
  readonly exit: number | Readonly<Partial<Record<Kind, number>>>;
  readonly code: string | null;
  readonly class: string | null;
}

/** What every kind goes through. */
const COMMON: Readonly<Record<string, Expected>> = {
  success: { exit: 0, code: null, class: null },
  'tool-use': { exit: 0, code: null, class: null },
  'rate-limit': { exit: { gemini: 429 % 256 }, code: 'agent_error', class: 'rate_limit' },
  'api-error': { exit: { gemini: 503 % 256 }, code: 'agent_error', class: 'overloaded' },
  'auth-error': { exit: { gemini: 401 % 256 }, code: 'agent_error', class: 'auth' },
  'no-result': { exit: 0, code: 'agent_protocol', class: 'protocol' },
  truncated: { exit: 137, code: 'agent_exit', class: 'crash' },
  'unknown-lines': { exit: 0, code: null, class: null },
};

/** What only some tell: opencode knows no usage limit, and codex alone warns of itself. */
const OWN: Readonly<Record<string, Expected>> = {
  'claude/usage-limit': { exit: 1, code: 'agent_error', class: 'rate_limit' },
  'codex/usage-limit': { exit: 1, code: 'agent_error', class: 'rate_limit' },
  'gemini/usage-limit': { exit: 429 % 256, code: 'agent_error', class: 'rate_limit' },
  'codex/warning': { exit: 0, code: null, class: null },
};

const CASES: readonly (readonly [name: string, expected: Expected & { readonly exit: number }])[] = [
  ...KINDS.flatMap((kind) => Object.entries(COMMON).map(([name, expected]) => [`${kind}/${name}`, expected] as const)),
  ...Object.entries(OWN),
].map(([name, expected]) => [name, { ...expected, exit: typeof expected.exit === 'number' ? expected.exit : (expected.exit[kindOf(name)] ?? 1) }]);

function kindOf(name: string): Kind {
  return name.split('/')[0] as Kind;
}

async function eventsOf(name: string, exit: number): Promise<AgentEvent[]> {
  const adapter = await adapterOf(kindOf(name));
  if (!adapter.ok) throw new Error(adapter.failure.message);
  const parser = adapter.value.parser();
  const text = await readFile(new URL(`${name}.jsonl`, GOLDEN), 'utf8');
  return [...text.trimEnd().split('\n').flatMap((line) => parser.line(line)), ...parser.end(exit)];
}

describe.each(CASES)('%s', (name, expected) => {
  test('gives the recorded events, each of the common vocabulary', async () => {
    const events = await eventsOf(name, expected.exit);
    for (const event of events) expect(AgentEvent.safeParse(event).success).toBe(true);
    await expect(`${JSON.stringify(events, null, 2)}\n`).toMatchFileSnapshot(`../golden/agents/${name}.events.json`);
  });

  test('is judged rightly', async () => {
    const tally = createTally();
    for (const event of await eventsOf(name, expected.exit)) tally.add(event);
    const spec = { name: 'x', kind: kindOf(name), args: [], env: {}, permissions: 'auto' } as const;
    const result = concludeRun(spec, true, tally, { exit_code: expected.exit, ended_early: null, left_behind: false, duration_ms: 1 }, 'x.log');
    expect({ code: result.failure?.code ?? null, class: result.error_class }).toEqual({ code: expected.code, class: expected.class });
    expect(result.session_id).toMatch(/^[\w-]{20,}$/);
    expect(result.said_done).toBe(expected.code === null);
  });
});

test('every recorded transcript has its case', async () => {
  const found = (await Promise.all(KINDS.map(async (kind) => (await readdir(new URL(`${kind}/`, GOLDEN))).map((file) => `${kind}/${file}`)))).flat();
  expect(found.filter((file) => file.endsWith('.jsonl')).map((file) => file.replace('.jsonl', '')).toSorted()).toEqual(CASES.map(([name]) => name).toSorted());
});

test.each(KINDS)('%s: whole, a transcript tells what was said, what was done and what it used', async (kind) => {
  const success = await eventsOf(`${kind}/success`, 0);
  expect(success.at(-1)).toMatchObject({ type: 'ended', reason: 'completed', final: expect.stringMatching(/\w/) });
  expect(success.findLast((event) => event.type === 'usage')).toMatchObject({ output_tokens: expect.any(Number) });
  const used = await eventsOf(`${kind}/tool-use`, 0);
  const call = used.find((event) => event.type === 'tool_call');
  expect(used.find((event) => event.type === 'tool_result')).toMatchObject({ id: call?.id, is_error: false });
  expect((await eventsOf(`${kind}/unknown-lines`, 0)).filter((event) => event.type === 'raw').length).toBeGreaterThan(1);
});

test('a garbled line never throws', async () => {
  for (const kind of [...KINDS, 'scripted'] as const) {
    const adapter = await adapterOf(kind);
    if (!adapter.ok) throw new Error(adapter.failure.message);
    const parser = adapter.value.parser();
    for (const line of ['{', '{}', '{"type":1}', '{"type":"result"}', '{"type":"assistant"}', 'null', '"x"', '\u0000', '{"type":"usage","input_tokens":-1}', '{"type":"step_finish","part":{"reason":"stop","tokens":{}}}', '{"type":"error","error":null}', '{"type":"message","role":"assistant","content":7}', `{"a":${'['.repeat(20_000)}`]) expect(() => parser.line(line)).not.toThrow();
    for (const code of [0, 1, 137, null]) expect(() => parser.end(code)).not.toThrow();
  }
});
