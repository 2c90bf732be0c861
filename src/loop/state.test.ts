import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { formatState, freshState, parseState } from './state.ts';

const refusal = (text: string) => {
  const parsed = parseState(text, 'sync/state.json');
  if (parsed.ok) throw new Error('it was accepted');
  expect(parsed.failure).toMatchObject({ code: 'state_invalid', kind: 'invalid' });
  expect(parsed.failure.hint).toContain('orchestrator state restore');
  return parsed.failure.message;
};

describe('reading', () => {
  test("an earlier runner's file is taken as it is", () => {
    const text = '{"iteration": 12, "expected_actor": "ralph", "status": "running-ralph", "last_update": "2025-09-01T10:00:00Z", "lease_expires_at": "2025-09-01T10:10:00Z", "galph_commit": "abc1234", "ralph_commit": "no-git", "last_prompt": null, "last_prompt_actor": null}';
    const parsed = parseState(text, 'x');
    expect(parsed.ok && parsed.value.state).toMatchObject({ iteration: 12, expected_actor: 'ralph', status: 'running-ralph', galph_commit: 'abc1234', ralph_commit: 'no-git', schema_version: 1, failure: null });
  });

  test.each([
    ['', 'line 1'],
    ['{\n "iteration": 1,\n}', 'line 3'],
    ['[]', 'one JSON object'],
    ['{\n "iteration": 0\n}', 'field iteration (line 2)'],
    ['{\n "iteration": "3"\n}', 'field iteration (line 2)'],
    ['{\n\n "expected_actor": "bob"\n}', 'field expected_actor (line 3)'],
    ['{"status": "great"}', 'field status'],
    ['{"schema_version": 2}', 'field schema_version is 2'],
    ['{\n<<<<<<< HEAD\n "iteration": 1\n=======\n "iteration": 2\n>>>>>>> x\n}', 'line 2 has a merge conflict marker'],
  ])('%j is refused with its place', (text, place) => {
    expect(refusal(text)).toContain(place);
  });

  test('no text at all throws or hangs', () => {
    fc.assert(fc.property(fc.oneof(fc.string(), fc.json()), (text) => void parseState(text, 'x')));
  });
});

describe('writing', () => {
  test('two blanks, a newline at the end, unknown keys in place with every digit', () => {
    const text = '{\n  "zeta": {"b": [1, 2.50], "a": null},\n  "iteration": 3,\n  "big": 12345678901234567890,\n  "expected_actor": "galph"\n}';
    const parsed = parseState(text, 'x');
    if (!parsed.ok) throw new Error('refused');
    const out = formatState({ ...parsed.value, state: { ...parsed.value.state, iteration: 4 } });
    expect(out.endsWith('}\n')).toBe(true);
    expect(out).toContain('  "big": 12345678901234567890,\n');
    expect(out).toContain('2.50');
    expect(Object.keys(JSON.parse(out)).slice(0, 4)).toEqual(['zeta', 'iteration', 'big', 'expected_actor']);
    expect(JSON.parse(out)).toMatchObject({ zeta: { b: [1, 2.5], a: null }, iteration: 4 });
  });

  test('a fresh state survives being written and read', () => {
    const parsed = parseState(formatState(freshState()), 'x');
    expect(parsed.ok && parsed.value.state).toEqual(freshState().state);
  });

  test('whatever somebody else keeps in the file survives', () => {
    const key = fc.string({ minLength: 1 }).filter((name) => !(name in freshState().state) && !/^\d+$/.test(name) && !['exit', 'exit_reason', 'next_prompt'].includes(name));
    fc.assert(
      fc.property(fc.dictionary(key, fc.jsonValue()), (others) => {
        const parsed = parseState(JSON.stringify(others), 'x');
        if (!parsed.ok) return;
        const out = JSON.parse(formatState(parsed.value)) as Record<string, unknown>;
        for (const name of Object.keys(JSON.parse(JSON.stringify(others)))) expect(JSON.stringify(Object.getOwnPropertyDescriptor(out, name)?.value)).toBe(JSON.stringify(others[name]));
      }),
    );
  });
});
