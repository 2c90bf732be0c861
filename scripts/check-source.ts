import { globSync, readFileSync } from 'node:fs';
import { namingProblem, sizeProblem } from './house-rules.ts';
import { breachesOf } from './layers.ts';

/** Rooms, sizes and names of source files: what no linter knows of this house. Run from the top folder; exits with 1 where something is wrong. */
const problems: string[] = [];
const warnings: string[] = [];
const files = globSync(['{src,test,scripts}/**/*.ts', 'bin/*.js'], { exclude: ['test/agents/tools'] })
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => !file.startsWith('test/fixtures/'))
  .toSorted();
for (const file of files) {
  const text = readFileSync(file, 'utf8');
  if (file.startsWith('src/')) problems.push(...breachesOf(file.slice('src/'.length), text));
  const naming = namingProblem(file);
  if (naming !== null) problems.push(`${file}: ${naming}`);
  const size = sizeProblem(text.split('\n').length - 1);
  if (size !== null) (size.hard ? problems : warnings).push(`${file}: ${size.message}`);
}
for (const warning of warnings) process.stdout.write(`warning ${warning}\n`);
for (const problem of problems) process.stderr.write(`error ${problem}\n`);
process.stdout.write(`${files.length} files looked at, ${problems.length} problems, ${warnings.length} warnings\n`);
process.exitCode = problems.length > 0 ? 1 : 0;
