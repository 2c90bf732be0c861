import { expect, test } from 'vitest';
import { agentEnvironment } from './environment.ts';

const inherited = {
  PATH: '/bin', HOME: '/h', LC_ALL: 'C', TERM: 'xterm', TMPDIR: '/t', HTTPS_PROXY: 'p', GIT_AUTHOR_NAME: 'a', GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_DIR: '/elsewhere', AWS_SECRET_ACCESS_KEY: 's', DATABASE_URL: 'd', ANTHROPIC_API_KEY: 'k1', OPENAI_API_KEY: 'k2', SSH_AUTH_SOCK: '/sock',
  ORCHESTRATOR_ROUTER_ENABLED: 'true', ORCHESTRATOR_CRASH_AT: 'agent-running', NPM_TOKEN: 'n', MINE: 'm', UNSET: undefined,
};
const base = { inherited, kind: 'command', pass: [], own: [] } as const;

test('an agent gets what the list names and nothing else', () => {
  expect(agentEnvironment(base)).toEqual({
    PATH: '/bin', HOME: '/h', LC_ALL: 'C', TERM: 'xterm', TMPDIR: '/t', HTTPS_PROXY: 'p', GIT_AUTHOR_NAME: 'a', GIT_CONFIG_GLOBAL: '/dev/null', ORCHESTRATOR_ROUTER_ENABLED: 'true',
  });
});

test('each kind gets its own keys, and not those of another', () => {
  expect(agentEnvironment({ ...base, kind: 'claude' })).toMatchObject({ ANTHROPIC_API_KEY: 'k1' });
  expect(agentEnvironment({ ...base, kind: 'claude' })).not.toHaveProperty('OPENAI_API_KEY');
  expect(agentEnvironment({ ...base, kind: 'codex' })).toMatchObject({ OPENAI_API_KEY: 'k2' });
});

test('what configuration names is passed or set; the later one of its own has the last word', () => {
  const env = agentEnvironment({ ...base, pass: ['MINE', 'SSH_AUTH_SOCK'], own: [{ A: '1' }, { A: '2' }] });
  expect(env).toMatchObject({ MINE: 'm', SSH_AUTH_SOCK: '/sock', A: '2' });
});

test('git is never pointed at another repository, not even by configuration', () => {
  const env = agentEnvironment({ ...base, pass: ['GIT_*'], own: [{ GIT_WORK_TREE: '/x' }] });
  expect(Object.keys(env).filter((name) => /^GIT_(DIR|WORK_TREE)$/.test(name))).toEqual([]);
});
