import type { Failure } from '../base/failure.ts';
import { branchTip } from '../git/head.ts';
import { decideLimit } from '../loop/contract.ts';
import { backupRef } from './backups.ts';
import { agentFor, unitSettings } from './phase-call.ts';
import type { AgentPhase, PhaseCall } from './phase-call.ts';
import type { PoolRuntime } from './runtime.ts';
import { finishUpdate } from './target-update.ts';
import { MAX_REVIEW_ROUNDS } from './transition.ts';
import type { Beside } from './unit-book.ts';
import { commitWork } from './unit-commit.ts';
import { concludePhase } from './unit-outcome.ts';
import type { PhaseEnd } from './unit-outcome.ts';
import type { AttentionKind, Unit, UnitPhase } from './unit.ts';
import type { UnitPlace } from './worktrees.ts';

/** Each later try of the same call waits longer. Milliseconds. */
const BACKOFF_MS = [5_000, 30_000, 120_000] as const;

/** Where a unit goes after a phase: on, back to another one, or nowhere for now. `beside` is to be written with that step. */
export interface Next {
  readonly to: 'on' | UnitPhase | null;
  readonly beside: Beside;
}

export const STAYS: Next = { to: null, beside: {} };

export async function needsPerson(pool: PoolRuntime, chunk: string, kind: AttentionKind, attention_reason: string, more: { readonly question?: { question: string; options: string[] | null }; readonly beside?: Beside } = {}): Promise<void> {
  await pool.units.change(chunk, { event: 'attention', payload: { kind, attention_reason, question: more.question ?? null } }, more.beside ?? {});
}

/** What follows an agent's end: its work is committed, its report decides where the unit goes. */
export async function afterCall(pool: PoolRuntime, chunk: string, phase: AgentPhase, place: UnitPlace, base: string, call: PhaseCall, signal: AbortSignal): Promise<Next> {
  const unit = pool.units.live.get(chunk);
  if (unit === undefined) return STAYS;
  const { result, report } = call;
  const usage = { input_tokens: unit.usage.input_tokens + result.usage.input_tokens, output_tokens: unit.usage.output_tokens + result.usage.output_tokens, cost_usd: unit.usage.cost_usd === null && result.usage.cost_usd === null ? null : (unit.usage.cost_usd ?? 0) + (result.usage.cost_usd ?? 0) };
  const session = result.session_id === null ? null : { id: result.session_id, agent: call.attempt.agent.name, phase, used: result.usage };
  const beside: Beside = { usage, session, question: null };
  // Cut short from outside: what the next start or the cancellation does with it is not decided here.
  if (signal.aborted) {
    await pool.units.note(chunk, beside, 'unit.usage');
    return STAYS;
  }
  // An update from the target that we began is finished by us; any other half-done merge is the agent's fault.
  const unresolved = await finishUpdate(pool, unit, place);
  if (unresolved !== null) {
    await needsPerson(pool, chunk, 'MERGE_CONFLICT', unresolved, { beside });
    return STAYS;
  }
  const target = await branchTip(pool.repository, pool.target);
  const ended = heldBy(call, concludePhase(phase, result, report));
  const work = await commitWork(place, { ...unit, phase, agent: call.attempt.agent }, base, target ?? base, unitSettings(pool, place), `${chunk}: ${phase.toLowerCase()}`);
  if (work.failure !== null) {
    await keepBase(pool, unit, base, work.failure);
    await needsPerson(pool, chunk, 'VALIDATION', work.failure.message, { beside });
    return STAYS;
  }
  if (phase === 'IMPLEMENT' && ended.kind === 'done' && report === null && work.skipped.length === 0 && work.head === base && !(await hasChanged(place, unit))) {
    await needsPerson(pool, chunk, 'VALIDATION', 'Its agent came to its end without changing anything, and without saying that nothing is to be done.', { beside });
    return STAYS;
  }
  for (const { path, reason } of work.skipped) pool.log.warn(`not committed: ${reason}`, { chunk, path });
  return await proceed(pool, { ...unit, usage, session }, phase, ended, beside);
}

/** Whether a unit's branch holds anything beside its own goal. */
async function hasChanged({ repository }: UnitPlace, unit: Unit): Promise<boolean> {
  if (unit.base === null) return false;
  const text = await repository.git.run(['diff', '--name-only', '--no-renames', '-z', unit.base, 'HEAD']);
  return text.split('\0').some((path) => path !== '' && !path.endsWith('/GOAL.md'));
}

/** A question without an answer weighs more than what the agent made of its end. One that was answered too late for it is answered now. */
function heldBy({ open, result, overspent }: PhaseCall, ended: PhaseEnd): PhaseEnd {
  // Work that was finished is paid for; nothing more is started after it.
  if (overspent !== null && ended.kind === 'agent_error') return { kind: 'overspent', failure: overspent };
  if (open === null || result.usage_limit !== null || ended.kind === 'failed') return ended;
  return open.answer === null ? { kind: 'question', question: open.question, options: open.options } : { kind: 'answered', question: open.question, answer: open.answer };
}

/** A branch that lost its commits keeps them under a backup ref. */
async function keepBase(pool: PoolRuntime, unit: Unit, base: string, failure: Failure): Promise<void> {
  if (failure.code === 'history_rewritten' || failure.code === 'branch_changed') await backupRef(pool.repository.git, unit.chunk, base);
}

async function proceed(pool: PoolRuntime, unit: Unit, phase: AgentPhase, ended: PhaseEnd, beside: Beside): Promise<Next> {
  const { chunk } = unit;
  switch (ended.kind) {
    case 'done':
      // The answer has done its work; so have the notes, once they were worked on.
      return { to: 'on', beside: { ...beside, answer: null, errors: 0, ...(phase === 'IMPLEMENT' ? { notes: [] } : {}) } };
    case 'feedback': {
      const rounds = unit.review_rounds + 1;
      if (rounds <= MAX_REVIEW_ROUNDS) return { to: 'IMPLEMENT', beside: { ...beside, review_rounds: rounds, notes: [...ended.notes], answer: null } };
      await needsPerson(pool, chunk, 'REVIEW_ESCALATED', `The reviewer is not content after ${MAX_REVIEW_ROUNDS} rounds: ${ended.notes.join(' ')}`, { beside });
      return STAYS;
    }
    case 'escalated':
      await needsPerson(pool, chunk, 'REVIEW_ESCALATED', ended.reason, { beside });
      return STAYS;
    case 'question':
      await needsPerson(pool, chunk, 'QUESTION', `Its agent asks: ${ended.question}`, { question: { question: ended.question, options: ended.options === null ? null : [...ended.options] }, beside: { usage: unit.usage, session: unit.session } });
      return STAYS;
    case 'answered':
      await pool.units.change(chunk, { event: 'requeue', payload: { phase, why: 'its question was answered', not_before: null } }, { ...beside, answer: { question: ended.question, text: ended.answer } });
      pool.wake();
      return STAYS;
    case 'overspent':
      await needsPerson(pool, chunk, 'BUDGET', ended.failure.message, { beside });
      return STAYS;
    case 'failed':
      await pool.units.change(chunk, { event: 'fail', payload: { code: ended.failure.code, message: ended.failure.message } }, beside);
      return STAYS;
    case 'unfit':
      await needsPerson(pool, chunk, 'VALIDATION', ended.failure.message, { beside });
      return STAYS;
    case 'usage_limit':
      return await atLimit(pool, unit, phase, ended, beside);
    case 'agent_error':
      return await afterError(pool, unit, phase, ended, beside);
  }
}

async function atLimit(pool: PoolRuntime, unit: Unit, phase: AgentPhase, ended: Extract<PhaseEnd, { kind: 'usage_limit' }>, beside: Beside): Promise<Next> {
  const { chunk } = unit;
  const { limits, agent } = pool.config();
  const now = pool.clock.now();
  const reached = { agent: unit.agent.name, resets_at: ended.resets_at === null ? null : new Date(ended.resets_at), session_id: unit.session?.id ?? null, waited: unit.errors >= BACKOFF_MS.length, spent: [unit.agent.name] };
  const decision = decideLimit(reached, { on_usage_limit: limits.on_usage_limit, max_limit_wait: limits.max_limit_wait ?? null, fallback: agent.fallback }, now);
  if (decision.act === 'fail') await needsPerson(pool, chunk, 'BUDGET', decision.failure.message, { beside });
  else if (decision.act === 'wait') await pool.units.change(chunk, { event: 'requeue', payload: { phase, why: `${unit.agent.name} has come to its usage limit`, not_before: decision.until.toISOString() } }, { ...beside, limited: unit.agent.name, errors: unit.errors + 1 });
  else {
    const next = await agentFor(pool, phase, decision.agent);
    if (!next.ok) await needsPerson(pool, chunk, 'AGENT_ERROR', next.failure.message, { beside });
    else await pool.units.change(chunk, { event: 'requeue', payload: { phase, why: `${unit.agent.name} has come to its usage limit; ${decision.agent} goes on`, not_before: null } }, { ...beside, agent: { name: next.value.name, kind: next.value.kind }, session: null });
  }
  pool.wake();
  return STAYS;
}

async function afterError(pool: PoolRuntime, unit: Unit, phase: AgentPhase, ended: Extract<PhaseEnd, { kind: 'agent_error' }>, beside: Beside): Promise<Next> {
  const { chunk, errors } = unit;
  const wait = BACKOFF_MS[errors];
  if (!ended.passing) await needsPerson(pool, chunk, 'AGENT_ERROR', ended.failure.message, { beside });
  else if (wait === undefined) await needsPerson(pool, chunk, 'RETRY_EXHAUSTED', `After ${errors + 1} tries: ${ended.failure.message}`, { beside });
  else await pool.units.change(chunk, { event: 'requeue', payload: { phase, why: ended.failure.message, not_before: new Date(pool.clock.now().getTime() + wait).toISOString() } }, { ...beside, errors: errors + 1 });
  pool.wake();
  return STAYS;
}
