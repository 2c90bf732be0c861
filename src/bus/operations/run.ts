import { z } from 'zod';
import { fail } from '../../base/failure.ts';
import { defineOperation } from '../../spine/operation.ts';
import { Usage } from '../../agents/contract.ts';
import { OrchestrationState, RoutingInput, agentFlagsOf, given, loopSettings, openWorkspace, routingFlags, startRun, unknownNames } from '../../loop/contract.ts';
import { openHandOff } from '../open-hand-off.ts';
import { roleRun } from '../role-run.ts';

export const RunInput = RoutingInput.extend({
  mode: z.enum(['combined', 'role']).optional(),
  role: z.enum(['galph', 'ralph']).optional(),
  /** Iterations to complete; 0 = no end. */
  iterations: z.number().int().min(0).default(20),
  once: z.boolean().default(false),
  branch: z.string().min(1).optional(),
  turn_timeout: z.string().optional(),
  max_cost: z.number().nonnegative().optional(),
  poll_interval: z.string().optional(),
  max_wait: z.string().optional(),
  lease: z.string().optional(),
  push: z.boolean().optional(),
  no_commit: z.boolean().default(false),
  allow_dirty: z.boolean().default(false),
  dry_run: z.boolean().default(false),
  listen: z.string().optional(),
  wait_through_failures: z.boolean().default(false),
});
export type RunInput = z.infer<typeof RunInput>;

export const RunOutput = z.object({
  run_id: z.string().nullable(),
  turns: z.number().int(),
  iterations: z.number().int(),
  ended: z.enum(['iterations', 'once', 'complete', 'stopped', 'dry_run']),
  state: OrchestrationState,
  usage: Usage,
});

export const runStart = defineOperation({
  name: 'loop.run.start',
  summary: 'Take turns until the wanted number of iterations, a stop, or a failure',
  input: RunInput,
  output: RunOutput,
  failures: [
    'agent_error', 'branch_gone', 'claim_held', 'in_the_way', 'lease_lost', 'max_wait', 'no_remote', 'push_refused', 'rebase_conflict', 'remote_not_able', 'remote_unavailable', 'secret_in_push', 'state_dirty', 'unpushed_commits', 'unrelated_histories', 'agent_exit', 'agent_not_found', 'agent_stalled', 'agent_timeout', 'blocked', 'budget', 'checkout_busy', 'config_invalid',
    'dirty_tree', 'guard_violation', 'no_progress', 'outcome_invalid', 'prompt_invalid', 'prompt_missing', 'router_failed', 'router_invalid',
    'secret_committed', 'state_invalid', 'state_unwritable', 'wrong_branch',
  ],
  transaction: 'none',
  cross_domain_deps: [],
  surfaces: ['cli', 'http'],
  callers: ['operator', 'system'],
  starts_work: true,
  async handler(context, input) {
    const mode = input.mode ?? (input.role === undefined ? 'combined' : 'role');
    if (mode === 'role' && input.role === undefined) {
      return fail({ code: 'usage', kind: 'invalid', message: '--mode role needs a --role: galph or ralph.', hint: 'orchestrator run --role galph' });
    }
    if (mode === 'combined' && input.role !== undefined) {
      return fail({ code: 'usage', kind: 'invalid', message: `--role ${input.role} goes with --mode role, not with combined.`, hint: `orchestrator run --role ${input.role}` });
    }
    const waits = [['--listen', input.listen !== undefined], ['--wait-through-failures', input.wait_through_failures], ['--max-wait', input.max_wait !== undefined]] as const;
    const [idle] = waits.find(([, given]) => given) ?? [];
    if (mode === 'combined' && idle !== undefined) {
      return fail({ code: 'usage', kind: 'invalid', message: `${idle} is for a role: a combined run never waits for a peer.`, hint: 'orchestrator run --role galph' });
    }
    if (mode === 'role' && input.no_commit) {
      return fail({ code: 'usage', kind: 'invalid', message: '--no-commit leaves nothing to hand off: a role hands its turns off as commits.', hint: 'Leave out --no-commit, or run in combined mode.' });
    }
    const flags = [
      ...routingFlags(input),
      ...given([
        ['limits.turn_timeout', input.turn_timeout, '--turn-timeout'],
        ['budget.max_cost_usd', input.max_cost, '--max-cost'],
        ['sync.poll_interval', input.poll_interval, '--poll-interval'],
        ['sync.max_wait', input.max_wait, '--max-wait'],
        ['sync.lease', input.lease, '--lease'],
        ['sync.push', input.push, '--push'],
        ['sync.listen', input.listen, '--listen'],
      ]),
    ];
    const opened = await openWorkspace(context, flags);
    if (!opened.ok) return opened;
    const { workspace, loaded } = opened.value;
    const { config } = loaded;
    const prompts = [config.supervisor_prompt, config.main_prompt, config.reviewer_prompt, ...(config.router.prompt === undefined ? [] : [config.router.prompt])];
    const unknown = unknownNames(input, prompts);
    if (unknown !== null) return fail(unknown);
    return await startRun({
      workspace,
      settings: (repository) => loopSettings({ config, workspace, repository, config_file: loaded.file, mode, agentFlags: agentFlagsOf(input), commits: !input.no_commit }),
      role: input.role === undefined ? null : roleRun(config, input.role, input.wait_through_failures, context),
      handOff: mode === 'combined' && config.sync.push && !input.no_commit ? (repository, places, branch, head) => openHandOff(config, repository, places, branch, head) : null,
      branch: input.branch ?? config.sync.branch ?? null,
      iterations: input.iterations,
      once: input.once,
      allow_dirty: input.allow_dirty,
      dry_run: input.dry_run,
      clock: context.clock,
      emit: context.emit,
      signal: context.signal,
    });
  },
});
