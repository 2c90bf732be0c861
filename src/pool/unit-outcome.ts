import { z } from 'zod';
import type { AgentResult } from '../agents/contract.ts';
import { fail, ok } from '../base/failure.ts';
import type { Failure, Result } from '../base/failure.ts';
import type { UnitPhase } from './unit.ts';

/** What a unit's agent may write to the path in `ORCHESTRATOR_OUTCOME`. */
export const UnitOutcome = z.strictObject({
  outcome: z.enum(['ok', 'blocked', 'complete', 'failed']),
  summary: z.string().max(100_000).nullish(),
  next_prompt: z.string().nullish(),
  question: z.string().max(20_000).nullish(),
  options: z.array(z.string().max(2000)).max(50).nullish(),
  /** In REVIEW alone. */
  review: z.enum(['approve', 'feedback', 'escalate']).nullish(),
  notes: z.array(z.string().max(20_000)).max(200).nullish(),
});
export type UnitOutcome = z.infer<typeof UnitOutcome>;

/** How a phase ended, by its agent's process and report. */
export type PhaseEnd =
  | { readonly kind: 'done'; readonly summary: string | null }
  | { readonly kind: 'feedback'; readonly notes: readonly string[] }
  | { readonly kind: 'escalated'; readonly reason: string }
  | { readonly kind: 'question'; readonly question: string; readonly options: readonly string[] | null }
  /** Asked in the middle of the call, and answered when the agent had ended. */
  | { readonly kind: 'answered'; readonly question: string; readonly answer: string }
  | { readonly kind: 'overspent'; readonly failure: Failure }
  | { readonly kind: 'failed'; readonly failure: Failure }
  | { readonly kind: 'agent_error'; readonly failure: Failure; readonly passing: boolean }
  | { readonly kind: 'usage_limit'; readonly resets_at: string | null; readonly failure: Failure }
  | { readonly kind: 'unfit'; readonly failure: Failure };

export function parseUnitOutcome(content: string): Result<UnitOutcome> {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch (error) {
    return fail(unfit(`it is not valid JSON (${error instanceof Error ? error.message : String(error)})`));
  }
  const parsed = UnitOutcome.safeParse(value);
  if (parsed.success) return ok(parsed.data);
  const [issue] = parsed.error.issues;
  return fail(unfit(`${issue?.path.join('.') || 'the document'}: ${issue?.message ?? 'wrong shape'}`));
}

export function unfit(why: string): Failure {
  return { code: 'outcome_invalid', kind: 'failed', message: `The agent's outcome file cannot be used: ${why}.`, hint: 'It must be {"outcome": "ok|blocked|complete|failed", "summary"?, "question"?, "options"?}, in REVIEW with "review": "approve|feedback|escalate" and "notes"?.' };
}

/** Errors that pass by themselves, so that the same call may be made again after a while. */
const PASSING = new Set(['network', 'overloaded', 'rate_limit']);

/**
 * Joins what the process did with what the agent reported, by types alone. Without a report a phase that ended well is
 * done; a review without a verdict is none.
 */
export function concludePhase(phase: UnitPhase, agent: Pick<AgentResult, 'failure' | 'error_class' | 'usage_limit'>, report: Result<UnitOutcome> | null): PhaseEnd {
  if (agent.usage_limit !== null && agent.failure !== null) return { kind: 'usage_limit', resets_at: agent.usage_limit.resets_at, failure: agent.failure };
  if (agent.failure !== null) return { kind: 'agent_error', failure: agent.failure, passing: agent.error_class !== null && PASSING.has(agent.error_class) };
  if (report !== null && !report.ok) return { kind: 'unfit', failure: report.failure };
  const said = report?.value ?? null;
  if (said?.outcome === 'failed') return { kind: 'failed', failure: { code: 'agent_reported_failure', kind: 'failed', message: `The agent reported that it failed: ${said.summary ?? 'no reason was given'}` } };
  if (said?.outcome === 'blocked') return { kind: 'question', question: said.question ?? said.summary ?? 'The agent is blocked and gave no reason.', options: said.options ?? null };
  if (phase !== 'REVIEW') {
    const verdict = said?.review ?? null;
    return verdict === null ? { kind: 'done', summary: said?.summary ?? null } : { kind: 'unfit', failure: unfit(`"review" belongs to REVIEW, and this was ${phase}`) };
  }
  const notes = said?.notes ?? [];
  switch (said?.review ?? null) {
    case 'approve':
      return { kind: 'done', summary: said?.summary ?? null };
    case 'feedback':
      return { kind: 'feedback', notes: notes.length > 0 ? notes : [said?.summary ?? 'The reviewer is not content, and gave no notes.'] };
    case 'escalate':
      return { kind: 'escalated', reason: [said?.summary ?? 'The reviewer hands it to a person.', ...notes].join('\n') };
    case null:
      return { kind: 'unfit', failure: { code: 'review_without_verdict', kind: 'failed', message: 'The reviewer ended without a verdict.', hint: 'It must write {"outcome": "ok", "review": "approve|feedback|escalate"} to ORCHESTRATOR_OUTCOME.' } };
  }
}
