import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { markedProcesses } from '../../src/process/group.ts';

/** A temporary folder that goes when the test does. */
export async function tempFolder(): Promise<AsyncDisposable & { readonly path: string }> {
  const path = await mkdtemp(join(tmpdir(), 'orchestrator-test-'));
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) };
}

/** Waits until a condition holds; throws after ten seconds. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const end = performance.now() + 10_000;
  while (!(await holds())) {
    if (performance.now() > end) throw new Error(`Waited in vain until ${what}`);
    await delay(5);
  }
}

/** A file's text; empty while there is none. */
export const textOf = (path: string): Promise<string> => readFile(path, 'utf8').catch(() => '');

let count = 0;

/** A variable that marks the processes of one test, and the check that none of them is left. */
export function mark(): { readonly variable: string; readonly value: string; left(): number[] } {
  count += 1;
  const value = `test-${process.pid}-${count}`;
  return { variable: 'ORCHESTRATOR_TURN_ID', value, left: () => markedProcesses('ORCHESTRATOR_TURN_ID', value) };
}
