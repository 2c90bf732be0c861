import type { AgentKind, AgentRequest } from './contract.ts';
import type { AgentEvent, Usage } from './event.ts';

/** The part of a request that a command line is made of. */
export interface CommandRequest extends Pick<AgentRequest, 'agent' | 'allowed_tools' | 'resume' | 'tools' | 'max_cost_usd' | 'scratch'> {
  /** Whether it runs in our sandbox, where its own prompts and fences can be off. */
  readonly sandboxed: boolean;
  /** Its environment, but for what the command adds. */
  readonly env: Readonly<Record<string, string>>;
}

/** What to start. `argv[0]` is a name for PATH or a path from the workspace; `env` is added to the child's environment. */
export interface AgentCommand {
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  /** Files that it reads, by absolute path below the request's `scratch`; written before it starts. */
  readonly files?: Readonly<Record<string, string>>;
  /** Links to what is the person's own, by absolute path below `scratch`. A folder that stands there is left. */
  readonly links?: Readonly<Record<string, string>>;
}

/** Translates one run's stdout; keeps what it must remember from line to line. */
export interface LineParser {
  /** Events of one line, which has no line break. A line that it does not know becomes `raw`; it never throws. */
  line(text: string): AgentEvent[];
  /** What is known only at the end of the output. `exit_code`: null when it was ended. */
  end(exit_code: number | null): AgentEvent[];
}

/** One kind of agent: how it is started, and what its output means. */
export interface AgentAdapter {
  readonly kind: AgentKind;
  /** Whether it tells its own end. If so, that and the exit code must agree; if not, the exit code says it all. */
  readonly structured: boolean;
  /** Whether a session can be gone on with by its id, and whether it can be given tools of ours. */
  readonly resumes: boolean;
  readonly takes_tools: boolean;
  /** Folders and files of its own state, which a sandbox must leave writable; absolute. `env`: its environment. */
  state(env: Readonly<Record<string, string>>): readonly string[];
  /** Of that state what makes the tool run programs of its own accord (hooks, plugins, servers), now or when a person starts it later; absolute. */
  settings?(env: Readonly<Record<string, string>>): readonly string[];
  /** Folders below `scratch` that it must be able to write, though the rest of it is ours. */
  ownState?(scratch: string): readonly string[];
  command(request: CommandRequest): AgentCommand;
  /** `used`: what a resumed session had used before this run. */
  parser(used?: Usage): LineParser;
}

/** Name under which our tools are known to every agent. */
export const TOOL_SERVER = 'orchestrator';

/** A call of a tool may wait for a person: so long an agent waits for its answer. Milliseconds. */
export const TOOL_PATIENCE_MS = 24 * 60 * 60 * 1000;

/** So long it may take our server to start on a busy machine. Milliseconds. */
export const TOOL_START_MS = 60_000;

/** How an agent may act: `auto` means without prompts in our sandbox, and edits of the workspace only outside it. */
export const freedom = ({ agent, sandboxed }: Pick<CommandRequest, 'agent' | 'sandboxed'>): 'all' | 'edits' | 'asks' =>
  agent.permissions === 'bypass' || (agent.permissions === 'auto' && sandboxed) ? 'all' : agent.permissions === 'auto' ? 'edits' : 'asks';

export const rawLine = (text: string): AgentEvent => ({ type: 'raw', stream: 'stdout', text });

/** A line's JSON object; null when it is none. */
export function jsonObject(line: string): Record<string, unknown> | null {
  if (!line.startsWith('{')) return null;
  try {
    return JSON.parse(line) as Record<string, unknown>;
  } catch {
    return null;
  }
}
