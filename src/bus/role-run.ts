import type { Clock } from '../base/clock.ts';
import { ok } from '../base/failure.ts';
import type { Result } from '../base/failure.ts';
import type { Config } from '../config/schema.ts';
import { openDoorbell } from './doorbell.ts';
import type { Wake } from './wake.ts';
import type { LoopEvent, RoleRun } from '../loop/contract.ts';
import type { Runner } from './decide.ts';
import { noPushVariables, openRole } from './open-role.ts';
import { peek } from './peek.ts';

/** How long a dry run asks a remote. Milliseconds. */
const PEEK_MS = 20_000;

/** How a run of one role reaches its peer. */
export function roleRun(config: Config, role: Runner['role'], wait_through_failures: boolean, context: { readonly clock: Clock; readonly emit: (event: LoopEvent) => void }): RoleRun {
  return {
    role,
    async peek({ git }, branch, state_file) {
      const found = await peek(git, { remote: config.sync.remote, branch, state_file, timeout_ms: PEEK_MS });
      return found.ok ? ok(found.value.document) : found;
    },
    agentVariables: ({ git }) => noPushVariables(git, config.sync.remote),
    open: (repository, places, branch, head, recovering, signal) =>
      openRole({
        config, repository, places, branch, head, role, recovering, wait_through_failures, signal,
        clock: context.clock,
        emit: context.emit,
        listen: (wake) => listenFor(config, wake, context.emit),
      }),
  };
}

/** Opens the doorbell where one was asked for; gives what closes it. */
async function listenFor(config: Config, wake: Wake, emit: (event: LoopEvent) => void): Promise<Result<() => Promise<void>>> {
  if (config.sync.listen === undefined) return ok(async () => undefined);
  const bell = await openDoorbell({ address: config.sync.listen, secret: process.env['ORCHESTRATOR_WEBHOOK_SECRET'] ?? null, onRing: wake.ring });
  if (!bell.ok) return bell;
  emit({ type: 'run.listening', url: bell.value.url });
  return ok(() => bell.value.close());
}
