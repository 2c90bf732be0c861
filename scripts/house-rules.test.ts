import { expect, test } from 'vitest';
import { namingProblem, sizeProblem } from './house-rules.ts';

test('files over 250 lines are named, over 400 refused', () => {
  expect(sizeProblem(250)).toBeNull();
  expect(sizeProblem(251)).toMatchObject({ hard: false });
  expect(sizeProblem(400)).toMatchObject({ hard: false });
  expect(sizeProblem(401)).toMatchObject({ hard: true });
});

test.each(['src/loop/turnRunner.ts', 'src/loop/Turn.ts', 'src/loop/index.ts', 'src/loop/path-utils.ts', 'src/common/path.ts', 'src/pool/session-manager.ts'])('the name %s is refused', (file) => {
  expect(namingProblem(file)).not.toBeNull();
});

test.each(['src/loop/turn.ts', 'src/loop/turn.test.ts', 'src/base/sha-256.ts', 'bin/orchestrator.js'])('the name %s passes', (file) => {
  expect(namingProblem(file)).toBeNull();
});
