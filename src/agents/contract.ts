import type { Failure } from '../base/failure.ts';
import type { AgentEvent, ErrorClass, Usage } from './event.ts';

/** What other rooms may know of agents. */

export const AGENT_KINDS = ['claude', 'codex', 'gemini', 'opencode', 'acp', 'command', 'scripted'] as const;
export type AgentKind = (typeof AGENT_KINDS)[number];

/** How an agent may act without a person beside it. */
export type Permissions = 'auto' | 'bypass' | 'ask';

/** An agent as configured: the entry of `agents:` with its name. */
export interface AgentSpec {
  readonly name: string;
  readonly kind: AgentKind;
  readonly model?: string;
  readonly effort?: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  readonly bin?: string;
  readonly permissions: Permissions;
  /** `command` kind: the whole argv. */
  readonly command?: readonly string[];
  /** `scripted` kind: absolute path of the YAML script. */
  readonly script?: string;
}

/** One call of an agent. Paths are absolute. */
export interface AgentRequest {
  readonly agent: AgentSpec;
  /** Exactly the bytes for the agent's stdin. */
  readonly prompt: Uint8Array;
  readonly workspace: string;
  /** ORCHESTRATOR_* variables of this turn. */
  readonly variables: Readonly<Record<string, string>>;
  /** Private folder of this attempt, made by the caller: prompt copy, `pid` and `exit` of the wrapper. */
  readonly scratch: string;
  readonly logs: { readonly text: string; readonly events: string };
  readonly allowed_tools?: readonly string[];
  /** Names of further environment variables to pass (`sandbox.pass_env`). */
  readonly pass_env: readonly string[];
  readonly limits: AgentLimits;
}

/** Milliseconds and bytes. */
export interface AgentLimits {
  readonly turn_timeout_ms: number;
  readonly stall_timeout_ms: number;
  readonly grace_ms: number;
  readonly max_log_bytes: number;
}

/** Told while the agent works. */
export interface AgentObserver {
  /** The wrapper's process id, which is its process group too. Awaited before the prompt's first byte can matter to a record. */
  onStarted?(pid: number): void;
  onEvent?(event: AgentEvent): void;
}

/** Why the orchestrator itself ended an agent. */
export type EndedEarly = 'turn_timeout' | 'stall_timeout' | 'grace' | 'aborted';

/** How one call ended. `failure` is null exactly when the agent did what it was started for. */
export interface AgentResult {
  readonly exit_code: number | null;
  readonly ended_early: EndedEarly | null;
  readonly failure: Failure | null;
  readonly error_class: ErrorClass | null;
  readonly session_id: string | null;
  readonly usage: Usage;
  /** The agent's final answer: the closing event's text, or all of stdout (at most 1 MiB) for a plain command. */
  readonly final: string;
  readonly agent_ms: number;
}
