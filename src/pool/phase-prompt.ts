import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { fail, ok } from '../base/failure.ts';
import type { Result } from '../base/failure.ts';
import { readPrompt, renderPrompt } from '../loop/contract.ts';
import type { Prompt } from '../loop/contract.ts';
import { PLANS } from './chunk-name.ts';
import type { Unit, UnitPhase } from './unit.ts';

/** The prompts of the phases. Read from the person's workspace: an agent must not write its own reviewer's. */
export const PROMPTS: Readonly<Record<Exclude<UnitPhase, 'MERGE'>, string>> = { PLAN: 'plan.md', IMPLEMENT: 'implement.md', REVIEW: 'unit-review.md' };

/** Ours, for workspaces that have none of their own. */
const OWN = fileURLToPath(new URL('../../prompts/', import.meta.url));

export const hasReviewPrompt = (folder: string): boolean => existsSync(join(folder, PROMPTS.REVIEW));

export function readPhasePrompt(folder: string, phase: keyof typeof PROMPTS): Result<Prompt> {
  const name = PROMPTS[phase];
  return readPrompt(existsSync(join(folder, name)) ? folder : OWN, name);
}

/** The bytes for the agent's stdin: the prompt, and below it what this unit is about. */
export function renderPhasePrompt(prompt: Prompt, unit: Unit, phase: UnitPhase, conflicts: readonly string[]): Result<Buffer> {
  const folder = `${PLANS}/${unit.chunk}`;
  const rendered = renderPrompt(prompt, { chunk: unit.chunk, phase, branch: unit.branch, target: unit.target, goal_file: `${folder}/GOAL.md`, plan_file: `${folder}/PLAN.md`, attempt: String(unit.attempt) }, '');
  if (!rendered.ok) return fail(rendered.failure);
  return ok(Buffer.concat([rendered.value, Buffer.from(`\n\n${about(unit, phase, conflicts)}`)]));
}

function about(unit: Unit, phase: UnitPhase, conflicts: readonly string[]): string {
  const folder = `${PLANS}/${unit.chunk}`;
  const parts = [`## This work unit\n\n- chunk: ${unit.chunk}\n- phase: ${phase}\n- goal: ${folder}/GOAL.md\n- plan: ${folder}/PLAN.md\n- branch: ${unit.branch}, which lands on ${unit.target}`];
  if (conflicts.length > 0) parts.push(`## Other work that touches the same things\n\n${conflicts.map((line) => `- ${line}`).join('\n')}`);
  if (unit.notes.length > 0) parts.push(`## What was found before\n\n${unit.notes.map((note) => `- ${note.replaceAll('\n', '\n  ')}`).join('\n')}`);
  if (unit.answer !== null) parts.push(answerText(unit.answer));
  return `${parts.join('\n\n')}\n`;
}

/** What a suspended session is gone on with. */
export const answerText = (answer: { readonly question: string; readonly text: string }): string => `## You asked\n\n${answer.question}\n\n## The operator answered\n\n${answer.text}\n`;
