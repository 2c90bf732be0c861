import { z } from 'zod';
import { Usage } from '../agents/contract.ts';

/** A work unit: one chunk on its way from a plan to the target branch. */

export const STATUSES = ['PENDING', 'READY', 'ASSIGNED', 'RUNNING', 'BLOCKED', 'NEEDS_ATTENTION', 'COMPLETED', 'FAILED', 'CANCELLED'] as const;
export const UnitStatus = z.enum(STATUSES);
export type UnitStatus = z.infer<typeof UnitStatus>;

export const UnitPhase = z.enum(['PLAN', 'IMPLEMENT', 'REVIEW', 'MERGE']);
export type UnitPhase = z.infer<typeof UnitPhase>;

/** Why a person is needed. */
export const AttentionKind = z.enum(['QUESTION', 'PERMISSION', 'CONFLICT', 'MERGE_CONFLICT', 'REVIEW_ESCALATED', 'AGENT_ERROR', 'RETRY_EXHAUSTED', 'VALIDATION', 'GATE_RED', 'BUDGET', 'INTERNAL']);
export type AttentionKind = z.infer<typeof AttentionKind>;

/** Why a unit is BLOCKED: others must finish, or an operator said so. */
export const Wait = z.object({ on: z.enum(['dependency', 'conflict', 'operator']), chunk: z.string().nullable() });
export type Wait = z.infer<typeof Wait>;

/** Whether a status is an end; only FAILED can be left again, by `retry`. */
export const isTerminal = (status: UnitStatus): boolean => status === 'COMPLETED' || status === 'FAILED' || status === 'CANCELLED';

/** What is known of a unit, whole. Times are UTC texts, paths absolute, commits full ids. */
export const Unit = z.object({
  id: z.string(),
  chunk: z.string(),
  status: UnitStatus,
  phase: UnitPhase.nullable(),
  priority: z.number().int(),
  /** Counts every write; compare-and-swap goes by it. */
  version: z.number().int(),
  created_at: z.string(),
  updated_at: z.string(),
  /** When it came to its present status. */
  since: z.string(),

  kind: AttentionKind.nullable(),
  attention_reason: z.string().nullable(),
  waits: z.array(Wait),
  /** Held from ASSIGNED until merged or abandoned. */
  claim: z.boolean(),

  /** Branch that it lands on. */
  target: z.string(),
  branch: z.string(),
  worktree: z.string().nullable(),
  /** Tip of the target when the unit was first assigned. */
  base: z.string().nullable(),
  /** Chunks that must be in the target before; null = none was declared, the oracle is asked. */
  depends_on: z.array(z.string()).nullable(),
  /** Submitted as FUTURE: activated in its worktree. */
  future: z.boolean(),
  /** Chunks whose status its activation changed, put back before the merge. */
  displaced: z.array(z.string()),

  /** Name and kind of its agent, known from the injection on. */
  agent: z.object({ name: z.string(), kind: z.string() }),
  /** Agents called for it so far. */
  attempt: z.number().int(),
  /** Session to go on with in this phase, and what it had used by then. */
  session: z.object({ id: z.string(), agent: z.string(), phase: UnitPhase, used: Usage }).nullable(),
  /** `live`: its agent waits for the answer in the middle of a call. `control`: folder of the worktree's own git folder. */
  question: z.object({ question: z.string(), options: z.array(z.string()).nullable(), live: z.object({ attempt: z.string(), id: z.string(), control: z.string() }).nullable() }).nullable(),
  answer: z.object({ question: z.string(), text: z.string() }).nullable(),
  /** Commit of the target that is being merged into its branch, with conflicts for its agent to resolve. */
  updating: z.string().nullable(),
  /** The chunk's own gate, as it was injected. */
  gate: z.union([z.string(), z.array(z.string())]).nullable(),
  /** For the next call of its agent: what review, gate or merge found. */
  notes: z.array(z.string()),
  review_rounds: z.number().int(),
  merge_rounds: z.number().int(),
  /** Agent errors in a row that were tried again. */
  errors: z.number().int(),
  /** Not to be started earlier. */
  not_before: z.string().nullable(),
  /** The agent whose usage limit it waits for until then; others that would call it wait too. */
  limited: z.string().nullable(),

  merged_as: z.string().nullable(),
  failure: z.object({ code: z.string(), message: z.string() }).nullable(),
  usage: Usage,
});
export type Unit = z.infer<typeof Unit>;

/** Whether it takes up one of the agents. A unit that merges needs none. */
export const holdsSlot = (unit: Pick<Unit, 'status' | 'phase'>): boolean => unit.status === 'ASSIGNED' || (unit.status === 'RUNNING' && unit.phase !== 'MERGE');

/** Whether it stands at the merge queue's door. */
export const isMerging = (unit: Pick<Unit, 'status' | 'phase'>): boolean => unit.status === 'RUNNING' && unit.phase === 'MERGE';
