import type { AgentConfig, AgentFlags, Agents, SandboxSettings } from '../agents/contract.ts';
import type { Clock } from '../base/clock.ts';
import type { Repository } from '../git/repository.ts';
import type { BudgetLimits } from './budget.ts';
import type { LoopEvent } from './event.ts';
import type { HandOff } from './hand-off.ts';
import type { Ledger } from './ledger.ts';
import type { Places } from './places.ts';
import type { CommitPolicy } from './policy.ts';
import type { PromptMap, RouterSettings } from './router.ts';
import type { LimitPolicy } from './usage-limit.ts';
import type { Waits } from './waits.ts';

/** What the loop takes from configuration and flags, worked out once. Milliseconds and bytes. */
export interface LoopSettings {
  /** Absolute. */
  readonly prompts_dir: string;
  readonly prompts: PromptMap;
  readonly router: RouterSettings;
  readonly router_timeout_ms: number;
  /** Relative to the checkout's top, as git names it. */
  readonly state_file: string;
  /** Absolute. */
  readonly input_file: string;
  readonly findings_file: string;
  readonly logs_dir: string;
  /** Paths (relative to the checkout's top) that are never part of a change set. */
  readonly isReserved: (path: string) => boolean;
  readonly policy: CommitPolicy;
  readonly limits: { readonly turn_timeout: number; readonly stall_timeout: number; readonly grace: number; readonly max_log_bytes: number; readonly question_wait: number };
  readonly no_progress_limit: number;
  readonly agent: AgentConfig;
  readonly agentFlags: AgentFlags;
  readonly pass_env: readonly string[];
  readonly sandbox: SandboxSettings;
  readonly budget: BudgetLimits;
  readonly turn_budget: BudgetLimits;
  /** All runs of the repository on one day (UTC). */
  readonly day_budget: BudgetLimits;
  readonly usage_limit: LimitPolicy;
  readonly remote: string;
  /** Whether turns are committed at all. */
  readonly commits: boolean;
}

/** Everything a turn needs to act. */
export interface LoopRuntime {
  readonly run_id: string;
  readonly mode: 'combined' | 'role';
  readonly workspace: string;
  readonly repository: Repository;
  readonly branch: string;
  readonly places: Places;
  readonly settings: LoopSettings;
  readonly agents: Agents;
  readonly ledger: Ledger;
  /** For a limit's end, or for a person. */
  readonly waits: Waits;
  /** Secret values of the agents' environments. */
  readonly secrets: readonly string[];
  /** Null where turns stay on this machine. */
  readonly handOff: HandOff | null;
  /** Environment for agents beside the turn's own. */
  readonly agentVariables: Readonly<Record<string, string>>;
  readonly clock: Clock;
  readonly emit: (event: LoopEvent) => void;
  /** Aborted by a signal or by `stop --now`; the reason is a `Failure`. */
  readonly signal: AbortSignal;
}
