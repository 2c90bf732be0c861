import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { globMatcher } from '../../base/glob.ts';
import { filePattern, globPatterns, intersects, placePattern } from './path-pattern.ts';

const meet = (a: string, b: string): boolean => globPatterns([a]).some((x) => globPatterns([b]).some((y) => intersects(x, y)));

describe('two globs', () => {
  test.each([
    ['src/**', 'src/a/*.ts'],
    ['**/*.md', 'docs/x.md'],
    ['*.md', 'docs/**'],
    ['src/*/index.ts', 'src/a/**'],
    ['src/a', 'src/a/b/c.ts'],
    ['docs/', 'docs/x.md'],
    ['a/**/z', 'a/z'],
    ['*.test.ts', 'src/*.ts'],
    ['/src/a?.ts', 'src/*1.ts'],
    ['src/[ab].ts', 'src/a.ts'],
    ['*', 'anything/at/all'],
    ['README.md', 'docs/README.md'],
    ['src/\\*.ts', 'src/*.ts'],
  ])('%s meets %s', (a, b) => {
    expect([meet(a, b), meet(b, a)]).toEqual([true, true]);
  });

  test.each([
    ['src/**', 'docs/**'],
    ['src/a/**', 'src/b/*.ts'],
    ['/*.md', 'docs/*.ts'],
    ['docs/*.md', 'docs/*.ts/x.css'],
    ['src/a.ts', 'src/a.tsx'],
    ['/README.md', 'docs/README.md'],
    ['src/??.ts', 'src/abc.ts'],
    ['src/\\*.ts', 'src/a.ts'],
    ['# src/**', 'src/**'],
    ['!src/**', 'src/**'],
    ['docs/', '/docs'],
  ])('%s and %s have nothing in common', (a, b) => {
    // What a glob matches it also takes all of, so `docs/*.md` meets anything below a folder `x.md`: files on one side.
    const files = [filePattern(b.replace(/^\//, ''))];
    const one = b.includes('*') ? globPatterns([b]) : files;
    const said = globPatterns([a]).some((x) => one.some((y) => intersects(x, y)));
    expect(said).toBe(false);
  });
});

test('a place is a file or a folder with what is below it', () => {
  expect(intersects(placePattern('src/pool'), filePattern('src/pool/a.ts'))).toBe(true);
  expect(intersects(placePattern('src/pool'), filePattern('src/pool'))).toBe(true);
  expect(intersects(placePattern('src/pool/'), filePattern('src/pool'))).toBe(false);
  expect(intersects(placePattern('src/pool'), filePattern('src/pool.ts'))).toBe(false);
  expect(intersects(placePattern('src/pool'), filePattern('test/src/pool'))).toBe(false);
});

describe('against every path of a small world', () => {
  const names = ['a', 'b', 'ab', 'a.ts', 'b.ts', 'ab.md'];
  const paths = [...names, ...names.flatMap((x) => names.map((y) => `${x}/${y}`)), ...names.flatMap((x) => names.flatMap((y) => names.map((z) => `${x}/${y}/${z}`)))];
  const part = fc.oneof(
    { weight: 4, arbitrary: fc.constantFrom(...names) },
    { weight: 3, arbitrary: fc.constantFrom('*', '**', '*.ts', 'a*', '?', '*b*', '??', 'a?*', '[ab]', '[!a].ts', '***', 'a**b', '\\a', '\\*') },
    { weight: 1, arbitrary: fc.stringMatching(/^[ab.*?]{1,4}$/) },
  );
  const glob = fc.tuple(fc.constantFrom('', '', '/'), fc.array(part, { minLength: 1, maxLength: 4 }), fc.constantFrom('', '', '/')).map(([start, parts, end]) => start + parts.join('/') + end);

  test('a path that the matcher takes is never missed', () => {
    fc.assert(
      fc.property(glob, (one) => {
        const takes = globMatcher([one]);
        const patterns = globPatterns([one]);
        for (const path of paths) if (takes(path)) expect([one, path, patterns.some((pattern) => intersects(pattern, filePattern(path)))]).toEqual([one, path, true]);
      }),
      { numRuns: 500 },
    );
  });

  test('two globs that take the same path meet', () => {
    fc.assert(
      fc.property(glob, glob, (one, other) => {
        const [takes, alsoTakes] = [globMatcher([one]), globMatcher([other])];
        if (paths.some((path) => takes(path) && alsoTakes(path))) expect(meet(one, other)).toBe(true);
        expect(meet(one, other)).toBe(meet(other, one));
      }),
      { numRuns: 1000 },
    );
  });

  test('a glob without classes, escapes and a slash after a double star takes every single path that it is said to meet', () => {
    const exact = glob.filter((one) => !/[[\\]|\*\*\/$/.test(one));
    fc.assert(
      fc.property(exact, fc.constantFrom(...paths), (one, path) => {
        const said = globPatterns([one]).some((pattern) => intersects(pattern, filePattern(path)));
        expect([one, path, said]).toEqual([one, path, globMatcher([one])(path)]);
      }),
      { numRuns: 2000 },
    );
  });

  test('long patterns cost no more than the product of their lengths', () => {
    const long = Array.from({ length: 200 }, () => '**/a*a*a').join('/');
    const started = performance.now();
    meet(long, `${long}/b`);
    expect(performance.now() - started).toBeLessThan(5000);
  });
});
