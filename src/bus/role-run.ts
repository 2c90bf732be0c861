import type { Clock } from '../base/clock.ts';
import { ok } from '../base/failure.ts';
import type { Config } from '../config/schema.ts';
import type { LoopEvent, RoleRun } from '../loop/contract.ts';
import type { Runner } from './decide.ts';
import { noPushVariables, openRole } from './open-role.ts';

/** How a run of one role reaches its peer. */
export function roleRun(config: Config, role: Runner['role'], wait_through_failures: boolean, context: { readonly clock: Clock; readonly emit: (event: LoopEvent) => void }): RoleRun {
  return {
    agentVariables: ({ git }) => noPushVariables(git, config.sync.remote),
    open: (repository, places, branch, head, recovering, signal) =>
      openRole({
        config, repository, places, branch, head, role, recovering, wait_through_failures, signal,
        clock: context.clock,
        emit: context.emit,
        listen: async () => ok(async () => undefined),
      }),
  };
}
