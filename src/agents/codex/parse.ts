import { z } from 'zod';
import { jsonObject, rawLine } from '../adapter.ts';
import type { LineParser } from '../adapter.ts';
import type { AgentEvent, Usage } from '../event.ts';
import { codexErrorClass, isUsageLimit } from './error-class.ts';

const tokens = z.number().int().nonnegative().default(0);

const Item = z.discriminatedUnion('type', [
  z.object({ id: z.string(), type: z.literal('agent_message'), text: z.string() }),
  z.object({ id: z.string(), type: z.literal('reasoning'), text: z.string() }),
  z.object({ id: z.string(), type: z.literal('error'), message: z.string() }),
  z.object({
    id: z.string(),
    type: z.literal('command_execution'),
    command: z.string(),
    aggregated_output: z.string().default(''),
    exit_code: z.number().nullish(),
    status: z.string().optional(),
  }),
  z.object({ id: z.string(), type: z.literal('file_change'), changes: z.unknown(), status: z.string().optional() }),
  z.object({
    id: z.string(),
    type: z.literal('mcp_tool_call'),
    server: z.string(),
    tool: z.string(),
    arguments: z.unknown(),
    result: z.unknown(),
    error: z.object({ message: z.string() }).nullish(),
    status: z.string().optional(),
  }),
  z.object({ id: z.string(), type: z.literal('web_search'), query: z.string().default('') }),
  z.object({ id: z.string(), type: z.literal('todo_list'), items: z.unknown() }),
]);
type Item = z.infer<typeof Item>;

/** The lines of `codex exec --json` that mean something to us, as of version 0.169.0. */
const CodexLine = z.discriminatedUnion('type', [
  z.object({ type: z.literal('thread.started'), thread_id: z.string() }),
  z.object({ type: z.literal('turn.started') }),
  z.object({ type: z.enum(['item.started', 'item.updated', 'item.completed']), item: Item }),
  /** `input_tokens` has the cached ones in it. */
  z.object({ type: z.literal('turn.completed'), usage: z.object({ input_tokens: tokens, output_tokens: tokens }) }),
  z.object({ type: z.literal('turn.failed'), error: z.object({ message: z.string() }) }),
  z.object({ type: z.literal('error'), message: z.string() }),
]);
type CodexLine = z.infer<typeof CodexLine>;

/** `used`: of a resumed thread, since codex counts the whole of it. */
export function codexParser(used: Usage = { input_tokens: 0, output_tokens: 0, cost_usd: null }): LineParser {
  const called = new Set<string>();
  let final: string | undefined;
  let told: string | null = null;

  const error = (message: string): AgentEvent[] => {
    // `turn.failed` repeats the `error` line before it.
    if (told === message) return [];
    told = message;
    const event: AgentEvent = { type: 'error', class: codexErrorClass(message), message };
    return isUsageLimit(message) ? [{ type: 'rate_limited' }, event] : [event];
  };

  const item = (phase: 'item.started' | 'item.updated' | 'item.completed', it: Item): AgentEvent[] => {
    if (it.type === 'agent_message' || it.type === 'reasoning' || it.type === 'error') {
      if (phase !== 'item.completed') return [];
      if (it.type === 'reasoning') return [{ type: 'thinking', text: it.text }];
      // An error item is a warning: the turn goes on.
      if (it.type === 'error') return [rawLine(it.message)];
      final = it.text;
      return [{ type: 'message', text: it.text }];
    }
    const call: AgentEvent[] = called.has(it.id) ? [] : [{ type: 'tool_call', id: it.id, ...toolCall(it) }];
    called.add(it.id);
    return phase === 'item.completed' ? [...call, { type: 'tool_result', id: it.id, ...toolResult(it) }] : call;
  };

  const events = (line: CodexLine): AgentEvent[] => {
    switch (line.type) {
      case 'thread.started':
        return [{ type: 'session_started', session_id: line.thread_id }];
      case 'turn.started':
        return [];
      case 'error':
        return error(line.message);
      case 'turn.completed':
        return [
          { type: 'usage', input_tokens: Math.max(0, line.usage.input_tokens - used.input_tokens), output_tokens: Math.max(0, line.usage.output_tokens - used.output_tokens), cost_usd: null },
          { type: 'ended', reason: 'completed', ...(final === undefined ? {} : { final }) },
        ];
      case 'turn.failed':
        return [...error(line.error.message), { type: 'ended', reason: 'failed' }];
      default:
        return item(line.type, line.item);
    }
  };

  return {
    line(text) {
      const object = jsonObject(text);
      if (object === null) return text.trim() === '' ? [] : [rawLine(text)];
      const line = CodexLine.safeParse(object);
      return line.success ? events(line.data) : [rawLine(text)];
    },
    end: () => [],
  };
}

type ToolItem = Exclude<Item, { type: 'agent_message' | 'reasoning' | 'error' }>;

function toolCall(it: ToolItem): { name: string; input: unknown } {
  switch (it.type) {
    case 'command_execution':
      return { name: it.type, input: { command: it.command } };
    case 'file_change':
      return { name: it.type, input: { changes: it.changes } };
    case 'mcp_tool_call':
      return { name: `${it.server}.${it.tool}`, input: it.arguments };
    case 'web_search':
      return { name: it.type, input: { query: it.query } };
    case 'todo_list':
      return { name: it.type, input: { items: it.items } };
  }
}

function toolResult(it: ToolItem): { is_error: boolean; text: string } {
  switch (it.type) {
    case 'command_execution':
      return { is_error: it.status === 'failed' || (it.exit_code ?? 0) !== 0, text: it.aggregated_output };
    case 'mcp_tool_call':
      return { is_error: it.error != null || it.status === 'failed', text: it.error?.message ?? JSON.stringify(it.result ?? null) };
    case 'file_change':
      return { is_error: it.status === 'failed', text: '' };
    default:
      return { is_error: false, text: '' };
  }
}
