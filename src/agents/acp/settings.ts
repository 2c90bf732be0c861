import { z } from 'zod';

/** What the client program is to do with the agent; its only argument is the path of this as JSON. */
export const AcpSettings = z.strictObject({
  argv: z.tuple([z.string()], z.string()),
  /** What it allows when the agent asks: everything, edits of files, or nothing. */
  freedom: z.enum(['all', 'edits', 'asks']),
  model: z.string().optional(),
  effort: z.string().optional(),
  /** Session to go on with. */
  session_id: z.string().optional(),
  /** An MCP server on stdio. `pass`: names of variables of the client's own environment. */
  tools: z.strictObject({ argv: z.tuple([z.string()], z.string()), pass: z.array(z.string()) }).optional(),
});
export type AcpSettings = z.infer<typeof AcpSettings>;
