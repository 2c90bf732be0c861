import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { addWorktree, openWorktree, removeWorktree } from '../git/worktrees.ts';
import { worktreesFolder } from './places.ts';
import type { PoolRuntime } from './runtime.ts';
import { runInWorktree, runSetup } from './setup.ts';
import type { UnitPlace } from './worktrees.ts';

export type GateResult = { readonly green: true } | { readonly green: false; readonly words: string };

/** Runs gates on merged trees, in a scratch worktree of its own that stays warm. Of a tree that was green it is not asked twice. */
export interface Gate {
  run(commit: string, tree: string, commands: readonly (string | readonly string[])[], signal: AbortSignal): Promise<GateResult>;
}

/** No chunk can be called so. */
const SCRATCH = '.merge';

/** First port of the gate's; units have those above. */
export const GATE_PORTS = 20_000;

export function createGate(pool: PoolRuntime): Gate {
  const known = new Set<string>();
  return {
    async run(commit, tree, commands, signal) {
      if (commands.length === 0) return { green: true };
      const key = createHash('sha256').update(JSON.stringify([tree, commands])).digest('hex');
      if (known.has(key)) return { green: true };
      const place = await scratchAt(pool, commit, signal);
      if (typeof place === 'string') return { green: false, words: place };
      for (const command of commands) {
        const ran = await runInWorktree(pool, place, command, { signal, variables: { ORCHESTRATOR_PORT_BASE: String(GATE_PORTS) }, timeout_ms: pool.config().limits.turn_timeout });
        const shown = typeof command === 'string' ? command : command.join(' ');
        if (!ran.ok) return { green: false, words: `${shown}: ${ran.failure.message}` };
        if (ran.value.exit_code === 0) continue;
        const words = `${ran.value.stdout}\n${ran.value.stderr}`.trim().split('\n').slice(-40).join('\n').slice(-8000);
        // Only green is remembered: what made it red may lie outside the tree, and be mended there.
        return { green: false, words: `${shown} ended with exit code ${ran.value.exit_code ?? 'none'}:\n${words}` };
      }
      known.add(key);
      return { green: true };
    },
  };
}

/** The scratch worktree at a commit, with what earlier gates cached in ignored files; a text says why there is none. */
async function scratchAt(pool: PoolRuntime, commit: string, signal: AbortSignal): Promise<UnitPlace | string> {
  const path = join(worktreesFolder(pool.workspace), SCRATCH);
  let repository = existsSync(path) ? await openWorktree(pool.repository, path, pool.git_env) : null;
  const fresh = repository === null;
  if (repository === null) {
    await pool.repository.git.attempt(['worktree', 'prune', '--expire=now']);
    await addWorktree(pool.repository, { path, branch: null, start: commit, exists: false });
    repository = await openWorktree(pool.repository, path, pool.git_env);
    if (repository === null) return `git made no worktree at ${path}`;
  }
  const place = { repository, workspace: join(path, pool.prefix), fresh };
  const moved = await repository.git.attempt(['checkout', '--quiet', '--force', '--detach', commit]);
  if (moved.code !== 0) {
    await removeWorktree(pool.repository, path);
    return `the scratch worktree could not be moved: ${moved.stderr.trim()}`;
  }
  await repository.git.run(['clean', '-ffd', '--quiet', '--exclude=.orchestrator']);
  if (!fresh) return place;
  const problem = await runSetup(pool, place, { signal, ports: GATE_PORTS });
  if (problem === null) return place;
  await removeWorktree(pool.repository, path);
  return problem;
}
