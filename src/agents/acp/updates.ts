import type { SessionUpdate } from '@agentclientprotocol/sdk';
import type { AgentEvent } from '../event.ts';

/** Translates what an agent tells while it works; keeps what it must remember. */
export interface UpdateReader {
  events(update: SessionUpdate): AgentEvent[];
  /** What was still being said. */
  end(): AgentEvent[];
  /** The last whole message. */
  readonly final: string | undefined;
}

type Tool = Extract<SessionUpdate, { sessionUpdate: 'tool_call' | 'tool_call_update' }>;

export function readUpdates(): UpdateReader {
  let saying: { readonly type: 'message' | 'thinking'; text: string } | null = null;
  let final: string | undefined;
  /** Tools that were told as called, and those that were told as done. */
  const called = new Set<string>();
  const done = new Set<string>();
  const inputs = new Map<string, { readonly name: string; readonly input: unknown }>();

  const said = (): AgentEvent[] => {
    const whole = saying;
    saying = null;
    if (whole === null || whole.text.trim() === '') return [];
    if (whole.type === 'message') final = whole.text;
    return [{ type: whole.type, text: whole.text }];
  };
  const piece = (type: 'message' | 'thinking', text: string): AgentEvent[] => {
    const before = saying === null || saying.type === type ? [] : said();
    saying = { type, text: (saying?.text ?? '') + text };
    return before;
  };

  /** A call is told once its input is known: some agents begin with an empty one. */
  const tool = (update: Tool): AgentEvent[] => {
    const id = update.toolCallId;
    const known = inputs.get(id);
    const entry = { name: update.name ?? known?.name ?? update.title ?? update.kind ?? 'tool', input: update.rawInput ?? known?.input ?? {} };
    inputs.set(id, entry);
    const ended = update.status === 'completed' || update.status === 'failed';
    const events: AgentEvent[] = [];
    if (!called.has(id) && (ended || update.status === 'in_progress')) {
      called.add(id);
      events.push({ type: 'tool_call', id, ...entry });
    }
    if (!ended || done.has(id)) return events;
    done.add(id);
    inputs.delete(id);
    return [...events, { type: 'tool_result', id, is_error: update.status === 'failed', text: textOf(update) }];
  };

  return {
    get final() {
      return final;
    },
    end: said,
    events(update) {
      switch (update.sessionUpdate) {
        case 'agent_message_chunk':
          return update.content.type === 'text' ? piece('message', update.content.text) : [];
        case 'agent_thought_chunk':
          return update.content.type === 'text' ? piece('thinking', update.content.text) : [];
        case 'tool_call':
        case 'tool_call_update':
          return [...said(), ...tool(update)];
        default:
          return [];
      }
    },
  };
}

const textOf = ({ content }: Tool): string =>
  (content ?? []).map((part) => (part.type === 'content' ? (part.content.type === 'text' ? part.content.text : `[${part.content.type}]`) : part.type === 'diff' ? `[changed ${part.path}]` : `[${part.type}]`)).join('\n');
