import { expect, test } from 'vitest';
import { nextPhase } from './phases.ts';

test.each([
  [['PLAN', 'IMPLEMENT', 'REVIEW', 'MERGE'], 'PLAN', 'on', 'IMPLEMENT'],
  [['IMPLEMENT', 'MERGE'], 'PLAN', 'on', 'IMPLEMENT'],
  [['PLAN', 'MERGE'], 'IMPLEMENT', 'on', 'MERGE'],
  [['IMPLEMENT', 'REVIEW', 'MERGE'], 'IMPLEMENT', 'on', 'REVIEW'],
  [['IMPLEMENT', 'REVIEW', 'MERGE'], 'REVIEW', 'on', 'MERGE'],
  [['IMPLEMENT', 'REVIEW', 'MERGE'], 'REVIEW', 'IMPLEMENT', 'IMPLEMENT'],
] as const)('of %j, %s is followed, told %s, by %s', (phases, phase, to, expected) => {
  expect(nextPhase(phases, phase, to)).toBe(expected);
});
