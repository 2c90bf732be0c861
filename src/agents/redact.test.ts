import { expect, test } from 'vitest';
import { createLineSplitter } from '../process/lines.ts';
import { createRedactor, secretValues } from './redact.ts';

const made = (...parts: readonly string[]): string => parts.join('');
const token = made('gh', 'p_', 'aB3dE5gH7jK9mN1pQ2sT4vX6zY8bC0fG1234');
const begin = made('-----BEGIN ', 'RSA PRIVATE KEY-----');
const end = made('-----END ', 'RSA PRIVATE KEY-----');
const body = 'MIIEpAIBAAKCAQEA7bq0Zt3xJq2v9mWc1uYdKf5sRh8LpNxTeUoGiBaVwCyDzEjF';

test('known formats and known values are hidden, the rest stays', () => {
  const { text } = createRedactor(['opensesame', 'short', 'two words "quoted"']);
  expect(text(`a ${token} b opensesame c`)).toBe('a [redacted:github-token] b [redacted:environment] c');
  expect(text('short stays')).toBe('short stays');
  expect(text(JSON.stringify({ it: 'two words "quoted"' }))).toBe('{"it":"[redacted:environment]"}');
  expect(text('?q=two%20words%20%22quoted%22')).toBe('?q=[redacted:environment]');
});

test('of two values one may hold the other', () => {
  expect(createRedactor(['abcdefgh', 'abcdefghijkl']).text('abcdefghijkl abcdefgh')).toBe('[redacted:environment] [redacted:environment]');
});

test('strings at any depth of an event, but for the words of a fixed meaning', () => {
  const input = { command: [`curl -H ${token}`], n: 1, none: null };
  const event = { type: 'tool_call', name: 'sh', input } as const;
  expect(createRedactor(['tool_call']).event(event)).toEqual({ ...event, input: { ...input, command: ['curl -H [redacted:github-token]'] } });
  expect(input.command[0]).toContain(token);
});

test('a secret cut by the edge of a chunk', () => {
  const bytes = Buffer.from(`before ${token} after\n`);
  for (let cut = 0; cut <= bytes.length; cut += 1) {
    const lines: string[] = [];
    const redact = createRedactor([]).lines();
    const splitter = createLineSplitter((line) => lines.push(redact(line.text)));
    splitter.push(bytes.subarray(0, cut));
    splitter.push(bytes.subarray(cut));
    expect(lines).toEqual(['before [redacted:github-token] after']);
  }
});

test('a private key over several lines, as it is and as tools show it', () => {
  for (const prefix of ['', '+', '   12→', 'id_rsa:7:', '> ']) {
    const redact = createRedactor([]).lines();
    const block = [begin, 'Proc-Type: 4,ENCRYPTED', '', body, body, 'q8==', end].map((line) => prefix + line);
    const shown = ['before', ...block, 'after'].map(redact).join('\n');
    expect(shown).not.toContain('MIIE');
    expect(shown).not.toContain('q8==');
    expect(shown.startsWith('before\n')).toBe(true);
    expect(shown.endsWith('\nafter')).toBe(true);
  }
});

test('the first line of a private key alone does not hide what follows', () => {
  const redact = createRedactor([]).lines();
  expect([`It begins with ${begin}`, 'and that is all there is to it.', body].map(redact)).toEqual(['It begins with [redacted:private-key]', 'and that is all there is to it.', body]);
});

test('two streams do not disturb each other', () => {
  const redactor = createRedactor([]);
  const [out, err] = [redactor.lines(), redactor.lines()];
  out(begin);
  expect(err('word')).toBe('word');
});

test('a private key within one text', () => {
  expect(createRedactor([]).text(`x\n${begin}\n${body}\n${end}\ny`)).toBe('x\n[redacted:private-key]\ny');
});

test('variables whose names tell', () => {
  expect(secretValues({ MY_API_KEY: 'a', github_token: 'b', DB_PASSWORD: 'c', PATH: 'd', SECRET_X: undefined })).toEqual(['a', 'b', 'c']);
});

test('hiding keeps up with the output: sixty megabytes of short lines take seconds at most', () => {
  const redact = createRedactor(['opensesame', 'another-value']).lines();
  const line = 'src/agents/redact.ts(12,3): an ordinary line of a build, with some words in it';
  const started = performance.now();
  for (let index = 0; index < 800_000; index += 1) redact(line);
  // Measured: 0.8 s.
  expect(performance.now() - started).toBeLessThan(20_000);
});
