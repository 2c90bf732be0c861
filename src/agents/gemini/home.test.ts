import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CommandRequest } from '../adapter.ts';
import { geminiHome } from './home.ts';

let home = '';
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), 'gemini-home-'));
  mkdirSync(join(home, '.gemini/tmp'), { recursive: true });
  writeFileSync(join(home, '.gemini/oauth_creds.json'), '{}');
  mkdirSync(join(home, '.agents'));
});
afterEach(() => rmSync(home, { recursive: true }));

const tools: CommandRequest['tools'] = { argv: ['/bin/node', 'mcp.ts', '--stdio'], pass: ['ORCHESTRATOR_TOOL_TOKEN'] };
const GATEWAY = { GOOGLE_GEMINI_BASE_URL: 'http://127.0.0.1:1', GEMINI_API_KEY: 'dummy' };
const homeFor = (env: Record<string, string>, more: Partial<CommandRequest> = {}) =>
  geminiHome({ agent: { name: 'gemini', kind: 'gemini', args: [], env: {}, permissions: 'auto' }, scratch: '/s', sandboxed: false, env: { HOME: home, ...env }, ...more });
const settings = (text: string): void => writeFileSync(join(home, '.gemini/settings.json'), text);
const given = (found: ReturnType<typeof geminiHome>): unknown => JSON.parse(found?.settings ?? 'null');

test("the person's home does where nothing of ours is needed", () => {
  expect(homeFor({})).toBeNull();
  expect(homeFor({ GEMINI_API_KEY: 'dummy' })).toBeNull();
  expect(homeFor({ ...GATEWAY, GOOGLE_GENAI_USE_VERTEXAI: 'true' })).toBeNull();
  settings('{"security": {"auth": {"selectedType": "oauth-personal"}}}');
  expect(homeFor(GATEWAY)).toBeNull();
});

test('a key and an address of its own log in by the key', () => {
  settings('{ /* mine */ "ui": { "theme": "a // b" }, // yes\n "security": { "auth": { "useExternal": false } } }');
  expect(given(homeFor(GATEWAY))).toEqual({ ui: { theme: 'a // b' }, security: { auth: { useExternal: false, selectedType: 'gemini-api-key' } } });
});

test('our tools stand beside those of the person, by name of their variables, and all else is linked', () => {
  settings('{"mcpServers": {"mine": {"command": "x"}}, "mcp": {"allowed": ["mine"]}}');
  const found = homeFor({}, { tools });
  expect(given(found)).toMatchObject({
    mcpServers: { mine: { command: 'x' }, orchestrator: { command: '/bin/node', args: ['mcp.ts', '--stdio'], env: { ORCHESTRATOR_TOOL_TOKEN: '$ORCHESTRATOR_TOOL_TOKEN' }, trust: true } },
    mcp: { allowed: ['mine', 'orchestrator'] },
  });
  expect(found?.links).toEqual({
    '/s/gemini-home/.gemini/oauth_creds.json': join(home, '.gemini/oauth_creds.json'),
    '/s/gemini-home/.gemini/tmp': join(home, '.gemini/tmp'),
    '/s/gemini-home/.agents': join(home, '.agents'),
  });
});

test('settings that nobody can read are left to gemini, which says so', () => {
  settings('{ "ui": ');
  expect(homeFor({}, { tools })).toBeNull();
});
