import { resolve } from 'node:path';
import { createInterface } from 'node:readline/promises';
import { findWorkspace } from '../config/find-workspace.ts';
import type { GlobalOptions } from './invoke.ts';

/**
 * Offers `git init` where there is no repository. Asks only on a terminal; elsewhere the answer is no, and `--yes` is
 * what a script says.
 */
export async function askToMakeRepository(options: GlobalOptions): Promise<boolean> {
  if (options.json === true || process.stdin.isTTY !== true || process.stderr.isTTY !== true) return false;
  const directory = resolve(options.directory ?? '.');
  const found = await findWorkspace({ directory, config: null, cwd: directory });
  if (found.ok || found.failure.code !== 'not_a_repository') return false;
  const dialog = createInterface({ input: process.stdin, output: process.stderr });
  try {
    const answer = await dialog.question(`${directory} is not in a git repository. Make it one (git init)? [y/N] `);
    return /^y(es)?$/i.test(answer.trim());
  } finally {
    dialog.close();
  }
}
