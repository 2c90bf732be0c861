import type { AgentConfig, Agents } from '../agents/contract.ts';
import type { Clock } from '../base/clock.ts';
import type { Config } from '../config/schema.ts';
import type { Repository } from '../git/repository.ts';
import type { Places } from '../loop/contract.ts';
import type { Store } from '../store/store.ts';
import type { Budgets, Spending } from './spending.ts';
import type { UnitBook } from './unit-book.ts';
import type { Verdicts } from './verdicts.ts';

/** What the pool works with; one a daemon. */
export interface PoolRuntime {
  /** Folder of orchestration.yaml; absolute. */
  readonly workspace: string;
  /** Absolute; null where there is none. */
  readonly config_file: string | null;
  /** The person's checkout. */
  readonly repository: Repository;
  /** Further environment of our git calls, by which those that a killed daemon left can be told. */
  readonly git_env: Readonly<Record<string, string>>;
  /** Of the workspace in the checkout, `/` between parts; empty where it is the top. */
  readonly prefix: string;
  readonly store: Store;
  readonly units: UnitBook;
  readonly verdicts: Verdicts;
  readonly spending: Spending;
  readonly agents: Agents;
  /** Where the agents that are at work now have their files, by chunk. */
  readonly at_work: Map<string, Places>;
  readonly clock: Clock;
  /** In force now; `pool:` may change while the daemon runs. */
  config(): Config;
  agentConfig(): AgentConfig;
  budgets(): Budgets;
  /** Branch that units land on. */
  readonly target: string;
  readonly log: PoolLog;
  /** Something changed: look again at what can start, merge or be told. */
  wake(): void;
  /** Aborted when the pool stops. */
  readonly signal: AbortSignal;
  /** Live output, for whoever follows a unit. */
  broadcast(frame: { readonly type: 'unit.output'; readonly unit: string; readonly data: unknown }): void;
}

export interface PoolLog {
  info(message: string, details?: Readonly<Record<string, unknown>>): void;
  warn(message: string, details?: Readonly<Record<string, unknown>>): void;
  error(message: string, details?: Readonly<Record<string, unknown>>): void;
}
