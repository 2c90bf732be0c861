import type { z } from 'zod';
import type { skillsInstall } from '../../workspace/operations/skills.ts';
import type { ProgressEvent } from '../../spine/operation.ts';
import type { Output } from '../output.ts';
import { oneLine } from './format.ts';

interface InitResult {
  readonly workspace: string;
  readonly created: readonly string[];
  readonly kept: readonly string[];
  readonly commit: string | null;
  readonly repository_made: boolean;
  readonly warnings: readonly string[];
}

export function renderInit(made: InitResult, output: Output): string {
  const { out } = output;
  const lines = [`${made.workspace} is a workspace.`];
  if (made.repository_made) lines.push(`${out.green('made')}  a git repository`);
  lines.push(...made.created.map((path) => `${out.green('made')}  ${path}`), ...made.kept.map((path) => `${out.dim('kept')}  ${path}`));
  if (made.commit !== null) lines.push(`Committed as ${made.commit.slice(0, 12)}.`);
  lines.push(...made.warnings.map((warning) => out.yellow(`warning: ${warning}`)));
  lines.push('', 'Next: write what you want into docs/fix_plan.md or prompts/, then', '  orchestrator doctor', '  orchestrator run --iterations 1');
  return lines.join('\n');
}

interface Check {
  readonly name: string;
  readonly status: 'ok' | 'warning' | 'failed' | 'fixed';
  readonly message: string;
  readonly hint?: string;
}

const MARKS = { ok: ['green', 'ok     '], warning: ['yellow', 'warning'], failed: ['red', 'failed '], fixed: ['green', 'fixed  '] } as const;

/** Checks are shown as they are made, since some of them wait for a network. */
export function onDoctorEvent(event: ProgressEvent, output: Output): void {
  if (event.type !== 'check') return;
  const check = event['check'] as Check;
  const [color, word] = MARKS[check.status];
  output.result(`${output.out[color](word)} ${check.name}: ${oneLine(check.message)}${check.hint === undefined || check.status === 'ok' ? '' : output.out.dim(`\n        ${oneLine(check.hint)}`)}`);
}

export function renderDoctor({ checks }: { checks: readonly Check[] }): string {
  const warnings = checks.filter((check) => check.status === 'warning').length;
  return warnings === 0 ? 'All is well.' : `Ready to run; ${warnings} ${warnings === 1 ? 'thing' : 'things'} to know.`;
}

export function renderSkills({ installed, kept }: z.infer<typeof skillsInstall.output>): string {
  const lines = installed.map(({ path, agents }) => `${path} for ${agents.join(', ')}`);
  return [...lines, ...kept.map(({ path, why }) => `kept ${path}: ${why}`), ...(installed.length > 0 ? ['Commit them, so that they are in every worktree.'] : [])].join('\n');
}
