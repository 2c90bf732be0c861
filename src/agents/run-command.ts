import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fail } from '../base/failure.ts';
import type { Result } from '../base/failure.ts';
import { findProgram } from '../process/find-program.ts';
import { runProgram } from '../process/run-program.ts';
import type { ProgramOutput } from '../process/run-program.ts';
import { agentEnvironment } from './environment.ts';
import type { CommandRequest } from './contract.ts';
import { openSandbox } from './sandbox/open-sandbox.ts';

/**
 * Runs a command of the person's where agents have been at work: with an agent's environment and in an agent's sandbox, as
 * what it runs may be what an agent wrote. It is ended with this process.
 */
export async function runCommand(request: CommandRequest, signal: AbortSignal): Promise<Result<ProgramOutput>> {
  const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'orchestrator-command-')));
  try {
    const environment = (...own: Readonly<Record<string, string>>[]) => agentEnvironment({ inherited: process.env, kind: 'command', pass: request.pass_env, own: [request.variables, ...own] });
    const plain = environment();
    const sandbox = await openSandbox({ settings: request.sandbox, workspace: request.workspace, scratch, env: plain, state: [], settings_files: [], own: [], hosts: [] });
    if (!sandbox.ok) return sandbox;
    const env = environment(sandbox.value?.env ?? {});
    const [program, ...args] = request.argv;
    const path = findProgram(program, env['PATH'], request.workspace);
    if (path === null) return fail({ code: 'program_not_found', kind: 'precondition', message: `The program ${program} was not found.` });
    try {
      const argv: [string, ...string[]] = [path, ...args];
      return await runProgram(sandbox.value === null ? argv : sandbox.value.around(argv), { cwd: request.workspace, env, timeout_ms: request.timeout_ms, signal, guarded: true });
    } finally {
      sandbox.value?.settle();
      await sandbox.value?.close();
    }
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}
