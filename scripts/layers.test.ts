import { expect, test } from 'vitest';
import { breachesOf } from './layers.ts';

test.each([
  ['base/x.ts', "import { a } from '../git/git.ts';", 'stands before'],
  ['loop/x.ts', "import { a } from '../agents/run-agent.ts';", 'contract.ts'],
  ['loop/x.ts', "export type { A } from '../bus/contract.ts';", 'stands before'],
  ['loop/x.ts', "const a = await import('../cli/main.ts');", 'stands before'],
  ['loop/x.ts', "import { spawn } from 'node:child_process';", 'process/ only'],
  ['loop/x.ts', "import {\n  simpleGit,\n} from 'simple-git';", 'git/ only'],
  ['loop/x.ts', "import { a } from '../../scripts/layers.ts';", 'outside src/'],
  ['helpers/x.ts', '', 'no room'],
  ['loop/x.ts', 'process.exit(1);', 'ends the process'],
  ['loop/x.ts', 'console.log(1);', 'console'],
])('%s with %j is caught', (path, text, why) => {
  expect(breachesOf(path, text)).toEqual([expect.stringContaining(why)]);
});

test.each([
  ['loop/x.ts', "import { a } from '../agents/contract.ts';\nimport { b } from './y.ts';\nimport { c } from '../base/z.ts';"],
  ['process/x.ts', "import { execa } from 'execa';"],
  ['loop/x.test.ts', "import { a } from '../cli/main.ts';"],
  ['loop/x.ts', "/** import { a } from '../cli/main.ts'; */"],
])('%s with %j passes', (path, text) => {
  expect(breachesOf(path, text)).toEqual([]);
});
