import type { AgentKind, AgentRequest } from './contract.ts';
import type { AgentEvent } from './event.ts';

/** The part of a request that a command line is made of. */
export type CommandRequest = Pick<AgentRequest, 'agent' | 'allowed_tools'>;

/** What to start. `argv[0]` is a name for PATH or a path from the workspace; `env` is added to the child's environment. */
export interface AgentCommand {
  readonly argv: readonly [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
}

/** Translates one run's stdout; keeps what it must remember from line to line. */
export interface LineParser {
  /** Events of one line, which has no line break. A line that it does not know becomes `raw`; it never throws. */
  line(text: string): AgentEvent[];
  /** What is known only at the end of the output. */
  end(): AgentEvent[];
}

/** One kind of agent: how it is started, and what its output means. */
export interface AgentAdapter {
  readonly kind: AgentKind;
  /** Whether it tells its own end. If so, that and the exit code must agree; if not, the exit code says it all. */
  readonly structured: boolean;
  command(request: CommandRequest): AgentCommand;
  parser(): LineParser;
}

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
