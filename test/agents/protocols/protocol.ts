import { randomUUID } from 'node:crypto';

/** A tool that the model wants used. `name` and `input` are the agent's own, as it declared them. */
export interface ToolUse {
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}

/** What the model says in one answer: words, tools to be used, and what it all cost. Tokens. */
export interface Said {
  readonly text?: string;
  readonly tool?: ToolUse | readonly ToolUse[];
  readonly usage?: { readonly input: number; readonly output: number };
}

/** A request's body. */
export type Body = Readonly<Record<string, unknown>>;

/** How one model API is spoken. */
export interface Protocol {
  readonly name: string;
  /** Whether a request to this path is one to the model. */
  handles(path: string): boolean;
  /** Whether the answer is to come piece by piece. */
  streams(path: string, body: Body): boolean;
  /** Whether the tool asks for something beside its work (a title, a quota): such requests have no tools for the model. */
  beside(body: Body): boolean;
  /** What to say to such a request, where a plain word would not do. */
  aside?(body: Body): string;
  /** The pieces of a stream, each written by itself; at least two. */
  pieces(said: Said): readonly string[];
  /** The answer in one piece. */
  whole(said: Said): unknown;
}

export const DEFAULT_USAGE = { input: 100, output: 10 } as const;

export const toolsOf = (said: Said): readonly ToolUse[] => (said.tool === undefined ? [] : Array.isArray(said.tool) ? (said.tool as readonly ToolUse[]) : [said.tool as ToolUse]);

export const newId = (prefix: string): string => `${prefix}${randomUUID().replaceAll('-', '').slice(0, 20)}`;

/** One event of a stream of server-sent events; `name` where the protocol names them. */
export const sse = (data: unknown, name?: string): string => `${name === undefined ? '' : `event: ${name}\n`}data: ${JSON.stringify(data)}\n\n`;

/** A text in two halves, so that whoever reads it has to join them. */
export const halves = (text: string): string[] => [text.slice(0, Math.ceil(text.length / 2)), text.slice(Math.ceil(text.length / 2))].filter((half) => half !== '');
