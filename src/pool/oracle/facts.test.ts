import { describe, expect, test } from 'vitest';
import { chunkName, declaredTowards, factsHash, plainPath, splitSymbol } from './facts.ts';
import type { UnitFacts } from './facts.ts';

const unit = (chunk: string, fields: Partial<UnitFacts> = {}): UnitFacts => ({ chunk, goal: '', depends_on: null, touches: [], locations: [], symbols: [], subsystems: [], changed_files: [], changed_symbols: [], ...fields });

test('a chunk has one name', () => {
  expect(['x', 'plans/x', 'plans/x/', './plans/x'].map(chunkName)).toEqual(['x', 'x', 'x', 'x']);
});

test('a path is written as git prints it', () => {
  expect(['./src/a.ts', '/src//a.ts', 'src\\a.ts', 'src/'].map(plainPath)).toEqual(['src/a.ts', 'src/a.ts', 'src/a.ts', 'src/']);
});

test.each([
  ['src/a.ts#Outer::inner', 'src/a.ts', 'Outer::inner'],
  ['src/a.ts#', 'src/a.ts', ''],
  ['src/a.ts', 'src/a.ts', ''],
  ['src/a.ts#Outer::#secret', 'src/a.ts', 'Outer::#secret'],
  ['c#/a.cs#Outer', 'c#/a.cs', 'Outer'],
])('%s is parted at the right place', (symbol, path, name) => {
  expect(splitSymbol(symbol)).toEqual({ path, name });
});

test('depends_on: absent, empty, naming the other or somebody else', () => {
  expect(declaredTowards(unit('a'), 'b')).toBe('open');
  expect(declaredTowards(unit('a', { depends_on: [] }), 'b')).toBe('independent');
  expect(declaredTowards(unit('a', { depends_on: ['plans/b/'] }), 'b')).toBe('after');
  expect(declaredTowards(unit('a', { depends_on: ['c'] }), 'b')).toBe('open');
});

describe('the hash of a pair', () => {
  const context = { subsystems: {}, merge: null };
  const one = unit('a', { touches: ['src/**'], changed_files: ['src/a.ts', 'src/b.ts'], depends_on: ['c'] });
  const other = unit('b', { symbols: ['src/a.ts#x'] });
  const hash = factsHash(one, other, context);

  test('is the same for either order, for another goal, another order of lists, a dependency on a third', () => {
    expect(factsHash(other, one, context)).toBe(hash);
    expect(factsHash({ ...one, goal: 'something else' }, other, context)).toBe(hash);
    expect(factsHash({ ...one, changed_files: ['src/b.ts', 'src/a.ts', 'src/a.ts'] }, other, context)).toBe(hash);
    expect(factsHash({ ...one, depends_on: ['c', 'd'] }, other, context)).toBe(hash);
  });

  test('changes with whatever a verdict rests on', () => {
    const others = [
      factsHash({ ...one, chunk: 'z' }, other, context),
      factsHash({ ...one, depends_on: [] }, other, context),
      factsHash({ ...one, depends_on: ['b'] }, other, context),
      factsHash({ ...one, touches: ['src/**', '!src/x.ts'] }, other, context),
      factsHash({ ...one, locations: ['x'] }, other, context),
      factsHash({ ...one, changed_files: ['src/a.ts'] }, other, context),
      factsHash({ ...one, changed_symbols: ['src/a.ts#x'] }, other, context),
      factsHash({ ...one, subsystems: ['web'] }, other, context),
      factsHash(one, { ...other, symbols: [] }, context),
      factsHash(one, other, { ...context, merge: { clean: true, files: [] } }),
      factsHash(one, other, { ...context, merge: { clean: false, files: ['src/a.ts'] } }),
      factsHash(one, other, { ...context, subsystems: { web: { globs: ['src/**'], depends_on: [] } } }),
    ];
    expect(new Set([hash, ...others]).size).toBe(others.length + 1);
  });
});
