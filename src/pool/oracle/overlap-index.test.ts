import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { UnitFacts } from './facts.ts';
import { judgePair } from './judge.ts';
import { createOverlapIndex } from './overlap-index.ts';
import { filePattern, globPatterns } from './path-pattern.ts';
import { PathTrie } from './path-trie.ts';

const subsystems = { web: { globs: ['src/web/**', '*.css'], depends_on: ['store'] }, store: { globs: ['src/a/*'], depends_on: ['base'] }, base: { globs: ['b/'], depends_on: [] } };
const blank = { goal: '', depends_on: null, touches: [], locations: [], symbols: [], subsystems: [], changed_files: [], changed_symbols: [] };

const name = fc.constantFrom('a', 'b', 'src', 'web', 'x.ts', 'y.md', 'z.css');
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
const glob = fc
  .tuple(fc.constantFrom('', '', '/', '!'), fc.array(fc.oneof({ weight: 2, arbitrary: name }, { weight: 1, arbitrary: fc.constantFrom('*', '**', '*.ts', '?.md', '[ab]') }), { minLength: 1, maxLength: 4 }), fc.constantFrom('', '', '/'))
  .map(([start, parts, end]) => start + parts.join('/') + end);
const symbol = fc.tuple(path, fc.constantFrom('', 'f', 'A', 'A::m')).map(([at, of]) => `${at}#${of}`);
const few = <T>(of: fc.Arbitrary<T>, maxLength = 2) => fc.array(of, { maxLength });
const facts = fc.record({
  goal: fc.constant(''),
  depends_on: fc.option(few(fc.constantFrom('u0', 'plans/u1/', 'u9', 'nobody'), 1)),
  touches: few(glob),
  locations: few(path),
  symbols: few(symbol, 1),
  subsystems: few(fc.constantFrom('web', 'store', 'made-up'), 1),
  changed_files: few(path),
  changed_symbols: few(symbol, 1),
});

describe('candidates', () => {
  test('are never one too few, after any puts, replacements and removals', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(facts, fc.nat(9), fc.boolean()), { minLength: 2, maxLength: 14 }), (steps) => {
        const index = createOverlapIndex({ subsystems });
        const now = new Map<string, UnitFacts>();
        for (const [of, number, gone] of steps) {
          const chunk = `u${number}`;
          if (gone && now.has(chunk)) {
            index.remove(chunk);
            now.delete(chunk);
          } else {
            now.set(chunk, { ...of, chunk });
            index.put({ ...of, chunk: `plans/${chunk}/` });
          }
        }
        for (const [chunk, mine] of now) {
          const found = index.candidates(chunk);
          expect(found).toEqual([...new Set(found)].toSorted());
          expect(found).not.toContain(chunk);
          for (const other of found) expect(now.has(other)).toBe(true);
          for (const [other, theirs] of now) {
            if (other === chunk || found.includes(other)) continue;
            const said = judgePair(mine, theirs, { subsystems, merge: null });
            expect([chunk, other, said.verdict, said.kinds]).toEqual([chunk, other, 'INDEPENDENT', []]);
          }
        }
      }),
      { numRuns: 600 },
    );
  });

  test('are only those that share something', () => {
    const index = createOverlapIndex({ subsystems: { web: { globs: ['src/web/**'], depends_on: ['base'] }, base: { globs: ['/b/'], depends_on: [] } } });
    index.put({ ...blank, chunk: 'one', touches: ['lib/**'] });
    index.put({ ...blank, chunk: 'two', changed_files: ['lib/x/y.ts'] });
    index.put({ ...blank, chunk: 'three', touches: ['test/**'], locations: ['library.md'] });
    index.put({ ...blank, chunk: 'four', depends_on: ['three'], subsystems: ['base'] });
    index.put({ ...blank, chunk: 'five', locations: ['src/web/a.ts'] });
    expect(['one', 'two', 'three', 'four', 'five', 'none'].map((chunk) => index.candidates(chunk))).toEqual([['two'], ['one'], ['four'], ['five', 'three'], ['four'], []]);
    index.put({ ...blank, chunk: 'two', changed_files: ['test/y.ts'] });
    index.remove('four');
    expect(['one', 'two', 'three', 'five'].map((chunk) => index.candidates(chunk))).toEqual([[], ['three'], ['two'], []]);
  });
});

test('the trie is empty again when all is taken out', () => {
  fc.assert(
    fc.property(fc.array(fc.tuple(fc.oneof(glob.map((one) => globPatterns([one])), path.map((one) => [filePattern(one)])), fc.constantFrom('a', 'b'))), (added) => {
      const trie = new PathTrie();
      for (const [patterns, owner] of added) for (const pattern of patterns) trie.add(pattern, owner);
      for (const [patterns, owner] of added) for (const pattern of patterns) trie.remove(pattern, owner);
      expect(trie.empty).toBe(true);
    }),
  );
});
