/**
 * Records what the real tools print, as transcripts for the conformance suite: `npm run record:agents [kind…]`. Paths are
 * shortened, all else is as it came. What no server can bring about (a cut line, a line of a later version) is made
 * from a recording.
 */
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { adapterOf } from '../../src/agents/registry.ts';
import { placeFiles } from '../../src/agents/attempt-files.ts';
import { createModelServer } from './model-server.ts';
import type { Reply } from './model-server.ts';
import { KINDS, fillHome, realAgent, writeFileCall } from './real-agent.ts';
import type { RealKind } from './real-agent.ts';

const GOLDEN = fileURLToPath(new URL('../golden/agents/', import.meta.url));
const NOW = { 'retry-after-ms': '1', 'x-should-retry': 'false' };

/** The body of an error, as the kind's usual server words it. */
const errorBody = (kind: RealKind, status: number, name: string, message: string): unknown =>
  kind === 'gemini' ? { error: { code: status, message, status: name } } : kind === 'claude' ? { type: 'error', error: { type: name, message } } : { error: { type: name, message } };

const error = (kind: RealKind, status: number, name: string, message: string): Reply[] => [{ status, headers: NOW, body: errorBody(kind, status, name, message) }];

const SCRIPTS: Readonly<Record<string, (kind: RealKind, work: string) => readonly Reply[]>> = {
  success: () => [{ text: 'All tests pass.', usage: { input: 160, output: 57 } }],
  'tool-use': (kind, work) => [{ text: 'I will write it.', tool: writeFileCall(kind, join(work, 'a.txt'), 'hello'), usage: { input: 160, output: 20 } }, { text: 'It is written.', usage: { input: 200, output: 12 } }],
  'rate-limit': (kind) => error(kind, 429, kind === 'gemini' ? 'RESOURCE_EXHAUSTED' : 'rate_limit_error', 'Slow down'),
  'api-error': (kind) => error(kind, 503, kind === 'gemini' ? 'UNAVAILABLE' : 'overloaded_error', 'The model is overloaded'),
  'auth-error': (kind) => error(kind, 401, kind === 'gemini' ? 'UNAUTHENTICATED' : 'authentication_error', 'The key is not valid'),
};

/** A day's quota that is used up, which only gemini tells from any other 429. */
const QUOTA = { error: { code: 429, message: 'You exceeded your current quota', status: 'RESOURCE_EXHAUSTED', details: [{ '@type': 'type.googleapis.com/google.rpc.QuotaFailure', violations: [{ quotaId: 'GenerateRequestsPerDayPerProjectPerModel-FreeTier' }] }] } };

/** Those that were recorded by hand, with words and numbers that other tests know. */
const BY_HAND = ['claude/success', 'claude/tool-use', 'claude/rate-limit', 'claude/api-error', 'claude/auth-error', 'codex/success', 'codex/tool-use', 'codex/rate-limit'];

async function record(kind: RealKind, script: (kind: RealKind, work: string) => readonly Reply[]): Promise<string> {
  const root = mkdtempSync(join(tmpdir(), 'record-'));
  const [home, work, scratch] = ['home', 'w', 'scratch'].map((name) => join(root, name)) as [string, string, string];
  for (const folder of [home, work, scratch]) mkdirSync(folder);
  try {
    fillHome(home);
    await using server = await createModelServer(script(kind, work));
    const adapter = await adapterOf(kind);
    if (!adapter.ok) throw new Error(adapter.failure.message);
    const entry = realAgent(kind, server.url);
    const env = { PATH: process.env['PATH'] ?? '', HOME: home, ...entry.env };
    const agent = { name: kind, kind, bin: entry.bin ?? kind, args: entry.args, env: entry.env, permissions: 'bypass', ...(entry.model === undefined ? {} : { model: entry.model }) } as const;
    const command = adapter.value.command({ agent, scratch, env, sandboxed: false });
    placeFiles(command);
    const [program, ...args] = command.argv;
    const child = spawn(program, kind === 'codex' ? ['exec', '--skip-git-repo-check', ...args.slice(1)] : args, { cwd: work, env: { ...env, ...command.env }, stdio: ['pipe', 'pipe', 'ignore'] });
    child.stdin.end('Do the work.\n');
    let text = '';
    child.stdout.setEncoding('utf8').on('data', (piece: string) => (text += piece));
    const code = await new Promise((resolve) => child.once('close', resolve));
    process.stdout.write(`  exit ${String(code)}\n`);
    return text.replaceAll(server.url, 'http://127.0.0.1:8080').replaceAll(work, '/w').replaceAll(home, '/home/person').replaceAll(root, '');
  } finally {
    rmSync(root, { recursive: true, force: true, maxRetries: 3 });
  }
}

/** Cut in the midst of its last line but one. */
const cut = (text: string): string => {
  const lines = text.trimEnd().split('\n');
  const last = lines.at(-2) ?? '';
  return [...lines.slice(0, -2), last.slice(0, Math.floor(last.length / 2))].join('\n');
};

const withUnknown = (text: string): string => {
  const [first = '', ...rest] = text.trimEnd().split('\n');
  return ['A word of no format.', first, '{"type":"something_new","part":{"x":1}}', '{"type":"message"}', '{"typ', ...rest, ''].join('\n');
};

for (const kind of process.argv.length > 2 ? KINDS.filter((each) => process.argv.includes(each)) : KINDS) {
  const write = (name: string, text: string): void => writeFileSync(join(GOLDEN, kind, `${name}.jsonl`), text);
  mkdirSync(join(GOLDEN, kind), { recursive: true });
  const recorded: Record<string, string> = {};
  const more = kind === 'gemini' ? { 'usage-limit': () => [{ status: 429, body: QUOTA }] } : {};
  for (const [name, script] of Object.entries({ ...SCRIPTS, ...more })) {
    process.stdout.write(`${kind}/${name}\n`);
    const text = await record(kind, script);
    recorded[name] = text;
    if (!BY_HAND.includes(`${kind}/${name}`)) write(name, text);
  }
  if (kind === 'claude') continue;
  write('truncated', cut(recorded['tool-use'] ?? ''));
  if (kind === 'codex') continue;
  write('unknown-lines', withUnknown(recorded['success'] ?? ''));
  write('no-result', `${(recorded['success'] ?? '').trimEnd().split('\n').slice(0, -1).join('\n')}\n`);
}
