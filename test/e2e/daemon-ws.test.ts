import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { startToldDaemon } from '../rig/told-daemon.ts';
import type { ToldDaemon } from '../rig/told-daemon.ts';
import { createRig, until } from '../rig/rig.ts';
import type { Rig } from '../rig/rig.ts';

let rig: Rig;
let daemon: ToldDaemon;
/** Number of the newest event. */
let newest = 0;
const events = async (count: number, bytes = 10, how: 'events' | 'batch' = 'events'): Promise<void> => {
  await daemon.tell(`${how} ${count} ${bytes}`);
  newest += count;
};
const range = (after: number, upTo: number): number[] => Array.from({ length: upTo - after }, (_, index) => after + index + 1);

beforeAll(async () => {
  rig = await createRig({ bare: true });
  daemon = await startToldDaemon(rig.dir, rig.env);
});
afterAll(async () => {
  await daemon[Symbol.asyncDispose]();
  await rig[Symbol.asyncDispose]();
});

test('hello, snapshot, then each event once and in order', async () => {
  await events(3);
  const before = newest;
  const listener = daemon.listen();
  await listener.heard(2);
  expect(listener.frames).toEqual([
    { type: 'hello', version: expect.any(String), seq: before },
    { type: 'snapshot', seq: before, at: expect.any(String), data: { units: [] } },
  ]);
  await events(5);
  await listener.heard(7);
  expect(listener.frames[2]).toEqual({ seq: before + 1, type: 'test', at: expect.stringMatching(/^\d{4}-.*Z$/), unit: null, data: { text: 'x'.repeat(10) } });
  expect(listener.seqs()).toEqual(range(before, newest));
  listener.socket.close();
});

test('resumed from a number, nothing is missing and nothing doubled, whatever is written meanwhile', async () => {
  await events(1200, 10, 'batch');
  const since = newest - 1100;
  const writing = events(400);
  const listeners = Array.from({ length: 8 }, () => daemon.listen(`?since=${since}`));
  const later = Array.from({ length: 8 }, async (_, n) => {
    await until('some more events', () => (listeners[0]?.frames.length ?? 0) > n * 150);
    return daemon.listen(`?since=${since + n}`);
  });
  await writing;
  const all = [...listeners.map((listener) => ({ listener, from: since })), ...(await Promise.all(later)).map((listener, n) => ({ listener, from: since + n }))];
  for (const { listener, from } of all) {
    await until('the newest event', () => listener.seqs().at(-1) === newest);
    expect(listener.seqs()).toEqual(range(from, newest));
    expect(listener.frames.slice(0, 2).map(({ type }) => type)).toEqual(['hello', 'snapshot']);
    listener.socket.close();
  }
});

test('a number of another history: the snapshot, and what comes after it', async () => {
  const listener = daemon.listen('?since=999999');
  await listener.heard(2);
  await events(1);
  await listener.heard(3);
  expect(listener.seqs()).toEqual([newest]);
  listener.socket.close();
});

test('a burst in one transaction makes no healthy reader slow', async () => {
  const before = newest;
  const listener = daemon.listen();
  await listener.heard(2);
  await events(12_000, 1000, 'batch');
  await events(1);
  await until('the newest event', () => listener.seqs().at(-1) === newest);
  expect(listener.seqs()).toEqual(range(before, newest));
  listener.socket.close();
});

test('a reader of events that takes nothing is let go, and resumes', async () => {
  const before = newest;
  const listener = daemon.listen();
  await listener.heard(2);
  listener.socket.pause();
  // More than the kernel takes in for it, then on until it is noticed.
  for (let n = 0; n < 10; n++) await events(3000, 2000, 'batch');
  await until('that it is let go', async () => {
    await events(1);
    return (await rig.read('.orchestrator/daemon.log')).includes('a slow reader');
  });
  listener.socket.resume();
  expect(await listener.closed).toEqual({ code: 4008, reason: expect.stringContaining('slow reader') });
  const heard = listener.seqs();
  expect(heard).toEqual(range(before, before + heard.length));
  const again = daemon.listen(`?since=${heard.at(-1) ?? before}`);
  await until('the newest event', () => again.seqs().at(-1) === newest);
  expect([...heard, ...again.seqs()]).toEqual(range(before, newest));
  again.socket.close();
});

test('output goes to those that asked for it, and a slow one of them is let go', async () => {
  const [deaf, one, all, slow] = [daemon.listen(), daemon.listen('?tail=a'), daemon.listen('?tail=*'), daemon.listen('?tail=big')];
  await Promise.all([deaf, one, all, slow].map((each) => each.heard(2)));
  await daemon.tell('output a 3 10');
  await daemon.tell('output b 2 10');
  await all.heard(7);
  expect(one.frames.slice(2)).toEqual([0, 1, 2].map((n) => ({ type: 'unit.output', at: expect.any(String), unit: 'a', data: { n, text: 'x'.repeat(10) } })));
  expect(all.frames.slice(2).map(({ unit }) => unit)).toEqual(['a', 'a', 'a', 'b', 'b']);
  slow.socket.pause();
  await daemon.tell('output big 800 50000');
  slow.socket.resume();
  expect(await slow.closed).toMatchObject({ code: 4008 });
  await events(1);
  await until('an event', () => deaf.seqs().length === 1);
  expect(deaf.frames.length).toBe(3);
  for (const each of [deaf, one, all]) each.socket.close();
});

test('the gate is that of every request', async () => {
  const refusedWith = (path: string, headers: Record<string, string>): Promise<number> =>
    new Promise((resolve, reject) => {
      const socket = new WebSocket(`${daemon.url.replace('http', 'ws')}${path}`, { headers });
      socket.once('unexpected-response', (_, response) => {
        resolve(response.statusCode ?? 0);
        response.resume();
      });
      socket.once('open', () => reject(new Error(`${path} was opened`)));
      socket.once('error', () => undefined);
    });
  const authorization = `Bearer ${daemon.token}`;
  expect(await refusedWith('/ws', {})).toBe(401);
  expect(await refusedWith('/elsewhere', {})).toBe(401);
  expect(await refusedWith('/elsewhere', { authorization })).toBe(404);
  expect(await refusedWith('/ws', { authorization, origin: 'http://evil.example' })).toBe(403);
  expect(await refusedWith('/ws', { authorization, host: 'evil.example' })).toBe(403);
  for (const since of ['-1', '1.5', 'x', '']) expect(await refusedWith(`/ws?since=${since}`, { authorization }), since).toBe(400);
});

test('a reader that talks too much is sent away; at the end everybody is told', async () => {
  const talker = daemon.listen();
  await talker.heard(2);
  talker.socket.send('x'.repeat(5000));
  expect((await talker.closed).code).toBe(1009);
  const last = daemon.listen();
  await last.heard(2);
  expect(await daemon.stop()).toBe(0);
  expect(await last.closed).toEqual({ code: 1001, reason: 'the daemon ends' });
});
