/**
 * Installs the agents' real command lines, in fixed versions, into a folder of their own beside this file, and prints
 * their versions. What is there already is kept. They are no dependencies of the product: a gigabyte that only these
 * tests need.
 */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { BIN, TOOLS, TOOLS_FOLDER } from './tools.ts';

const dependencies = Object.fromEntries(Object.values(TOOLS).map(({ name, version }) => [name, version]));
// Two of them put their binary in place by an install script, which newer npm versions run only if told to.
const allowScripts = { [TOOLS.claude.name]: true, [TOOLS.opencode.name]: true };
const wanted = `${JSON.stringify({ private: true, description: 'The agents of test/agents.', dependencies, allowScripts }, null, 2)}\n`;
const manifest = join(TOOLS_FOLDER, 'package.json');
const done = join(TOOLS_FOLDER, 'node_modules/.installed');

const has = (file: string): boolean => existsSync(file) && readFileSync(file, 'utf8') === wanted;

if (!has(manifest) || !has(done)) {
  mkdirSync(TOOLS_FOLDER, { recursive: true });
  rmSync(join(TOOLS_FOLDER, 'package-lock.json'), { force: true });
  writeFileSync(manifest, wanted);
  execFileSync('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: TOOLS_FOLDER, stdio: 'inherit' });
  writeFileSync(done, wanted);
}

const home = mkdtempSync(join(tmpdir(), 'agents-home-'));
try {
  for (const [command, { version }] of Object.entries(TOOLS)) {
    const said = execFileSync(join(BIN, command), ['--version'], { encoding: 'utf8', env: { PATH: process.env['PATH'] ?? '', HOME: home }, timeout: 60_000, stdio: ['ignore', 'pipe', 'ignore'] });
    process.stdout.write(`${command} ${said.trim()}\n`);
    if (!said.includes(version)) throw new Error(`${command} is not ${version}; remove ${TOOLS_FOLDER} and try again`);
  }
} finally {
  rmSync(home, { recursive: true, force: true });
}
