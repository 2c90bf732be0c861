import { readFile, readdir } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { AgentEvent } from '../../src/agents/event.ts';
import type { AgentKind } from '../../src/agents/contract.ts';
import { concludeRun, createTally } from '../../src/agents/conclude-run.ts';
import { adapterOf } from '../../src/agents/registry.ts';

const GOLDEN = new URL('../golden/agents/', import.meta.url);

/** How a transcript must be judged, with the exit code that its tool ends with. */
const CASES: Readonly<Record<string, { exit: number; code: string | null; class: string | null }>> = {
  'claude/success': { exit: 0, code: null, class: null },
  'claude/tool-use': { exit: 0, code: null, class: null },
  'claude/rate-limit': { exit: 1, code: 'agent_error', class: 'rate_limit' },
  'claude/usage-limit': { exit: 1, code: 'agent_error', class: 'rate_limit' },
  'claude/api-error': { exit: 1, code: 'agent_error', class: 'overloaded' },
  'claude/auth-error': { exit: 1, code: 'agent_error', class: 'auth' },
  'claude/no-result': { exit: 0, code: 'agent_protocol', class: 'protocol' },
  'claude/truncated': { exit: 137, code: 'agent_exit', class: 'crash' },
  'claude/unknown-lines': { exit: 0, code: null, class: null },
  'codex/success': { exit: 0, code: null, class: null },
  'codex/tool-use': { exit: 0, code: null, class: null },
  'codex/rate-limit': { exit: 1, code: 'agent_error', class: 'rate_limit' },
  'codex/usage-limit': { exit: 1, code: 'agent_error', class: 'rate_limit' },
  'codex/no-result': { exit: 0, code: 'agent_protocol', class: 'protocol' },
  'codex/warning': { exit: 0, code: null, class: null },
  'codex/unknown-lines': { exit: 0, code: null, class: null },
};

async function eventsOf(name: string, exit: number): Promise<AgentEvent[]> {
  const adapter = await adapterOf(name.split('/')[0] as AgentKind);
  if (!adapter.ok) throw new Error(adapter.failure.message);
  const parser = adapter.value.parser();
  const text = await readFile(new URL(`${name}.jsonl`, GOLDEN), 'utf8');
  return [...text.trimEnd().split('\n').flatMap((line) => parser.line(line)), ...parser.end(exit)];
}

describe.each(Object.entries(CASES))('%s', (name, expected) => {
  test('gives the recorded events, each of the common vocabulary', async () => {
    const events = await eventsOf(name, expected.exit);
    for (const event of events) expect(AgentEvent.safeParse(event).success).toBe(true);
    await expect(`${JSON.stringify(events, null, 2)}\n`).toMatchFileSnapshot(`../golden/agents/${name}.events.json`);
  });

  test('is judged rightly', async () => {
    const tally = createTally();
    for (const event of await eventsOf(name, expected.exit)) tally.add(event);
    const spec = { name: 'x', kind: name.split('/')[0] as AgentKind, args: [], env: {}, permissions: 'auto' } as const;
    const result = concludeRun(spec, true, tally, { exit_code: expected.exit, ended_early: null, left_behind: false, duration_ms: 1 }, 'x.log');
    expect({ code: result.failure?.code ?? null, class: result.error_class }).toEqual({ code: expected.code, class: expected.class });
    expect(result.session_id).toMatch(/^[0-9a-f-]{36}$/);
  });
});

test('every recorded transcript has its case', async () => {
  const found = (await Promise.all(['claude', 'codex'].map(async (kind) => (await readdir(new URL(`${kind}/`, GOLDEN))).map((file) => `${kind}/${file}`)))).flat();
  expect(found.filter((file) => file.endsWith('.jsonl')).map((file) => file.replace('.jsonl', '')).toSorted()).toEqual(Object.keys(CASES).toSorted());
});

test('a garbled line never throws', async () => {
  for (const kind of ['claude', 'codex', 'scripted'] as const) {
    const adapter = await adapterOf(kind);
    if (!adapter.ok) throw new Error(adapter.failure.message);
    const parser = adapter.value.parser();
    for (const line of ['{', '{}', '{"type":1}', '{"type":"result"}', '{"type":"assistant"}', 'null', '"x"', '\u0000', '{"type":"usage","input_tokens":-1}', `{"a":${'['.repeat(20_000)}`]) expect(() => parser.line(line)).not.toThrow();
  }
});
