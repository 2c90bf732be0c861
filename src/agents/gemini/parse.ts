import { z } from 'zod';
import { jsonObject, rawLine } from '../adapter.ts';
import type { LineParser } from '../adapter.ts';
import type { AgentEvent } from '../event.ts';
import { geminiErrorClass, geminiExitClass, isDailyQuota } from './error-class.ts';

const tokens = z.number().int().nonnegative().default(0);

/** The lines of `gemini --output-format stream-json` that mean something to us, as of version 0.61.0. */
const GeminiLine = z.discriminatedUnion('type', [
  z.object({ type: z.literal('init'), session_id: z.string(), model: z.string().optional() }),
  z.object({ type: z.literal('message'), role: z.string(), content: z.string(), delta: z.boolean().default(false) }),
  z.object({ type: z.literal('tool_use'), tool_name: z.string(), tool_id: z.string(), parameters: z.unknown() }),
  z.object({ type: z.literal('tool_result'), tool_id: z.string(), status: z.string(), output: z.string().nullish(), error: z.object({ message: z.string() }).nullish() }),
  z.object({ type: z.literal('error'), severity: z.string(), message: z.string() }),
  z.object({
    type: z.literal('result'),
    status: z.string(),
    error: z.object({ message: z.string() }).nullish(),
    stats: z.object({ total_tokens: tokens, input_tokens: tokens, output_tokens: tokens }).optional(),
  }),
]);
type GeminiLine = z.infer<typeof GeminiLine>;

export function geminiParser(): LineParser {
  /** Pieces of the message that is being said. */
  let pieces: string[] = [];
  let final: string | undefined;
  let told = false;
  /** An error of which only the exit code can tell the class. */
  let unclassed: string | null = null;
  let closed = false;

  const said = (): AgentEvent[] => {
    const text = pieces.join('');
    pieces = [];
    if (text.trim() === '') return [];
    final = text;
    return [{ type: 'message', text }];
  };

  const failed = (message: string): AgentEvent[] => {
    const known = geminiErrorClass(message);
    if (known === null) {
      unclassed = message;
      return [];
    }
    told = true;
    return [...(isDailyQuota(message) ? [{ type: 'rate_limited' as const }] : []), { type: 'error', class: known, message }];
  };

  const events = (line: GeminiLine): AgentEvent[] => {
    switch (line.type) {
      case 'init':
        return [{ type: 'session_started', session_id: line.session_id, ...(line.model === undefined ? {} : { model: line.model }) }];
      case 'message':
        // It repeats the prompt as the user's message.
        if (line.role !== 'assistant') return [];
        if (!line.delta) pieces = [];
        pieces.push(line.content);
        return line.delta ? [] : said();
      case 'tool_use':
        return [{ type: 'tool_call', id: line.tool_id, name: line.tool_name, input: line.parameters }];
      case 'tool_result':
        return [{ type: 'tool_result', id: line.tool_id, is_error: line.status !== 'success', text: line.error?.message ?? line.output ?? '' }];
      case 'error':
        // A warning; what ends the run is told by `result` again.
        return [rawLine(`${line.severity}: ${line.message}`)];
      case 'result': {
        closed = true;
        const { stats } = line;
        // Thoughts are in the total alone.
        const usage: AgentEvent[] = stats === undefined ? [] : [{ type: 'usage', input_tokens: stats.input_tokens, output_tokens: Math.max(stats.output_tokens, stats.total_tokens - stats.input_tokens), cost_usd: null }];
        const last = final === undefined ? {} : { final };
        if (line.status === 'success') return [...usage, { type: 'ended', reason: 'completed', ...last }];
        return [...usage, ...failed(line.error?.message ?? line.status), { type: 'ended', reason: 'failed', ...last }];
      }
    }
  };

  return {
    line(text) {
      const object = jsonObject(text);
      if (object === null) return text.trim() === '' ? [] : [rawLine(text)];
      const line = GeminiLine.safeParse(object);
      if (!line.success) return [rawLine(text)];
      const whole = line.data.type === 'message' && line.data.role === 'assistant' ? [] : said();
      return [...whole, ...events(line.data)];
    },
    end(exit_code) {
      const last = said();
      const byCode = exit_code === null ? null : geminiExitClass(exit_code);
      if (unclassed !== null) return [...last, { type: 'error', class: byCode ?? 'crash', message: unclassed }];
      // It could not even begin: stderr has the words.
      if (!closed && !told && byCode !== null) return [...last, { type: 'error', class: byCode, message: `gemini ended with ${exit_code}` }];
      return last;
    },
  };
}
