import { z } from 'zod';
import { jsonObject, rawLine } from '../adapter.ts';
import type { LineParser } from '../adapter.ts';
import type { AgentEvent } from '../event.ts';
import { opencodeErrorClass } from './error-class.ts';

const tokens = z.number().nonnegative().default(0).transform(Math.round);

const Tokens = z.object({
  input: tokens,
  output: tokens,
  reasoning: tokens,
  cache: z.object({ read: tokens, write: tokens }).prefault({}),
});

/** The lines of `opencode run --format json` that mean something to us, as of version 1.18.33. */
const OpencodeLine = z.discriminatedUnion('type', [
  z.object({ type: z.literal('step_start') }),
  z.object({ type: z.literal('text'), part: z.object({ text: z.string(), synthetic: z.boolean().default(false) }) }),
  z.object({ type: z.literal('reasoning'), part: z.object({ text: z.string() }) }),
  z.object({
    type: z.literal('tool_use'),
    part: z.object({
      tool: z.string(),
      callID: z.string(),
      state: z.object({
        status: z.string(),
        input: z.unknown(),
        output: z.string().default(''),
        error: z.string().optional(),
        metadata: z.looseObject({ exit: z.number().nullish() }).optional().catch(undefined),
      }),
    }),
  }),
  z.object({ type: z.literal('step_finish'), part: z.object({ reason: z.string(), tokens: Tokens, cost: z.number().nonnegative().default(0) }) }),
  z.object({
    type: z.literal('error'),
    error: z.object({ name: z.string(), data: z.looseObject({ message: z.string().optional(), statusCode: z.number().nullish(), isRetryable: z.boolean().optional() }).optional() }),
  }),
]);
type OpencodeLine = z.infer<typeof OpencodeLine>;

const Session = z.object({ sessionID: z.string() });

export function opencodeParser(): LineParser {
  let session: string | null = null;
  let final: string | undefined;
  const used = { input_tokens: 0, output_tokens: 0, cost: 0 };
  /** Whether the last that was heard is that the model had no more to say. */
  let stopped = false;
  let failed = false;

  const events = (line: OpencodeLine): AgentEvent[] => {
    switch (line.type) {
      case 'step_start':
        stopped = false;
        return [];
      case 'text':
        // Said by opencode in the person's name, to go on after it shortened the conversation.
        if (line.part.synthetic) return [];
        final = line.part.text;
        return [{ type: 'message', text: line.part.text }];
      case 'reasoning':
        return [{ type: 'thinking', text: line.part.text }];
      case 'tool_use': {
        const { tool, callID, state } = line.part;
        const text = state.error ?? state.output;
        return [
          { type: 'tool_call', id: callID, name: tool, input: state.input },
          { type: 'tool_result', id: callID, is_error: state.status === 'error' || (state.metadata?.exit ?? 0) !== 0, text },
        ];
      }
      case 'step_finish': {
        const { input, output, reasoning, cache } = line.part.tokens;
        used.input_tokens += input + cache.read + cache.write;
        used.output_tokens += output + reasoning;
        used.cost += line.part.cost;
        stopped = line.part.reason === 'stop';
        // It says 0 for a model of which it does not know the price.
        return [{ type: 'usage', input_tokens: used.input_tokens, output_tokens: used.output_tokens, cost_usd: used.cost === 0 ? null : used.cost }];
      }
      case 'error': {
        failed = true;
        stopped = false;
        const { name, data } = line.error;
        return [{ type: 'error', class: opencodeErrorClass({ name, status: data?.statusCode ?? null, retryable: data?.isRetryable === true }), message: data?.message ?? name }];
      }
    }
  };

  return {
    line(text) {
      const object = jsonObject(text);
      if (object === null) return text.trim() === '' ? [] : [rawLine(text)];
      const begun: AgentEvent[] = [];
      const named = session === null ? Session.safeParse(object) : null;
      if (named?.success === true) {
        session = named.data.sessionID;
        begun.push({ type: 'session_started', session_id: session });
      }
      const line = OpencodeLine.safeParse(object);
      return [...begun, ...(line.success ? events(line.data) : [rawLine(text)])];
    },
    // It has no closing line, and a step that stops need not be the last: it may shorten the conversation and go on.
    end(exit_code) {
      const last = final === undefined ? {} : { final };
      if (stopped && exit_code === 0) return [{ type: 'ended', reason: 'completed', ...last }];
      return failed ? [{ type: 'ended', reason: 'failed', ...last }] : [];
    },
  };
}
