import { z } from 'zod';

/**
 * The lines of `claude -p --output-format stream-json --verbose` that mean something to us, as of version 2.1.197.
 * Only what is read is named, and what may be missing in another version is optional.
 */

const tokens = z.number().int().nonnegative().default(0);

const ClaudeUsage = z.object({
  input_tokens: tokens,
  cache_creation_input_tokens: tokens,
  cache_read_input_tokens: tokens,
  output_tokens: tokens,
});
export type ClaudeUsage = z.infer<typeof ClaudeUsage>;

const ContentBlock = z.discriminatedUnion('type', [
  z.object({ type: z.literal('text'), text: z.string() }),
  z.object({ type: z.literal('thinking'), thinking: z.string() }),
  z.object({ type: z.literal('tool_use'), id: z.string(), name: z.string(), input: z.unknown() }),
  z.object({
    type: z.literal('tool_result'),
    tool_use_id: z.string(),
    is_error: z.boolean().default(false),
    content: z.union([z.string(), z.array(z.looseObject({ type: z.string() }))]).default(''),
  }),
]);
export type ContentBlock = z.infer<typeof ContentBlock>;

const Init = z.object({ type: z.literal('system'), subtype: z.literal('init'), session_id: z.string(), model: z.string().optional() });

const ApiRetry = z.object({
  type: z.literal('system'),
  subtype: z.literal('api_retry'),
  attempt: z.number(),
  max_retries: z.number(),
  retry_delay_ms: z.number(),
  error_status: z.number().nullish(),
  error: z.string().nullish(),
});

const Assistant = z.object({
  type: z.literal('assistant'),
  message: z.object({
    id: z.string(),
    model: z.string().optional(),
    stop_reason: z.string().nullish(),
    content: z.array(ContentBlock),
    usage: ClaudeUsage.optional(),
  }),
  /** Kind of an error; the message is then its text. */
  error: z.string().optional(),
});

const User = z.object({ type: z.literal('user'), message: z.object({ content: z.array(ContentBlock) }) });

const RateLimit = z.object({
  type: z.literal('rate_limit_event'),
  /** `resetsAt` in seconds since 1970. */
  rate_limit_info: z.object({ status: z.string(), resetsAt: z.number().nullish() }),
});

const ResultLine = z.object({
  type: z.literal('result'),
  subtype: z.string(),
  is_error: z.boolean(),
  api_error_status: z.number().nullish(),
  result: z.string().optional(),
  errors: z.array(z.string()).default([]),
  stop_reason: z.string().nullish(),
  terminal_reason: z.string().nullish(),
  session_id: z.string().optional(),
  total_cost_usd: z.number().nonnegative().nullish(),
  usage: ClaudeUsage.optional(),
  permission_denials: z.array(z.looseObject({ tool_name: z.string() })).default([]),
});
export type ResultLine = z.infer<typeof ResultLine>;

export type ClaudeLine = z.infer<typeof Init | typeof ApiRetry | typeof Assistant | typeof User | typeof RateLimit | typeof ResultLine>;

/** By `type`, and `subtype` where that tells lines apart: trying one shape after another costs more than the rest of the work. */
const SHAPES: Readonly<Record<string, z.ZodType<ClaudeLine>>> = {
  'system/init': Init,
  'system/api_retry': ApiRetry,
  assistant: Assistant,
  user: User,
  rate_limit_event: RateLimit,
  result: ResultLine,
};

/** A line that means something to us; null for any other. */
export function claudeLine(object: Record<string, unknown>): ClaudeLine | null {
  const { type, subtype } = object;
  const name = type === 'system' ? `system/${String(subtype)}` : String(type);
  const parsed = Object.hasOwn(SHAPES, name) ? SHAPES[name]?.safeParse(object) : undefined;
  return parsed?.success === true ? parsed.data : null;
}
