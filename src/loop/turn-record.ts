import { relative } from 'node:path';
import type { AgentResult } from '../agents/contract.ts';
import { NOTHING_USED } from './budget.ts';
import type { Journal } from './journal.ts';
import type { TurnRecord } from './record.ts';

/** How a turn ended, for its record. */
export type TurnEnding = Pick<TurnRecord, 'outcome' | 'head' | 'commits' | 'files_changed' | 'skipped_files' | 'skip_reasons' | 'summary' | 'failure' | 'warnings'>;

/** Puts a turn's record together from its journal, what its agent did (null = none was started) and how it ended. */
export function turnRecord(workspace: string, journal: Journal, agent: Pick<AgentResult, 'exit_code' | 'agent_ms' | 'session_id' | 'usage'> | null, now: Date, ending: TurnEnding): TurnRecord {
  const { routed } = journal;
  const shown = (path: string | undefined): string | null => (path === undefined ? null : relative(workspace, path));
  return {
    id: journal.turn_id,
    run_id: journal.run_id,
    iteration: journal.iteration,
    actor: journal.actor,
    prompt: routed?.prompt ?? null,
    source: routed?.source ?? 'deterministic',
    reason: routed?.reason ?? '',
    agent: journal.agent?.name ?? null,
    attempt: journal.attempt,
    outcome: ending.outcome,
    started_at: journal.started_at,
    ended_at: now.toISOString(),
    duration_ms: Math.max(0, now.getTime() - Date.parse(journal.started_at)),
    agent_ms: Math.round(agent?.agent_ms ?? 0),
    exit_code: agent?.exit_code ?? null,
    base: journal.base,
    head: ending.head,
    commits: ending.commits,
    files_changed: ending.files_changed,
    skipped_files: ending.skipped_files,
    skip_reasons: ending.skip_reasons,
    usage: agent?.usage ?? NOTHING_USED,
    log: shown(journal.agent?.log),
    transcript: shown(journal.agent?.transcript),
    session_id: agent?.session_id ?? null,
    summary: ending.summary,
    failure: ending.failure,
    warnings: ending.warnings,
  };
}
