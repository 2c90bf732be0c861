import { z } from 'zod';

/**
 * The one vocabulary of what happens while an agent works, whatever its kind. Adapters translate into it; the log, the
 * live view, limits and records read nothing else.
 */

/** Classes of an agent's error; taken from typed fields of its output, never from what it says. */
export const ErrorClass = z.enum([
  'auth',
  'quota',
  'rate_limit',
  'overloaded',
  'context_overflow',
  'network',
  'refusal',
  'crash',
  'protocol',
]);
export type ErrorClass = z.infer<typeof ErrorClass>;

const tokens = z.number().int().nonnegative();

/** Totals of one agent run so far: absolute, never a delta. `cost_usd` is null where the tool tells none. */
export const Usage = z.object({
  input_tokens: tokens,
  output_tokens: tokens,
  cost_usd: z.number().nonnegative().nullable(),
});
export type Usage = z.infer<typeof Usage>;

export const AgentEvent = z.discriminatedUnion('type', [
  z.object({ type: z.literal('session_started'), session_id: z.string().nullable(), model: z.string().optional() }),
  z.object({ type: z.literal('message'), text: z.string() }),
  z.object({ type: z.literal('thinking'), text: z.string() }),
  z.object({ type: z.literal('tool_call'), id: z.string().optional(), name: z.string(), input: z.unknown() }),
  z.object({ type: z.literal('tool_result'), id: z.string().optional(), is_error: z.boolean(), text: z.string() }),
  Usage.extend({ type: z.literal('usage') }),
  z.object({ type: z.literal('rate_limited'), resets_at: z.string().optional() }),
  z.object({ type: z.literal('permission_requested'), text: z.string() }),
  z.object({ type: z.literal('question'), text: z.string(), options: z.array(z.string()).optional() }),
  z.object({ type: z.literal('error'), class: ErrorClass, message: z.string() }),
  /** The agent's own closing word; `final` is its last message where the tool marks one. */
  z.object({ type: z.literal('ended'), reason: z.enum(['completed', 'failed']), final: z.string().optional() }),
  /** A line that the adapter does not know, or plain output. Kept, shown, never fatal. */
  z.object({ type: z.literal('raw'), stream: z.enum(['stdout', 'stderr']), text: z.string() }),
]);
export type AgentEvent = z.infer<typeof AgentEvent>;
