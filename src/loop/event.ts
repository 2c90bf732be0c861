import type { AgentEvent } from '../agents/contract.ts';
import type { TurnRecord } from './record.ts';
import type { Actor, OrchestrationState } from './state.ts';

/**
 * Everything that can happen in a run, as `run --json` prints it, one a line. The live view, plain lines and the log
 * of a run are readers of it; none of them knows anything else.
 */
export type LoopEvent =
  | { readonly type: 'run.started'; readonly run_id: string; readonly workspace: string; readonly branch: string; readonly mode: 'combined' | 'role'; readonly state: OrchestrationState }
  /** A crashed turn was found; `how` says what is done about it. */
  | { readonly type: 'turn.recovered'; readonly turn_id: string; readonly actor: Actor; readonly iteration: number; readonly how: 'finished' | 'run_again' | 'already_done' }
  /** The routing agent is asked which prompt comes next. */
  | { readonly type: 'router.asked'; readonly turn_id: string; readonly prompt: string; readonly agent: string }
  | {
      readonly type: 'turn.started';
      readonly turn_id: string;
      readonly actor: Actor;
      readonly iteration: number;
      readonly attempt: number;
      readonly prompt: string;
      readonly source: 'deterministic' | 'router';
      readonly reason: string;
      readonly agent: string;
      readonly log: string;
    }
  | { readonly type: 'agent.started'; readonly turn_id: string; readonly pid: number }
  | { readonly type: 'agent.event'; readonly turn_id: string; readonly event: AgentEvent }
  /** Something that a person should know and that stops nothing. */
  | { readonly type: 'warning'; readonly message: string }
  | { readonly type: 'turn.finished'; readonly turn: TurnRecord }
  /** An agent asks; `orchestrator answer <turn_id>` answers. */
  | { readonly type: 'question.asked'; readonly turn_id: string; readonly actor: Actor; readonly question: string; readonly options: readonly string[] | null }
  /** Push webhooks to this address end a wait at once. */
  | { readonly type: 'run.listening'; readonly url: string }
  /** The run waits, and for what; `until` is UTC where it is known. */
  | { readonly type: 'run.waiting'; readonly for: string; readonly until?: string };

/** How a run ended. */
export interface RunResult {
  readonly run_id: string | null;
  readonly turns: number;
  readonly iterations: number;
  /** Why the run ended. */
  readonly ended: 'iterations' | 'once' | 'complete' | 'stopped' | 'dry_run';
  readonly state: OrchestrationState;
  readonly usage: { readonly input_tokens: number; readonly output_tokens: number; readonly cost_usd: number | null };
}
