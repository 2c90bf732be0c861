import type { Unit } from '../../src/pool/unit.ts';

/** A unit as it is after its injection, but for what is given. */
export function aUnit(facts: Partial<Unit> = {}): Unit {
  const chunk = facts.chunk ?? 'one';
  const at = '2026-01-01T00:00:00.000Z';
  return {
    id: `unit_${chunk}`, chunk, status: 'READY', phase: null, priority: 0, version: 1, created_at: at, updated_at: at, since: at, kind: null, attention_reason: null, waits: [], claim: false,
    target: 'main', branch: `orchestrator/${chunk}`, worktree: null, base: null, depends_on: null, future: false, displaced: [], agent: { name: 'stub', kind: 'command' }, attempt: 0, session: null,
    question: null, answer: null, updating: null, gate: null, notes: [], review_rounds: 0, merge_rounds: 0, errors: 0, not_before: null, limited: null, merged_as: null, failure: null,
    usage: { input_tokens: 0, output_tokens: 0, cost_usd: null }, ...facts,
  };
}
