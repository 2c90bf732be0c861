import type { Failure, Result } from '../base/failure.ts';
import type { ProgramOutput } from '../process/run-program.ts';
import type { AgentEvent, ErrorClass, Usage } from './event.ts';
import type { SandboxSettings } from './sandbox/open-sandbox.ts';

export { statusFile } from './attempt-files.ts';
export { AgentEvent, Usage } from './event.ts';
export { logText } from './log-text.ts';
export { secretValues } from './redact.ts';
export { sandboxMissing } from './sandbox/missing.ts';
export type { SandboxSettings } from './sandbox/open-sandbox.ts';

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
  /** Private folder, made by the caller and used by one attempt after another; `reset` comes before each. */
  readonly scratch: string;
  readonly logs: { readonly text: string; readonly events: string };
  readonly allowed_tools?: readonly string[];
  /** Session of this kind to go on with, and what it had used by then. */
  readonly resume?: { readonly session_id: string; readonly used: Usage };
  /** What it may cost at most; for kinds that can end themselves there. US dollars. */
  readonly max_cost_usd?: number;
  /** A server of ours with tools for this call alone; see docs/adr/0009-tools-for-agents.md. */
  readonly tools?: ToolServer;
  readonly sandbox: SandboxSettings;
  /** Names of further environment variables to pass (`sandbox.pass_env`). */
  readonly pass_env: readonly string[];
  readonly limits: AgentLimits;
}

/** An MCP server on stdio that an agent starts itself. It is known to the agent as `orchestrator`. */
export interface ToolServer {
  readonly argv: readonly [string, ...string[]];
  /** Variables of the agent's own environment that it must have, by name: a value in an argument would be seen by everybody. */
  readonly pass: readonly string[];
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
  /** While it is held, the agent waits for somebody, and no limit of time runs. */
  readonly hold?: { held(): boolean; onChange(listener: () => void): void };
  /** Its own exit is known; its last words and what it left behind are still to come. */
  onExited?(): void;
}

/** Why the orchestrator itself ended an agent. */
export type EndedEarly = 'turn_timeout' | 'stall_timeout' | 'grace' | 'aborted';

/** How one call ended. `failure` is null exactly when the agent did what it was started for. */
export interface AgentResult {
  readonly exit_code: number | null;
  readonly ended_early: EndedEarly | null;
  /** Processes of it were still there after its exit and were ended. */
  readonly left_behind: boolean;
  /** Its closing event said that all was done, whatever happened after that. */
  readonly said_done: boolean;
  readonly failure: Failure | null;
  readonly error_class: ErrorClass | null;
  readonly session_id: string | null;
  /** It failed at a usage limit that it told as such; `resets_at` is UTC, null where it told none. */
  readonly usage_limit: { readonly resets_at: string | null } | null;
  readonly usage: Usage;
  /** The agent's final answer: the closing event's text, or all of stdout (at most 1 MiB) for a plain command. */
  readonly final: string;
  readonly agent_ms: number;
}

/** The part of configuration that decides which agent plays a prompt. */
export interface AgentConfig {
  readonly default: string;
  readonly roles: Readonly<Record<string, string>>;
  readonly prompts: Readonly<Record<string, string>>;
  /** The `agents:` section. */
  readonly agents: Readonly<Record<string, AgentEntry>>;
  /** Folder that `script` is relative to; absolute. */
  readonly workspace: string;
}

/** One entry of `agents:`. */
export interface AgentEntry {
  readonly kind: AgentKind;
  readonly model?: string | undefined;
  readonly effort?: string | undefined;
  readonly args?: readonly string[] | undefined;
  readonly env?: Readonly<Record<string, string>> | undefined;
  readonly bin?: string | undefined;
  readonly permissions?: Permissions | undefined;
  readonly command?: readonly string[] | undefined;
  readonly script?: string | undefined;
}

/** What the command line says about agents. */
export interface AgentFlags {
  readonly agent: string | null;
  readonly roles: Readonly<Record<string, string>>;
  readonly prompts: Readonly<Record<string, string>>;
}

export interface AgentChoice {
  readonly prompt: string;
  readonly actor: string;
  readonly flags: AgentFlags;
  readonly frontMatter: string | null;
  readonly config: AgentConfig;
}

/** A command of the person's, to be run among agents' work. Paths are absolute. */
export interface CommandRequest {
  readonly argv: readonly [string, ...string[]];
  readonly workspace: string;
  readonly variables: Readonly<Record<string, string>>;
  readonly sandbox: SandboxSettings;
  readonly pass_env: readonly string[];
  /** Milliseconds; 0 for none. */
  readonly timeout_ms: number;
}

/** How an attempt stands whose orchestrator is gone. */
export type LeftAttempt =
  /** Its processes are still there. */
  | { readonly state: 'running' }
  /** It neither runs nor left an exit status (or no closing event, where its kind needs one): it must be run again. */
  | { readonly state: 'gone' }
  | { readonly state: 'finished'; readonly result: AgentResult };

/** The room's door: what the loop and the pool may ask of agents. */
export interface Agents {
  /** Whether agents of a kind can be given tools of ours for a call. */
  takesTools(kind: AgentKind): Promise<boolean>;
  choose(choice: AgentChoice): Promise<Result<AgentSpec>>;
  run(request: AgentRequest, observer: AgentObserver, signal: AbortSignal): Promise<AgentResult>;
  /** Runs a setup or a gate to its end, in the agents' sandbox. */
  runCommand(request: CommandRequest, signal: AbortSignal): Promise<Result<ProgramOutput>>;
  /** Makes the folder forget the attempt before. To be called before anything says that a new one may have begun. */
  reset(scratch: string): void;
  /** Looks at an attempt after a crash of the orchestrator. */
  left(attempt: { readonly kind: string; readonly name: string; readonly scratch: string; readonly events: string; /** Where its events begin in the file. Bytes. */ readonly from: number; readonly turn_id: string; readonly workspace: string }): Promise<LeftAttempt>;
  /** The session that an attempt's events tell of; null where they tell none. */
  sessionOf(events: string): Promise<string | null>;
  /** Ends what is left of an attempt's processes, escaped grandchildren too; resolves once none is left. */
  endLeft(attempt: { readonly scratch: string; readonly turn_id: string }): Promise<void>;
  /** Program and version of a kind, for a check-up; null where it is not installed. */
  version(kind: AgentKind, bin: string | undefined): Promise<{ readonly path: string; readonly version: string } | null>;
  /** Lets sandboxes of other workspaces know that this one is there. */
  noteWorkspace(workspace: string): void;
  /** Why there can be no sandbox here; null where there can. */
  sandboxProblem(): Promise<string | null>;
  /** Ends what was started ahead for the next call. */
  close(): void;
}

/** Opens the room; loaded on demand, since most commands start no agent. `ahead`: one agent follows another, so that the next one's shell is started early. */
export async function openAgents(options = { ahead: true }): Promise<Agents> {
  return (await import('./agents.ts')).createAgents(options);
}
