import { jsonObject, rawLine } from '../adapter.ts';
import type { LineParser } from '../adapter.ts';
import type { AgentEvent } from '../event.ts';
import { claudeErrorClass } from './error-class.ts';
import { claudeLine } from './lines.ts';
import type { ClaudeLine, ClaudeUsage, ContentBlock, ResultLine } from './lines.ts';

/** Model of the messages that claude writes itself, to tell an error. */
const SYNTHETIC = '<synthetic>';

/** So many message ids are kept: blocks of one message follow each other closely. */
const REMEMBERED = 1000;

/** All input counts, cached or not, so that totals mean the same for every kind of agent. */
const inputTokens = (usage: ClaudeUsage): number => usage.input_tokens + usage.cache_creation_input_tokens + usage.cache_read_input_tokens;

export function claudeParser(): LineParser {
  /** Of the last messages: each comes once for every block of it. */
  const counted = new Set<string>();
  const sofar = { input_tokens: 0, output_tokens: 0 };
  /** The error that claude told last; its class is known once the closing line has told the status. */
  let told: { readonly kind: string; readonly message: string } | null = null;

  const result = (line: ResultLine): AgentEvent[] => {
    const usage: AgentEvent[] = line.usage === undefined ? [] : [{ type: 'usage', input_tokens: inputTokens(line.usage), output_tokens: line.usage.output_tokens, cost_usd: line.total_cost_usd ?? null }];
    const denied = line.permission_denials.map((denial): AgentEvent => ({ type: 'permission_requested', text: denial.tool_name }));
    const final = line.result;
    // A failed request has the subtype "success" all the same; is_error tells.
    if (line.subtype === 'success' && !line.is_error) {
      told = null;
      return [...denied, ...usage, { type: 'ended', reason: 'completed', ...(final === undefined ? {} : { final }) }];
    }
    const message = final ?? (line.errors.join('; ') || line.subtype);
    const status = line.api_error_status ?? null;
    const kind = claudeErrorClass({ status, kind: told?.kind ?? null, stop_reason: line.stop_reason, terminal_reason: line.terminal_reason, subtype: line.subtype });
    told = null;
    return [...denied, ...usage, { type: 'error', class: kind, message }, { type: 'ended', reason: 'failed', ...(final === undefined ? {} : { final }) }];
  };

  const events = (line: ClaudeLine): AgentEvent[] => {
    switch (line.type) {
      case 'system': {
        if (line.subtype === 'init') return [{ type: 'session_started', session_id: line.session_id, ...(line.model === undefined ? {} : { model: line.model }) }];
        const { attempt, max_retries, retry_delay_ms, error_status, error: kind } = line;
        const message = `${kind ?? 'error'}${error_status == null ? '' : ` (HTTP ${error_status})`}; try ${attempt} of ${max_retries} follows in ${(retry_delay_ms / 1000).toFixed(1)} s`;
        return [{ type: 'error', class: claudeErrorClass({ status: error_status ?? null, kind: kind === 'unknown' ? 'server_error' : (kind ?? null) }), message }];
      }
      case 'assistant': {
        const { message } = line;
        if (message.model === SYNTHETIC && line.error !== undefined) {
          told = { kind: line.error, message: message.content.map((block) => (block.type === 'text' ? block.text : '')).join('\n') };
          return [];
        }
        if (message.usage === undefined || message.model === SYNTHETIC || counted.has(message.id)) return message.content.map(blockEvent);
        counted.add(message.id);
        if (counted.size > REMEMBERED) for (const oldest of counted) {
          counted.delete(oldest);
          break;
        }
        // A lower bound for limits while it works: claude tells a message's whole input, but not yet its output.
        sofar.input_tokens += inputTokens(message.usage);
        sofar.output_tokens += message.usage.output_tokens;
        return [...message.content.map(blockEvent), { type: 'usage', ...sofar, cost_usd: null }];
      }
      case 'user':
        return line.message.content.map(blockEvent);
      case 'rate_limit_event': {
        const { status, resetsAt } = line.rate_limit_info;
        // It also tells that all is well.
        if (status !== 'rejected') return [];
        return [{ type: 'rate_limited', ...(resetsAt == null ? {} : { resets_at: new Date(resetsAt * 1000).toISOString() }) }];
      }
      case 'result':
        return result(line);
    }
  };

  return {
    line(text) {
      const object = jsonObject(text);
      if (object === null) return text.trim() === '' ? [] : [rawLine(text)];
      const line = claudeLine(object);
      return line === null ? [rawLine(text)] : events(line);
    },
    end: () => (told === null ? [] : [{ type: 'error', class: claudeErrorClass({ status: null, kind: told.kind }), message: told.message }]),
  };
}

function blockEvent(block: ContentBlock): AgentEvent {
  switch (block.type) {
    case 'text':
      return { type: 'message', text: block.text };
    case 'thinking':
      return { type: 'thinking', text: block.thinking };
    case 'tool_use':
      return { type: 'tool_call', id: block.id, name: block.name, input: block.input };
    case 'tool_result': {
      const { content } = block;
      const text = typeof content === 'string' ? content : content.map((part) => (typeof part['text'] === 'string' ? part['text'] : `[${part.type}]`)).join('\n');
      return { type: 'tool_result', id: block.tool_use_id, is_error: block.is_error, text };
    }
  }
}
