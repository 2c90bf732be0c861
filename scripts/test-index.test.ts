import { expect, test } from 'vitest';
import { collectedBy, rowsOf, uncited } from './test-index.ts';

const page = '# Tests\n\n| behaviour | selector |\n|---|---|\n| it works | `a.test.ts > suite > works` |\n| all of it | `b.test.ts` |\n| no selector | b.test.ts |\n';
const tests = [
  { file: 'a.test.ts', name: 'suite > works at once' },
  { file: 'a.test.ts', name: 'suite > fails' },
  { file: 'b.test.ts', name: 'x' },
  { file: 'c.test.ts', name: 'y' },
];

test('rows are read, and what is no row is told', () => {
  const { rows, unreadable } = rowsOf(page);
  expect(rows).toEqual([
    { behaviour: 'it works', file: 'a.test.ts', name: 'suite > works' },
    { behaviour: 'all of it', file: 'b.test.ts', name: null },
  ]);
  expect(unreadable).toEqual(['| no selector | b.test.ts |']);
});

test('a selector collects by file and part of the name', () => {
  const [first, second] = rowsOf(page).rows;
  expect(first && collectedBy(first, tests)).toBe(1);
  expect(second && collectedBy(second, tests)).toBe(1);
  expect(collectedBy({ behaviour: '', file: 'a.test.ts', name: 'nothing of the kind' }, tests)).toBe(0);
});

test('files that nothing cites are found', () => {
  expect(uncited(rowsOf(page).rows, tests)).toEqual(['c.test.ts']);
});
