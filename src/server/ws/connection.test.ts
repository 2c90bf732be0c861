import { EventEmitter } from 'node:events';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { WebSocket } from 'ws';
import { createConnection } from './connection.ts';

/** A socket whose other side takes what it is sent only when told to. */
class Socket extends EventEmitter {
  readonly OPEN = 1;
  readyState = 1;
  bufferedAmount = 0;
  readonly taken: (() => void)[] = [];
  readonly ping = vi.fn();
  readonly terminate = vi.fn();
  readonly close = vi.fn();
  send(frame: string | Buffer, _options: unknown, done: () => void): void {
    this.bufferedAmount += frame.length;
    this.taken.push(() => {
      this.bufferedAmount -= frame.length;
      done();
    });
  }
}

const onDrop = vi.fn();
const made = () => {
  const socket = new Socket();
  return { socket, connection: createConnection(socket as unknown as WebSocket, new Set(), onDrop) };
};

beforeEach(() => vi.useFakeTimers({ toFake: ['performance', 'setTimeout'] }));
afterEach(() => {
  vi.useRealTimers();
  onDrop.mockReset();
});

test('who gives no sign of life between two probes is gone', () => {
  const { socket, connection } = made();
  connection.probe();
  socket.emit('pong');
  connection.probe();
  expect(socket.ping).toHaveBeenCalledTimes(2);
  expect(socket.terminate).not.toHaveBeenCalled();
  connection.probe();
  expect(socket.terminate).toHaveBeenCalledOnce();
});

test('much at once is no reason to let a reader go, much that is not taken for a while is', () => {
  const { socket, connection } = made();
  for (let n = 0; n < 10_001; n++) expect(connection.send('x')).toBe(true);
  expect([connection.isBehind(), connection.isStuck()]).toEqual([true, false]);
  vi.advanceTimersByTime(1001);
  expect(connection.isStuck()).toBe(true);
  expect(connection.send('x')).toBe(false);
  expect(socket.close).toHaveBeenCalledWith(4008, expect.stringContaining('slow reader'));
  expect([connection.isOpen(), connection.send('x'), onDrop.mock.calls.length]).toEqual([false, false, 1]);
  vi.advanceTimersByTime(10_000);
  expect(socket.terminate).toHaveBeenCalledOnce();
});

test('a reader that takes a little now and then is not stuck, but memory has an end', () => {
  const { socket, connection } = made();
  for (let n = 0; n < 32; n++) {
    expect(connection.send(Buffer.alloc(1024 * 1024 + 1))).toBe(true);
    connection.send('x');
    socket.taken.pop()?.();
    vi.advanceTimersByTime(900);
  }
  expect(connection.send('x')).toBe(false);
  expect(onDrop).toHaveBeenCalledOnce();
});

test('flushed waits until all is taken, or the connection is over', async () => {
  const { socket, connection } = made();
  await connection.flushed();
  connection.send('x');
  const taken = connection.flushed();
  socket.taken.shift()?.();
  await taken;
  connection.send('x');
  const over = connection.flushed();
  socket.emit('close');
  await over;
});
