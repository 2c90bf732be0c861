import { readFile } from 'node:fs/promises';
import { request } from 'node:http';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FAILURE_KINDS } from '../../src/base/failure.ts';
import type { Failure } from '../../src/base/failure.ts';
import { forwardToDaemon } from '../../src/server/forward.ts';
import { operations } from '../../src/server/operations.ts';
import { ask, startDaemon } from '../rig/daemon.ts';
import type { Asked, TestDaemon } from '../rig/daemon.ts';
import { createRig } from '../rig/rig.ts';
import type { Rig } from '../rig/rig.ts';

const STATUS = '/api/v1/loop/status/show';
const EXPLAIN = '/api/v1/pool/work/explain';

let rig: Rig;
let daemon: TestDaemon;
beforeAll(async () => {
  rig = await createRig();
  daemon = await startDaemon(rig);
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
  await rig[Symbol.asyncDispose]();
});

const problem = async (path: string, asked?: Asked): Promise<{ status: number; code: string }> => {
  const reply = await daemon.ask(path, asked);
  expect(reply.headers['content-type']).toBe('application/problem+json');
  const document = reply.json<{ status: number; code: string; title: string; type: string; detail: string; kind: string }>();
  expect(document).toMatchObject({ status: reply.status, type: `urn:orchestrator:failure:${document.code}`, title: expect.any(String), detail: expect.any(String), kind: expect.any(String) });
  return { status: reply.status, code: document.code };
};

describe('who gets in', () => {
  test.each([STATUS, '/api/v1/no/such/operation', '/api/nothing', '/api', '/openapi.json', '/', '/ws', '/metrics'])('%s without the token: 401, whatever is there', async (path) => {
    for (const method of ['GET', 'POST', 'DELETE', 'OPTIONS']) {
      const reply = await ask(daemon.url, path, { method });
      expect([reply.status, reply.json()['code'], reply.headers['www-authenticate']]).toEqual([401, 'unauthorized', 'Bearer']);
      expect(reply.headers['access-control-allow-origin']).toBe(undefined);
    }
  });

  test('health is open; a wrong token is as good as none', async () => {
    expect((await ask(daemon.url, '/health')).status).toBe(200);
    for (const authorization of ['Bearer', 'Bearer x', `Bearer ${daemon.token}0`, `Basic ${daemon.token}`]) expect((await ask(daemon.url, STATUS, { headers: { authorization } })).status, authorization).toBe(401);
  });

  test('another name for this machine, another site\'s page', async () => {
    const { port } = new URL(daemon.url);
    expect(await problem(STATUS, { headers: { host: `evil.example:${port}` } })).toEqual({ status: 403, code: 'host_refused' });
    expect((await ask(daemon.url, '/health', { headers: { host: 'evil.example' } })).status).toBe(403);
    expect(await problem(STATUS, { headers: { origin: 'http://evil.example' } })).toEqual({ status: 403, code: 'origin_refused' });
    expect(await problem(STATUS, { headers: { origin: 'null' } })).toEqual({ status: 403, code: 'origin_refused' });
    expect((await daemon.ask(STATUS, { headers: { host: `localhost:${port}`, origin: `http://localhost:${port}` } })).status).toBe(200);
  });

  test('the link of `daemon url` opens one session, once', async () => {
    const link = new URL((await rig.run(['daemon', 'url'])).stdout.trim());
    const path = `${link.pathname}${link.search}`;
    expect((await ask(daemon.url, path, { method: 'HEAD' })).status).toBe(401);
    const opened = await ask(daemon.url, path);
    expect([opened.status, opened.headers.location]).toEqual([303, '/']);
    const [set = ''] = opened.headers['set-cookie'] ?? [];
    expect(set).toMatch(/; Path=\/; Max-Age=\d+; HttpOnly; SameSite=Strict$/);
    expect(set).not.toContain(daemon.token);
    const cookie = set.split(';')[0] ?? '';
    expect((await ask(daemon.url, STATUS, { headers: { cookie: `other=1; ${cookie}` } })).status).toBe(200);
    expect((await ask(daemon.url, path)).json()).toMatchObject({ code: 'login_link_used', hint: 'orchestrator daemon url' });
    expect((await ask(daemon.url, '/login')).status).toBe(401);
    const later = cookie.replace(/=(\d+)\./, (_, ends: string) => `=${Number(ends) + 1}.`);
    for (const forged of [later, cookie.slice(0, -1), cookie.replace('=', 'x=')]) expect((await ask(daemon.url, STATUS, { headers: { cookie: forged } })).status, forged).toBe(401);
  });
});

describe('operations', () => {
  test('the same data as on the command line, by GET and POST', async () => {
    const { document } = await rig.json(['status']);
    for (const asked of [{}, { method: 'POST' }, { method: 'POST', body: '{}' }]) {
      const reply = await daemon.ask(STATUS, asked);
      expect([reply.status, reply.json()]).toEqual([200, document.data]);
    }
    expect((await daemon.ask('/api/v1/spine/operation/show?name=loop.status.show')).json()).toMatchObject({ name: 'loop.status.show' });
    expect((await daemon.ask(STATUS, { method: 'HEAD' })).status).toBe(200);
  });

  test('a failure is the one of the command line, with the status of its kind', async () => {
    const { document } = await rig.json(['why', 'nothing']);
    const { message, ...rest } = document.error;
    const reply = await daemon.ask(EXPLAIN, { method: 'POST', body: '{"work":"nothing"}' });
    expect(reply.json()).toMatchObject({ ...rest, detail: message, status: FAILURE_KINDS[rest.kind as Failure['kind']].status });
  });

  test('handed on by a command line, it comes back byte for byte', async () => {
    const forwarder = { directory: rig.dir, config_file: null, signal: new AbortController().signal };
    const operation = await operations.get('pool.work.explain');
    if (operation === null) throw new Error('No such operation');
    for (const [input, args] of [[{ work: 'nothing' }, ['why', 'nothing']], [{}, ['ops', 'call', 'pool.work.explain']]] as const) {
      const result = await forwardToDaemon(forwarder, operation, input);
      expect(JSON.stringify(result.ok ? null : result.failure)).toBe(JSON.stringify((await rig.json(args)).document.error));
    }
    expect(await forwardToDaemon({ ...forwarder, directory: rig.root }, operation, {})).toMatchObject({ failure: { code: 'not_a_repository' } });
  });

  test.each([
    [STATUS, { method: 'POST', body: '{' }, 400, 'not_json'],
    [STATUS, { method: 'POST', body: 'null' }, 400, 'input_invalid'],
    [STATUS, { method: 'POST', body: '[1]' }, 400, 'input_invalid'],
    [EXPLAIN, { method: 'POST', body: '{"work":7}' }, 400, 'input_invalid'],
    [EXPLAIN, { method: 'POST' }, 400, 'input_invalid'],
    [EXPLAIN, {}, 400, 'input_invalid'],
    [STATUS, { method: 'POST', body: 'a=1', headers: { 'content-type': 'application/x-www-form-urlencoded' } }, 415, 'not_json'],
    [STATUS, { method: 'POST', body: '{}', headers: { 'content-type': undefined } }, 415, 'not_json'],
    [STATUS, { method: 'POST', body: `"${'x'.repeat(1024 * 1024)}"` }, 413, 'body_too_large'],
    [STATUS, { method: 'DELETE' }, 405, 'method_not_allowed'],
    ['/api/v1/loop/run/start', {}, 405, 'method_not_allowed'],
    ['/api/v1/no/such/operation', {}, 404, 'unknown_operation'],
    ['/api/v1/loop/outcome/report', { method: 'POST' }, 404, 'unknown_operation'],
    ['/api/v1/server/daemon/stop', { method: 'POST' }, 404, 'unknown_operation'],
    ['/api/v1/__proto__/constructor/toString', {}, 404, 'unknown_operation'],
    ['/api/v1/loop/status', {}, 404, 'unknown_route'],
    ['/nothing', {}, 404, 'unknown_route'],
  ] as const)('%s %o', async (path, asked, status, code) => {
    expect(await problem(path, asked)).toEqual({ status, code });
  });

  test('a body without a length that never ends is cut off', async () => {
    const reply = await new Promise<number>((resolve, reject) => {
      const endless = request(`${daemon.url}${STATUS}`, { method: 'POST', headers: { authorization: `Bearer ${daemon.token}`, 'content-type': 'application/json' } }, (response) => {
        resolve(response.statusCode ?? 0);
        endless.destroy();
      });
      endless.on('error', reject);
      for (let n = 0; n < 20; n++) endless.write('x'.repeat(100_000));
    });
    expect(reply).toBe(413);
  });

  test('what is no HTTP at all harms nobody', async () => {
    const { port } = new URL(daemon.url);
    const said = await new Promise<string>((resolve) => {
      let text = '';
      const socket = connect(Number(port), '127.0.0.1', () => socket.write('\u0000\u0001 rubbish\r\n\r\n'));
      socket.setEncoding('utf8').on('data', (piece: string) => (text += piece)).on('close', () => resolve(text)).on('error', () => resolve(text));
    });
    expect(said).toMatch(/^HTTP\/1\.1 400/);
    expect((await daemon.ask(STATUS)).status).toBe(200);
  });

  test('nothing may be kept, framed or guessed at', async () => {
    for (const path of ['/', STATUS, '/nothing']) expect((await daemon.ask(path)).headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff', 'content-security-policy': "default-src 'none'; frame-ancestors 'none'" });
  });

  test('the OpenAPI document is served', async () => {
    const { version } = JSON.parse(await readFile(new URL('../../package.json', import.meta.url), 'utf8')) as { version: string };
    expect((await daemon.ask('/openapi.json')).json()).toMatchObject({ openapi: '3.1.0', info: { version }, paths: { [STATUS]: { get: {}, post: {} } } });
  });
});
