import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { startReusableWrapper } from '../../src/process/reusable-wrapper.ts';
import type { ReusableWrapper } from '../../src/process/reusable-wrapper.ts';
import { runSupervised } from '../../src/process/supervised.ts';
import type { SupervisedObserver, SupervisedProgram } from '../../src/process/supervised.ts';
import { mark, tempFolder, until } from './rig.ts';

const never = new AbortController().signal;

/** `reused`: the programs of one rig share a wrapper, as long as it lives. */
export async function supervisedRig(options: Partial<SupervisedProgram> = {}, reused = false) {
  const folder = await tempFolder();
  const mine = mark();
  const scratch = join(folder.path, 'scratch');
  mkdirSync(scratch);
  writeFileSync(join(scratch, 'prompt'), 'the prompt\n');
  const lines: string[] = [];
  const env = { PATH: process.env['PATH'] ?? '', ...options.env };
  let pid = 0;
  let shared: ReusableWrapper | null = null;
  const wrapper = async (): Promise<ReusableWrapper | null> => {
    if (!reused) return null;
    if (shared === null || shared.state === 'gone') shared = startReusableWrapper({ cwd: folder.path, env });
    await until('the wrapper waits', () => shared?.state === 'idle');
    return shared;
  };
  const run = async (script: string, extra: Partial<SupervisedObserver> = {}, signal: AbortSignal = never) =>
    runSupervised(
      {
        argv: ['/bin/sh', '-c', script],
        cwd: folder.path,
        variables: { [mine.variable]: mine.value },
        stdin_file: join(scratch, 'prompt'),
        status_file: join(scratch, 'status'),
        mark: { variable: mine.variable, value: mine.value },
        turn_timeout_ms: 0,
        stall_timeout_ms: 0,
        grace_ms: 10_000,
        ...options,
        env,
      },
      {
        onStarted: (started) => (pid = started),
        onLine: (stream, line) => lines.push(`${stream === 'stderr' ? '! ' : ''}${line.text}`),
        ...extra,
      },
      signal,
      (await wrapper())?.take() ?? null,
    );
  const dispose = async (): Promise<void> => {
    shared?.dismiss();
    await until('the wrapper is gone', () => shared === null || shared.state === 'gone');
    await folder[Symbol.asyncDispose]();
  };
  return { folder, scratch, lines, run, wrapper, left: mine.left, pid: () => pid, [Symbol.asyncDispose]: dispose };
}
