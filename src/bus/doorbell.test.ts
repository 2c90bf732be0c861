import { createHmac } from 'node:crypto';
import { request } from 'node:http';
import { connect } from 'node:net';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { unwrap } from '../base/failure.ts';
import { openDoorbell } from './doorbell.ts';
import type { Doorbell } from './doorbell.ts';

const SECRET = 'schlüssel';
const BODY = '{"ref": "refs/heads/main"}';
const hmac = (body: string, secret = SECRET): string => createHmac('sha256', secret).update(body).digest('hex');

let rings = 0;
const open: Doorbell[] = [];

async function bell(secret: string | null, address = '127.0.0.1:0'): Promise<Doorbell> {
  const doorbell = unwrap(await openDoorbell({ address, secret, onRing: () => rings++ }));
  open.push(doorbell);
  return doorbell;
}

interface Call {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer;
  /** Without a length said ahead. */
  readonly chunked?: boolean;
}

async function call(url: string, { method = 'POST', path = '/', headers = {}, body = BODY, chunked = false }: Call = {}): Promise<number> {
  // Node sends the headers in the encoding of a text that follows them; bytes leave them alone.
  const bytes = Buffer.from(body);
  return await new Promise((resolve, reject) => {
    const length = chunked ? {} : { 'Content-Length': String(bytes.length) };
    const sent = request(new URL(path, url), { method, headers: { ...length, ...headers }, agent: false }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', reject);
    sent.end(bytes);
  });
}

beforeEach(() => {
  rings = 0;
});
afterEach(async () => {
  for (const doorbell of open.splice(0)) await doorbell.close();
});

describe('signatures', () => {
  test.each([
    ['GitHub', { 'X-Hub-Signature-256': `sha256=${hmac(BODY)}` }],
    ['Forgejo', { 'X-Forgejo-Signature': hmac(BODY) }],
    ['Gitea', { 'X-Gitea-Signature': hmac(BODY) }],
    // Header values are bytes; Node's client takes them as Latin-1.
    ['GitLab', { 'X-Gitlab-Token': Buffer.from(SECRET, 'utf8').toString('latin1') }],
    ['several, one of them right', { 'X-Hub-Signature-256': 'sha256=00', 'X-Gitea-Signature': hmac(BODY) }],
  ])('%s: rings', async (_name, headers) => {
    const { url } = await bell(SECRET);
    expect(await call(url, { headers })).toBe(204);
    expect(rings).toBe(1);
  });

  test.each([
    ['none', {}],
    ['of another secret', { 'X-Hub-Signature-256': `sha256=${hmac(BODY, 'other')}` }],
    ['of another body', { 'X-Hub-Signature-256': `sha256=${hmac(`${BODY} `)}` }],
    ['cut short', { 'X-Hub-Signature-256': `sha256=${hmac(BODY).slice(0, 62)}` }],
    ['no hex', { 'X-Gitea-Signature': 'z'.repeat(64) }],
    ['without the algorithm', { 'X-Hub-Signature-256': hmac(BODY) }],
    ['of an algorithm that is not asked for', { 'X-Hub-Signature': `sha1=${createHmac('sha1', SECRET).update(BODY).digest('hex')}` }],
    ['a wrong token', { 'X-Gitlab-Token': 'schl' }],
    ['an empty token', { 'X-Gitlab-Token': '' }],
  ])('%s: 401, no ring', async (_name, headers) => {
    const { url } = await bell(SECRET);
    expect(await call(url, { headers })).toBe(401);
    expect(rings).toBe(0);
  });

  test('a body in pieces is taken as its bytes', async () => {
    const { url } = await bell(SECRET);
    const body = `${'ü'.repeat(500_000)}\r\n`;
    expect(await call(url, { body, chunked: true, headers: { 'X-Forgejo-Signature': hmac(body) } })).toBe(204);
    expect(rings).toBe(1);
  });

  test('without a secret everybody on this machine may ring', async () => {
    const { url } = await bell(null);
    expect(await call(url)).toBe(204);
    expect(await call(url, { body: 'no JSON at all' })).toBe(204);
    expect(rings).toBe(2);
  });
});

describe('what is no ring', () => {
  test.each([
    [{ method: 'GET', body: '' }],
    [{ method: 'PUT' }],
    [{ path: '/hook' }],
    [{ method: 'HEAD', body: '' }],
  ])('%j: 405', async (what) => {
    const { url } = await bell(null);
    expect(await call(url, what)).toBe(405);
    expect(rings).toBe(0);
  });

  test('a body over 5 MiB: 413, whether its length is said or not; one of 5 MiB rings', async () => {
    const { url } = await bell(null);
    const limit = 5 * 1024 * 1024;
    expect(await call(url, { body: Buffer.alloc(limit + 1) })).toBe(413);
    expect(await call(url, { body: Buffer.alloc(limit + 1), chunked: true })).toBe(413);
    expect(rings).toBe(0);
    expect(await call(url, { body: Buffer.alloc(limit), chunked: true })).toBe(204);
  });

  test('a body that breaks off: no ring, and the next one is heard', async () => {
    const { url } = await bell(null);
    await new Promise<void>((resolve) => {
      const socket = connect(Number(new URL(url).port), '127.0.0.1', () => {
        socket.write('POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhalf', () => socket.destroy());
      });
      socket.on('close', () => resolve());
    });
    expect(await call(url)).toBe(204);
    expect(rings).toBe(1);
  });
});

describe('addresses', () => {
  test.each(['0.0.0.0:0', '[::]:0', '192.0.2.1:0', 'example.org:0'])('%s without a secret is refused', async (address) => {
    for (const secret of [null, '']) {
      expect(await openDoorbell({ address, secret, onRing: () => undefined })).toMatchObject({ ok: false, failure: { code: 'doorbell_secret_needed', kind: 'invalid', hint: expect.stringContaining('ORCHESTRATOR_WEBHOOK_SECRET') } });
    }
  });

  test.each(['', 'host', ':', '127.0.0.1:65536', '127.0.0.1:-1', '127.0.0.1:http', '::1:80', '[127.0.0.1]:80', 'http://127.0.0.1:80', '1:2:3'])('%j is none', async (address) => {
    expect(await openDoorbell({ address, secret: SECRET, onRing: () => undefined })).toMatchObject({ ok: false, failure: { code: 'doorbell_address_invalid', kind: 'invalid' } });
  });

  test.each(['0', ':0', 'localhost:0', '127.0.0.1:0', '0.0.0.0:0'])('%s is listened on', async (address) => {
    const { url } = await bell(SECRET, address);
    expect(url).toMatch(/^http:\/\/(127\.0\.0\.1|0\.0\.0\.0):[1-9]\d*\/$/);
    expect(await call(url.replace('0.0.0.0', '127.0.0.1'), { headers: { 'X-Gitea-Signature': hmac(BODY) } })).toBe(204);
  });

  test('a port that is in use: a failure, and the first goes on', async () => {
    const { url } = await bell(null);
    const address = new URL(url).host;
    expect(await openDoorbell({ address, secret: null, onRing: () => undefined })).toMatchObject({ ok: false, failure: { code: 'doorbell_unavailable', kind: 'unavailable' } });
    expect(await call(url)).toBe(204);
  });

  test('once closed, nobody listens, whoever was still connected', async () => {
    const doorbell = await bell(null);
    const port = Number(new URL(doorbell.url).port);
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined);
    await new Promise((resolve) => socket.once('connect', resolve));
    await doorbell.close();
    await doorbell.close();
    await expect(call(doorbell.url)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    socket.destroy();
  });
});
