import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { watchDeadlines } from './watch.ts';

beforeEach(() => vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'setImmediate', 'clearImmediate', 'performance'] }));
afterEach(() => vi.useRealTimers());

test('a deadline that moves away costs no timer and is met in the end', () => {
  let last = performance.now();
  const due: string[] = [];
  const watch = watchDeadlines(
    () => ({ at: last + 100, reason: 'silence' }),
    (reason) => due.push(reason),
  );
  for (let index = 0; index < 50; index += 1) {
    vi.advanceTimersByTime(50);
    last = performance.now();
    expect(vi.getTimerCount()).toBe(1);
  }
  expect(due).toEqual([]);
  vi.advanceTimersByTime(101);
  expect(due).toEqual(['silence']);
  watch.stop();
});

test('a deadline that comes nearer is met after a refresh', () => {
  let at = performance.now() + 10_000;
  const due: string[] = [];
  const watch = watchDeadlines(
    () => ({ at, reason: 'x' }),
    (reason) => due.push(reason),
  );
  at = performance.now() + 10;
  watch.refresh();
  vi.advanceTimersByTime(12);
  expect(due).toEqual(['x']);
  watch.stop();
});

test('output that was read while the timer was late still counts', () => {
  let last = performance.now();
  const due: string[] = [];
  const watch = watchDeadlines(
    () => ({ at: last + 100, reason: 'silence' }),
    (reason) => due.push(reason),
  );
  // The timer fires; the pipes are read before its look.
  vi.advanceTimersToNextTimer();
  last = performance.now();
  vi.advanceTimersToNextTimer();
  expect(due).toEqual([]);
  vi.advanceTimersByTime(101);
  expect(due).toEqual(['silence']);
  watch.stop();
  expect(vi.getTimerCount()).toBe(0);
});
