import { describe, expect, test } from 'vitest';
import { refuseRequest } from './gate.ts';
import type { GateHeaders } from './gate.ts';

const token = 'a'.repeat(64);
const bearer = { authorization: `Bearer ${token}` };
const status = (headers: GateHeaders, { path = '/api/v1/x/y/z', host = '127.0.0.1', port = 8765 } = {}): number =>
  refuseRequest(path, headers, { host, port, token, hasSession: (cookie) => cookie === 'good' })?.status ?? 200;

describe('Host', () => {
  test.each(['127.0.0.1:8765', 'localhost:8765', 'LOCALHOST:8765', '[::1]:8765'])('%s is this daemon', (host) => {
    expect(status({ host, ...bearer })).toBe(200);
  });
  test.each(['evil.example:8765', 'evil.example', '127.0.0.1', '127.0.0.1:80', '127.0.0.1:87650', '127.0.0.1:8765:8765', 'localhost.evil.example:8765', '10.0.0.1:8765', '', undefined])('%s is not', (host) => {
    expect(status({ host, ...bearer })).toBe(403);
    expect(status({ host }, { path: '/health' })).toBe(403);
  });
  test('another address that it was told to listen on', () => {
    expect(status({ host: '10.0.0.1:8765', ...bearer }, { host: '10.0.0.1' })).toBe(200);
    expect(status({ host: 'localhost:8765', ...bearer }, { host: '10.0.0.1' })).toBe(403);
    expect(status({ host: '10.0.0.1:8765', ...bearer }, { host: '0.0.0.0' })).toBe(200);
    expect(status({ host: '[fd00::1]:8765', ...bearer }, { host: '::' })).toBe(200);
    expect(status({ host: 'evil.example:8765', ...bearer }, { host: '0.0.0.0' })).toBe(403);
    expect(status({ host: '127.0.0.1', ...bearer }, { port: 80 })).toBe(200);
  });
});

describe('Origin', () => {
  const host = '127.0.0.1:8765';
  test.each(['http://127.0.0.1:8765', 'http://localhost:8765'])('%s is its own page', (origin) => {
    expect(status({ host, origin, ...bearer })).toBe(200);
  });
  test.each(['http://evil.example', 'https://127.0.0.1:8765', 'http://127.0.0.1:3000', 'null', '', 'http://127.0.0.1:8765.evil.example', 'file://'])('%s is not', (origin) => {
    expect(status({ host, origin, ...bearer })).toBe(403);
  });
});

describe('the token', () => {
  const host = 'localhost:8765';
  test.each([
    [{ authorization: `bearer  ${token}` }, 200],
    [{ cookie: 'good' }, 200],
    [{}, 401],
    [{ authorization: token }, 401],
    [{ authorization: `Basic ${token}` }, 401],
    [{ authorization: `Bearer ${token}a` }, 401],
    [{ authorization: 'Bearer ' }, 401],
    [{ cookie: 'bad' }, 401],
    [{ authorization: 'Bearer wrong', cookie: 'good' }, 401],
  ])('%j: %i', (headers, expected) => {
    expect(status({ host, ...headers })).toBe(expected);
    expect(status({ host, ...headers }, { path: '/api/nothing/here' })).toBe(expected);
  });
  test.each([['/health', 200], ['/login', 200], ['/health/', 401], ['/HEALTH', 401], ['//health', 401], ['/', 401], ['/openapi.json', 401], ['/ws', 401]])('%s without it: %i', (path, expected) => {
    expect(status({ host }, { path })).toBe(expected);
  });
});
