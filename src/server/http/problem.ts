import { STATUS_CODES } from 'node:http';
import { z } from 'zod';
import { FAILURE_KINDS } from '../../base/failure.ts';
import type { Failure, FailureKind } from '../../base/failure.ts';

export const PROBLEM_TYPE = 'application/problem+json';

const KINDS = Object.keys(FAILURE_KINDS) as [FailureKind, ...FailureKind[]];

/** A failure as RFC 9457 has it: its message is the `detail`, and what else it says stands beside. */
export const Problem = z.object({
  type: z.string(),
  title: z.string(),
  status: z.number().int(),
  detail: z.string(),
  code: z.string().describe('Stable; what a program decides by.'),
  kind: z.enum(KINDS).describe('Sort of failure; decides the status and the exit code of a command line.'),
  hint: z.string().optional().describe('What to do next.'),
  details: z.record(z.string(), z.unknown()).optional(),
});
export type Problem = z.infer<typeof Problem>;

/** A failure on its way to an HTTP client; `status` where HTTP has a better one than the kind's. */
export interface Refusal {
  readonly failure: Failure;
  readonly status: number;
}

export const refusal = (failure: Failure, status: number = FAILURE_KINDS[failure.kind].status): Refusal => ({ failure, status });

export function problemOf({ failure, status }: Refusal): Problem {
  const { code, kind, message, hint, details } = failure;
  return {
    type: `urn:orchestrator:failure:${code}`,
    title: STATUS_CODES[status] ?? 'Client Closed Request',
    status,
    detail: message,
    code,
    kind,
    ...(hint === undefined ? {} : { hint }),
    ...(details === undefined ? {} : { details }),
  };
}

/** The failure that a problem document carries, as it was; null where it is no document of ours. */
export function failureFrom(document: unknown): Failure | null {
  const parsed = Problem.safeParse(document);
  if (!parsed.success) return null;
  const { code, kind, detail, hint, details } = parsed.data;
  return { code, kind, message: detail, ...(hint === undefined ? {} : { hint }), ...(details === undefined ? {} : { details }) };
}
