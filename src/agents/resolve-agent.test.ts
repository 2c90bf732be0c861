import { describe, expect, test } from 'vitest';
import type { AgentChoice, AgentConfig } from './contract.ts';
import { chosenName, resolveAgent, specOf } from './resolve-agent.ts';

const config: AgentConfig = {
  default: 'auto',
  roles: {},
  prompts: {},
  agents: { mine: { kind: 'command', command: ['./agent.sh', '--fast'] }, opus: { kind: 'claude', model: 'opus', args: ['--max-turns', '5'] }, played: { kind: 'scripted', script: 'a.yaml' } },
  workspace: '/w',
};
const none = { agent: null, roles: {}, prompts: {} };
const choice = (fields: Partial<AgentChoice>): AgentChoice => ({ prompt: 'main.md', actor: 'ralph', flags: none, frontMatter: null, config, ...fields });

test('the nearest word wins: flag by prompt, by role, front matter, configuration by prompt, by role, default', () => {
  const all = choice({
    flags: { agent: 'a6', roles: { ralph: 'a2' }, prompts: { 'main.md': 'a1' } },
    frontMatter: 'a3',
    config: { ...config, prompts: { 'main.md': 'a4' }, roles: { ralph: 'a5' }, default: 'a7' },
  });
  expect(chosenName(all)).toBe('a1');
  expect(chosenName({ ...all, flags: { ...all.flags, prompts: {} } })).toBe('a2');
  expect(chosenName({ ...all, flags: { ...none, agent: 'a6' } })).toBe('a3');
  expect(chosenName({ ...all, flags: { ...none, agent: 'a6' }, frontMatter: null })).toBe('a4');
  expect(chosenName({ ...all, flags: { ...none, agent: 'a6' }, frontMatter: null, config: { ...all.config, prompts: {} } })).toBe('a5');
  expect(chosenName({ ...all, flags: { ...none, agent: 'a6' }, frontMatter: null, config: { ...all.config, prompts: {}, roles: {} } })).toBe('a6');
  expect(chosenName({ ...all, flags: none, frontMatter: null, config: { ...all.config, prompts: {}, roles: {} } })).toBe('a7');
});

describe('auto', () => {
  const auto = (installed: string[]) => resolveAgent(choice({}), (name) => (installed.includes(name) ? `/bin/${name}` : null));
  const nameOf = (installed: string[]) => {
    const found = auto(installed);
    return found.ok ? found.value.name : found.failure;
  };

  test('takes the first one installed', () => {
    expect(nameOf(['codex', 'claude'])).toBe('claude');
    expect(nameOf(['opencode', 'codex'])).toBe('codex');
    expect(nameOf(['opencode'])).toBe('opencode');
  });

  test('says what to install', () => {
    expect(nameOf([])).toMatchObject({ code: 'agent_not_found', kind: 'precondition', hint: expect.stringContaining('orchestrator demo') });
  });
});

test("entries, kinds' own names, and names that nobody has", () => {
  const spec = (name: string) => specOf(name, config, () => null);
  expect(spec('opus')).toMatchObject({ ok: true, value: { kind: 'claude', model: 'opus', args: ['--max-turns', '5'], permissions: 'auto' } });
  expect(spec('codex')).toMatchObject({ ok: true, value: { kind: 'codex', name: 'codex' } });
  expect(spec('played')).toMatchObject({ ok: true, value: { script: '/w/a.yaml' } });
  expect(spec('cluade')).toMatchObject({ ok: false, failure: { code: 'agent_unknown', kind: 'invalid', message: expect.stringContaining('Did you mean "claude"?') } });
  expect(spec('command')).toMatchObject({ ok: false, failure: { code: 'agent_unknown' } });
});

test('a program that is not there is found out before anything starts', () => {
  expect(resolveAgent(choice({ flags: { ...none, agent: 'mine' } }), () => null)).toMatchObject({ ok: false, failure: { code: 'agent_not_found', message: expect.stringContaining('./agent.sh') } });
});
