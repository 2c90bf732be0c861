import { homedir } from 'node:os';
import { ok } from '../base/failure.ts';
import { findProgram } from '../process/find-program.ts';
import { runProgram } from '../process/run-program.ts';
import { resetAttempt } from './attempt-files.ts';
import type { Agents } from './contract.ts';
import { endLeftAttempt, leftAttempt, sessionOf } from './left-attempt.ts';
import { createReadyWrappers } from './ready-wrappers.ts';
import type { ReadyWrappers } from './ready-wrappers.ts';
import { adapterOf } from './registry.ts';
import { resolveAgent } from './resolve-agent.ts';
import { runAgent } from './run-agent.ts';
import { runCommand } from './run-command.ts';
import { noteWorkspace } from './sandbox/known-workspaces.ts';
import { sandboxProblem } from './sandbox/open-sandbox.ts';
import { storeOf } from './sandbox/plan.ts';

const VERSION_TIMEOUT_MS = 15_000;

/** Where many agents work in folders of their own nobody knows where the next one starts. */
const NONE_READY: ReadyWrappers = { take: () => null, prepare: () => undefined, close: () => undefined };

/** The room, as other rooms use it. */
export function createAgents(options: { readonly ahead: boolean }): Agents {
  const ready = options.ahead ? createReadyWrappers() : NONE_READY;
  return {
    async choose(choice) {
      const found = resolveAgent(choice, (name) => findProgram(name, process.env['PATH'], choice.config.workspace));
      if (!found.ok) return found;
      const adapter = await adapterOf(found.value.kind);
      return adapter.ok ? ok(found.value) : adapter;
    },
    async takesTools(kind) {
      const adapter = await adapterOf(kind);
      return adapter.ok && adapter.value.takes_tools;
    },
    run: (request, observer, signal) => runAgent(request, observer, signal, ready),
    runCommand,
    noteWorkspace: (workspace) => noteWorkspace(storeOf(process.env['HOME'] ?? homedir(), process.env), workspace),
    sandboxProblem,
    close: () => ready.close(),
    reset: resetAttempt,
    left: leftAttempt,
    endLeft: endLeftAttempt,
    sessionOf,
    async version(kind, bin) {
      if (kind === 'command' || kind === 'scripted' || kind === 'acp') return null;
      const path = findProgram(bin ?? kind, process.env['PATH'], process.cwd());
      if (path === null) return null;
      const env = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '' };
      const ran = await runProgram([path, '--version'], { cwd: '/', env, timeout_ms: VERSION_TIMEOUT_MS });
      const said = ran.ok ? (ran.value.stdout.trim() || ran.value.stderr.trim()).split('\n')[0] : undefined;
      return { path, version: said ?? 'unknown version' };
    },
  };
}
