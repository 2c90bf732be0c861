import { z } from 'zod';
import { fail, ok } from '../base/failure.ts';
import type { Failure, Result } from '../base/failure.ts';
import type { AgentResult } from '../agents/contract.ts';

/** What an agent may write to the path in `ORCHESTRATOR_OUTCOME`. */
export const OutcomeReport = z.strictObject({
  outcome: z.enum(['ok', 'blocked', 'complete', 'failed']),
  summary: z.string().nullish(),
  next_prompt: z.string().nullish(),
  question: z.string().nullish(),
  options: z.array(z.string()).nullish(),
});
export type OutcomeReport = z.infer<typeof OutcomeReport>;

/** Parses an outcome file. Failure `outcome_invalid` says what is wrong with it. */
export function parseOutcome(content: string): Result<OutcomeReport> {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    return fail(outcomeInvalid(`it is not valid JSON (${error instanceof Error ? error.message : String(error)})`));
  }
  const parsed = OutcomeReport.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  const issue = parsed.error.issues[0];
  return fail(outcomeInvalid(`${issue?.path.join('.') || 'the document'}: ${issue?.message ?? 'wrong shape'}`));
}

export function outcomeInvalid(why: string): Failure {
  return {
    code: 'outcome_invalid',
    kind: 'failed',
    message: `The agent's outcome file cannot be used: ${why}.`,
    hint: 'It must be {"outcome": "ok|blocked|complete|failed", "summary"?, "next_prompt"?, "question"?}.',
  };
}

/** How a turn ended. `failure` says why, where it is not simply done. */
export type Conclusion =
  | { readonly kind: 'ok'; readonly summary: string | null; readonly next_prompt: string | null }
  | { readonly kind: 'complete'; readonly summary: string | null; readonly next_prompt: string | null }
  | { readonly kind: 'blocked'; readonly failure: Failure }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'interrupted'; readonly failure: Failure };

/**
 * Joins what the process did with what the agent reported. An agent that did not end well has failed, whatever it
 * wrote; without a report, having ended well is ok. What an agent says in prose is never looked at.
 */
export function concludeAgent(agent: Pick<AgentResult, 'failure'>, report: Result<OutcomeReport> | null): Conclusion {
  if (agent.failure !== null) return { kind: 'failed', failure: agent.failure };
  if (report === null) return { kind: 'ok', summary: null, next_prompt: null };
  if (!report.ok) return { kind: 'failed', failure: report.failure };
  const { outcome, summary, next_prompt, question } = report.value;
  const said = { summary: summary ?? null, next_prompt: next_prompt ?? null };
  if (outcome === 'ok' || outcome === 'complete') return { kind: outcome, ...said };
  const words = summary ?? question ?? 'no reason was given';
  if (outcome === 'failed') {
    return { kind: 'failed', failure: { code: 'agent_reported_failure', kind: 'failed', message: `The agent reported that it failed: ${words}` } };
  }
  return {
    kind: 'blocked',
    failure: {
      code: 'blocked',
      kind: 'needs_person',
      message: `The agent is blocked: ${words}`,
      hint: 'See to what it needs, then run again: the turn is repeated.',
      details: { summary: summary ?? null, question: question ?? null, options: report.value.options ?? null },
    },
  };
}
