import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { decide, insideFolder } from './router.ts';
import type { RouterInput, RouterSettings } from './router.ts';
import { OrchestrationState } from './state.ts';

const prompts = { galph: 'supervisor.md', ralph: 'main.md', reviewer: 'reviewer.md' };
const off: RouterSettings = { enabled: false, mode: 'router_default', prompt: null, allowlist: [], review_every_n: 0, review_placement: 'replace' };
const on: RouterSettings = { ...off, enabled: true };
const stateOf = (fields: Partial<OrchestrationState>): OrchestrationState => ({ ...OrchestrationState.parse({}), ...fields });
const input = (fields: Partial<RouterInput> & { at?: Partial<OrchestrationState> } = {}): RouterInput => ({
  state: stateOf(fields.at ?? {}),
  settings: on,
  prompts,
  exists: () => true,
  ...fields,
});
const chosen = (from: RouterInput): string | undefined => {
  const result = decide(from);
  return result.ok ? result.value.selected_prompt : result.failure.code;
};

describe('deterministic choice', () => {
  test('each actor gets its own prompt', () => {
    expect(chosen(input())).toBe('supervisor.md');
    expect(chosen(input({ at: { expected_actor: 'ralph' } }))).toBe('main.md');
  });

  test('the reviewer comes once in every n-th iteration, in the place of galph', () => {
    const settings = { ...on, review_every_n: 3 };
    const at = (iteration: number, fields: Partial<OrchestrationState> = {}) => chosen(input({ settings, at: { iteration, ...fields } }));
    expect([1, 2, 3, 4, 5, 6].map((iteration) => at(iteration))).toEqual(['supervisor.md', 'supervisor.md', 'reviewer.md', 'supervisor.md', 'supervisor.md', 'reviewer.md']);
    expect(at(3, { last_review_iteration: 3 })).toBe('supervisor.md');
    expect(at(3, { last_review_iteration: 2 })).toBe('reviewer.md');
    expect(at(3, { expected_actor: 'ralph' })).toBe('main.md');
  });

  test('router off means never the reviewer', () => {
    expect(chosen(input({ settings: { ...off, review_every_n: 1 } }))).toBe('supervisor.md');
  });

  test("a wish is taken for galph's own turn only, and passes the gates", () => {
    expect(chosen(input({ at: { next_prompt: 'reviewer.md' } }))).toBe('reviewer.md');
    expect(chosen(input({ at: { next_prompt: 'reviewer.md', expected_actor: 'ralph' } }))).toBe('main.md');
    expect(chosen(input({ at: { next_prompt: 'main.md' } }))).toBe('prompt_not_actors');
    expect(chosen(input({ at: { next_prompt: '../x.md' } }))).toBe('prompt_outside');
    expect(chosen(input({ settings: off, at: { next_prompt: 'reviewer.md' } }))).toBe('supervisor.md');
  });
});

describe('the router prompt', () => {
  const settings = { ...on, prompt: 'router.md' };
  const answer = (text: string, mode: RouterSettings['mode'] = 'router_default') => chosen(input({ settings: { ...settings, mode }, answer: { text } }));

  test('its one line overrides', () => {
    expect(answer('reviewer.md\n')).toBe('reviewer.md');
    expect(answer('\n  supervisor.md  \n\n')).toBe('supervisor.md');
    const result = decide(input({ settings, answer: { text: 'reviewer.md' } }));
    expect(result.ok && result.value.source).toBe('router');
  });

  test('anything but one line is refused', () => {
    expect(answer('I would take\nreviewer.md')).toBe('router_invalid');
    expect(answer('')).toBe('router_failed');
    expect(answer('nonsense')).toBe('prompt_not_allowed');
    expect(answer('main.md')).toBe('prompt_not_actors');
    expect(answer('/etc/passwd')).toBe('prompt_outside');
  });

  test('router_first does without an answer, the other modes do not', () => {
    expect(answer('', 'router_first')).toBe('supervisor.md');
    expect(answer('', 'router_only')).toBe('router_failed');
    const none = (mode: RouterSettings['mode']) => chosen(input({ settings: { ...settings, mode }, answer: { none: 'it timed out' } }));
    expect(none('router_first')).toBe('supervisor.md');
    expect(none('router_default')).toBe('router_failed');
    expect(none('router_only')).toBe('router_failed');
  });

  test('it has no say in the turn of ralph', () => {
    expect(chosen(input({ settings, at: { expected_actor: 'ralph' }, answer: { text: 'reviewer.md' } }))).toBe('main.md');
  });

  test('router_only without a prompt to ask is refused', () => {
    expect(chosen(input({ settings: { ...on, mode: 'router_only' } }))).toBe('router_unset');
  });
});

describe('gates', () => {
  test('allowlist and existence hold for every choice', () => {
    expect(chosen(input({ settings: { ...on, allowlist: ['main.md'] } }))).toBe('prompt_not_allowed');
    expect(chosen(input({ exists: () => false }))).toBe('prompt_missing');
  });

  test('whatever is chosen is allowed, the own prompt or the reviewer, inside the folder, and there', () => {
    const name = fc.oneof(fc.constantFrom('supervisor.md', 'main.md', 'reviewer.md', '../x.md', '/x.md', 'a/../../x.md', ''), fc.string());
    fc.assert(
      fc.property(
        fc.constantFrom('galph' as const, 'ralph' as const),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 0, max: 5 }),
        fc.boolean(),
        fc.option(name, { nil: null }),
        fc.option(name, { nil: undefined }),
        fc.array(name, { maxLength: 3 }),
        fc.constantFrom('router_default' as const, 'router_first' as const, 'router_only' as const),
        (expected_actor, iteration, review_every_n, enabled, next_prompt, text, allowlist, mode) => {
          const settings = { ...on, enabled, review_every_n, allowlist, mode, prompt: text === undefined ? null : 'router.md' };
          const present = new Set(['supervisor.md', 'main.md', 'reviewer.md']);
          const result = decide(input({ settings, at: { expected_actor, iteration, next_prompt }, exists: (prompt) => present.has(prompt), ...(text === undefined ? {} : { answer: { text } }) }));
          if (!result.ok) {
            expect(result.failure.kind).toBe('invalid');
            return;
          }
          const { selected_prompt } = result.value;
          expect(insideFolder(selected_prompt)).toBe(true);
          expect(present.has(selected_prompt)).toBe(true);
          if (allowlist.length > 0) expect(allowlist).toContain(selected_prompt);
          expect([prompts[expected_actor], ...(enabled && expected_actor === 'galph' ? ['reviewer.md'] : [])]).toContain(selected_prompt);
        },
      ),
    );
  });
});
