/**
 * Checks docs/testing.md: every row of its tables cites a selector, `<file> > <part of a test's name>` or `<file>`, and each
 * must collect tests. One `vitest list` for all.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('../', import.meta.url));
const index = readFileSync(`${root}docs/testing.md`, 'utf8');
const cited = index
  .split('\n')
  .map((line) => /^\|(.+)\|\s*`([^`]+)`\s*\|$/.exec(line))
  .filter((match) => match !== null)
  .map((match) => ({ behaviour: (match[1] ?? '').trim(), selector: match[2] ?? '' }));

const listed = JSON.parse(execFileSync('vitest', ['list', '--json'], { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 })) as { name: string; file: string }[];
const tests = listed.map(({ name, file }) => ({ name, file: relative(root, file) }));

let empty = 0;
for (const { behaviour, selector } of cited) {
  const [file = '', name] = selector.split(' > ', 2);
  const rest = name === undefined ? undefined : selector.slice(file.length + 3);
  const count = tests.filter((test) => test.file === file && (rest === undefined || test.name.includes(rest))).length;
  if (count === 0) {
    empty++;
    process.stderr.write(`collects nothing: ${selector} (${behaviour})\n`);
  }
}
const unnamed = [...new Set(tests.map((test) => test.file))].filter((file) => !cited.some(({ selector }) => selector.startsWith(file)));
for (const file of unnamed) process.stderr.write(`not in the index: ${file}\n`);
process.stdout.write(`${cited.length} selectors, ${tests.length} tests, ${empty} selectors that collect none, ${unnamed.length} files not in the index\n`);
process.exitCode = empty === 0 && unnamed.length === 0 && cited.length > 0 ? 0 : 1;
