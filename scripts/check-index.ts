/** Checks the test index, docs/testing.md: every selector must collect tests, and every test file must be cited. One `vitest list` for all. */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { collectedBy, rowsOf, uncited, type CollectedTest } from './test-index.ts';

const root = fileURLToPath(new URL('../', import.meta.url));
const { rows, unreadable } = rowsOf(readFileSync(`${root}docs/testing.md`, 'utf8'));
// Really collected: what vitest guesses from the text alone takes calls for tests that are none, and does not fill in names.
const listed = execFileSync('vitest', ['list', '--json', '--no-static-parse'], { cwd: root, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024, stdio: ['ignore', 'pipe', 'inherit'] });
const tests = (JSON.parse(listed) as CollectedTest[]).map(({ name, file }) => ({ name, file: relative(root, file) }));

const empty = rows.filter((row) => collectedBy(row, tests) === 0);
const missing = uncited(rows, tests);
for (const row of rows) process.stdout.write(`${String(collectedBy(row, tests)).padStart(5)}  ${row.file}${row.name === null ? '' : ` > ${row.name}`}\n`);
for (const line of unreadable) process.stderr.write(`no row of the index: ${line}\n`);
for (const { behaviour, file, name } of empty) process.stderr.write(`collects nothing: ${file}${name === null ? '' : ` > ${name}`} (${behaviour})\n`);
for (const file of missing) process.stderr.write(`not in the index: ${file}\n`);
process.stdout.write(`${rows.length} selectors, ${tests.length} tests, ${empty.length} selectors that collect none, ${missing.length} files not in the index\n`);
process.exitCode = rows.length > 0 && empty.length + missing.length + unreadable.length === 0 ? 0 : 1;
