import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { expect, test } from 'vitest';

/** The machine's own Node, whatever its version: not the one that `npm run` puts first. */
const machineNode = (process.env['PATH'] ?? '')
  .split(delimiter)
  .filter((folder) => !folder.includes('node_modules'))
  .map((folder) => join(folder, 'node'))
  .find((path) => existsSync(path));
const launcher = join(import.meta.dirname, '../../bin/orchestrator.js');

const run = (...args: string[]) => {
  if (machineNode === undefined) throw new Error('no node on PATH but the dev dependency');
  return spawnSync(machineNode, [launcher, ...args], { encoding: 'utf8' });
};

test("the machine's own Node starts the program, however old it is", () => {
  expect(run('--help')).toMatchObject({ status: 0, stdout: expect.stringContaining('Usage: orchestrator') });
});

test("a wrong command line ends the same way on the machine's own Node", () => {
  expect(run('no-such-command').status).toBe(2);
});
