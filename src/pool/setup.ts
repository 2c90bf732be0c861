import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { unitSettings } from './phase-call.ts';
import { poolFolder } from './places.ts';
import type { PoolRuntime } from './runtime.ts';
import type { UnitPlace } from './worktrees.ts';

/** A command of the configuration as an argv: a text is for `sh -c`, a list needs no shell. */
export const argvOf = (command: string | readonly string[]): [string, ...string[]] => {
  if (typeof command === 'string') return ['sh', '-c', command];
  const [program = 'true', ...rest] = command;
  return [program, ...rest];
};

/** Runs a command of the person's in a worktree, where an agent's work may be what it runs: in the agents' sandbox. */
export async function runInWorktree(pool: PoolRuntime, place: UnitPlace, command: string | readonly string[], options: { readonly signal: AbortSignal; readonly variables: Readonly<Record<string, string>>; readonly timeout_ms: number }) {
  const settings = unitSettings(pool, place);
  const cache = join(poolFolder(pool.workspace), 'cache');
  mkdirSync(cache, { recursive: true });
  return await pool.agents.runCommand(
    { argv: argvOf(command), workspace: place.workspace, sandbox: { ...settings.sandbox, write: [...settings.sandbox.write, cache] }, pass_env: settings.pass_env, variables: { ...options.variables, ORCHESTRATOR_CACHE: cache }, timeout_ms: options.timeout_ms },
    options.signal,
  );
}

/** Runs `pool.setup` in a fresh worktree; gives why the worktree is not fit, or null. */
export async function runSetup(pool: PoolRuntime, place: UnitPlace, options: { readonly signal: AbortSignal; readonly ports: number }): Promise<string | null> {
  const { setup } = pool.config().pool;
  if (setup === undefined) return null;
  const ran = await runInWorktree(pool, place, setup, { signal: options.signal, variables: { ORCHESTRATOR_PORT_BASE: String(options.ports) }, timeout_ms: pool.config().limits.turn_timeout });
  if (!ran.ok) return `pool.setup: ${ran.failure.message}`;
  if (ran.value.exit_code === 0) return null;
  const words = `${ran.value.stdout}\n${ran.value.stderr}`.trim().split('\n').slice(-5).join('\n');
  return `pool.setup ended with exit code ${ran.value.exit_code ?? 'none'}: ${words}`;
}
