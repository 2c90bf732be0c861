import { expect, test } from 'vitest';
import { isUntouched, skillText } from './skill-text.ts';

test('what we wrote is known again, and what somebody changed is not ours any more', () => {
  expect(isUntouched(skillText())).toBe(true);
  expect(isUntouched(skillText().replace('early', 'late'))).toBe(false);
  expect(isUntouched('# My own\n')).toBe(false);
  expect(isUntouched(`${skillText()}More.\n`)).toBe(false);
});
