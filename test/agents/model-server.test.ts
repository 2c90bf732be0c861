import { expect, test } from 'vitest';
import { createModelServer } from './model-server.ts';

/** One request of an agent's work in each protocol, as far as the server looks at it. */
const ASK = {
  anthropic: { path: '/v1/messages', body: { tools: [{ name: 'Bash' }], stream: true } },
  'openai-responses': { path: '/v1/responses', body: { stream: true } },
  'openai-chat': { path: '/v1/chat/completions', body: { tools: [{ type: 'function' }], stream: true } },
  gemini: { path: '/v1beta/models/m:streamGenerateContent?alt=sse', body: { tools: [{ functionDeclarations: [] }] } },
} as const;
const WHOLE = { ...ASK, gemini: { ...ASK.gemini, path: '/v1beta/models/m:generateContent' } };

const post = (url: string, path: string, body: object): Promise<Response> => fetch(url + path, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) });

test.each(Object.keys(ASK) as (keyof typeof ASK)[])('%s: words, tools and usage, in pieces and whole', async (name) => {
  const said = { text: 'I write.', tool: { name: 'sh', input: { command: 'ls' } }, usage: { input: 1234, output: 56 } };
  await using server = await createModelServer([said, said]);
  const streamed = await post(server.url, ASK[name].path, ASK[name].body);
  expect(streamed.headers.get('content-type')).toBe('text/event-stream');
  const events = (await streamed.text()).split('\n').filter((line) => line.startsWith('data: {')).map((line) => JSON.parse(line.slice(6)) as object);
  expect(events.length).toBeGreaterThan(2);
  const whole = await post(server.url, WHOLE[name].path, { ...WHOLE[name].body, stream: false });
  for (const text of [JSON.stringify(events), JSON.stringify(await whole.json())]) {
    expect(text).toContain('"sh"');
    expect(text).toContain('1234');
    expect(text).toContain('56');
  }
  expect(server.asked().map((seen) => seen.protocol)).toEqual([name, name]);
});

test('errors stand as they are and are repeated; what is asked beside the work uses nothing up', async () => {
  await using server = await createModelServer([{ status: 429, headers: { 'retry-after': '7' }, body: { error: { message: 'slow down' } } }]);
  const { path, body } = ASK.anthropic;
  for (const _ of [1, 2]) {
    const answer = await post(server.url, path, body);
    expect([answer.status, answer.headers.get('retry-after'), await answer.json()]).toEqual([429, '7', { error: { message: 'slow down' } }]);
  }
  expect((await post(server.url, path, { stream: false })).status).toBe(200);
  expect((await fetch(`${server.url}/v1/models`)).status).toBe(200);
  expect(server.asked()).toHaveLength(2);
  expect(server.requests).toHaveLength(4);
});

test('a drop cuts the stream, and a script that is used up says so', async () => {
  await using server = await createModelServer([{ text: 'first' }, { drop: true, text: 'never seen whole' }]);
  const { path, body } = ASK['openai-chat'];
  expect(await (await post(server.url, path, body)).text()).toContain('[DONE]');
  await expect(post(server.url, path, body).then((answer) => answer.text())).rejects.toThrow();
  await using short = await createModelServer([{ text: 'all there is' }]);
  await post(short.url, path, body);
  expect((await post(short.url, path, body)).status).toBe(400);
});
