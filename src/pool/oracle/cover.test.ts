import fc from 'fast-check';
import { expect, test } from 'vitest';
import { globMatcher } from '../../base/glob.ts';
import { coverOf } from './cover.ts';
import { filePattern, placePattern } from './path-pattern.ts';

const name = fc.constantFrom('a', 'b', 'a.ts', 'b.md');
const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
const part = fc.oneof({ weight: 3, arbitrary: name }, { weight: 2, arbitrary: fc.constantFrom('*', '**', '*.ts', '?', '[ab]', '\\a') });
const glob = fc.tuple(fc.constantFrom('', '', '/', '!', '#'), fc.array(part, { minLength: 1, maxLength: 4 }), fc.constantFrom('', '', '/')).map(([start, parts, end]) => start + parts.join('/') + end);

test('a list of globs covers what the matcher takes, negations, comments and all', () => {
  fc.assert(
    fc.property(fc.array(glob, { maxLength: 4 }), path, (globs, one) => {
      expect([globs, one, coverOf(globs)(filePattern(one))]).toEqual([globs, one, globMatcher(globs)(one)]);
    }),
    { numRuns: 3000 },
  );
});

test('plain paths cover themselves and what is below them', () => {
  const covers = coverOf([], [placePattern('src/a'), placePattern('docs/')]);
  expect(['src/a', 'src/a/b/c.ts', 'docs/x.md', 'docs', 'src', 'src/ab', 'x/src/a'].map((one) => covers(filePattern(one)))).toEqual([true, true, true, false, false, false, false]);
});
