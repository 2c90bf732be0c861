import fc from 'fast-check';
import { expect, test } from 'vitest';
import { inOrder, narrowed, nextProbe, nextWindow } from './merge-order.ts';
import type { Search } from './merge-order.ts';

test('the culprit is always found, and asked for as seldom as a bisection does', () => {
  fc.assert(fc.property(fc.integer({ min: 1, max: 64 }), fc.integer({ min: 0, max: 63 }), (count, at) => {
    const culprit = (at % count) + 1;
    let search: Search = { green: 0, red: count };
    let asked = 0;
    for (let probe = nextProbe(search); probe !== null; probe = nextProbe(search)) {
      asked++;
      search = narrowed(search, probe, probe < culprit);
    }
    expect(search).toEqual({ green: culprit - 1, red: culprit });
    expect(asked).toBeLessThanOrEqual(Math.ceil(Math.log2(count)));
  }));
});

test('the window grows by one and is halved, never below one', () => {
  expect([nextWindow(4, true), nextWindow(5, false), nextWindow(1, false)]).toEqual([5, 2, 1]);
});

test('first come, first merged', () => {
  const at = (chunk: string, updated_at: string) => ({ chunk, updated_at });
  expect(inOrder([at('c', '2'), at('b', '1'), at('a', '1')]).map((unit) => unit.chunk)).toEqual(['a', 'b', 'c']);
});
