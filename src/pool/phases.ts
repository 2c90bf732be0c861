import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Next } from './after-call.ts';
import { PLANS } from './chunk-name.ts';
import { hasContent } from './chunk.ts';
import { hasReviewPrompt } from './phase-prompt.ts';
import type { PoolRuntime } from './runtime.ts';
import type { UnitPhase } from './unit.ts';

/** Which phases a unit goes through, and which comes next. */

const ORDER = ['PLAN', 'IMPLEMENT', 'REVIEW', 'MERGE'] as const;

/** By configuration and by what there is. `plan`: its text; null where there is none. */
export function phasesOf(pool: PoolRuntime, plan: string | null): readonly UnitPhase[] {
  const { pool: settings, prompts_dir } = pool.config();
  const chosen: readonly UnitPhase[] = settings.phases ?? [...(hasContent(plan) ? [] : ['PLAN' as const]), 'IMPLEMENT', ...(hasReviewPrompt(join(pool.workspace, prompts_dir)) ? ['REVIEW' as const] : [])];
  return ORDER.filter((phase) => phase === 'MERGE' || chosen.includes(phase));
}

/** The same by the plan as it stands in the unit's worktree. */
export function phasesIn(pool: PoolRuntime, workspace: string, chunk: string): readonly UnitPhase[] {
  const plan = join(workspace, PLANS, chunk, 'PLAN.md');
  return phasesOf(pool, existsSync(plan) ? readFileSync(plan, 'utf8') : null);
}

/** Where a unit goes from `phase`, which need not be one of `phases` any more: a plan that is made takes its own phase away. */
export function nextPhase(phases: readonly UnitPhase[], phase: UnitPhase, to: Exclude<Next['to'], null>): UnitPhase {
  return to === 'on' ? (phases.find((each) => ORDER.indexOf(each) > ORDER.indexOf(phase)) ?? 'MERGE') : to;
}
