import type { z } from 'zod';
import { showDuration } from '../../base/duration.ts';
import type { conflictAnalyze, conflictList, conflictResolve } from '../../pool/operations/conflicts.ts';
import type { queueShow } from '../../pool/operations/queue.ts';
import type { outputTail } from '../../pool/operations/tail.ts';
import type { unitCancel, unitInject, unitRetry } from '../../pool/operations/unit-changes.ts';
import type { UnitView, unitList, unitShow } from '../../pool/operations/units.ts';
import type { worktreeList, worktreePrune } from '../../pool/operations/worktrees.ts';
import type { Output } from '../output.ts';
import { oneLine, plural, printable, table, usageText } from './format.ts';

/** Text of the pool's commands. */

const COLORS = { PENDING: 'dim', READY: 'cyan', ASSIGNED: 'cyan', RUNNING: 'blue', BLOCKED: 'yellow', NEEDS_ATTENTION: 'magenta', COMPLETED: 'green', FAILED: 'red', CANCELLED: 'dim' } as const;

const statusText = ({ status, phase, kind }: Pick<UnitView, 'status' | 'phase' | 'kind'>, { out }: Output): string => out[COLORS[status]](`${status}${kind === null ? (phase === null || status !== 'RUNNING' ? '' : ` ${phase}`) : ` ${kind}`}`);

export function renderInject({ injected, refused }: z.infer<typeof unitInject.output>, { out }: Output): string {
  const lines = [injected.length === 0 ? 'Nothing was injected.' : `${plural(injected.length, 'work unit')}: ${injected.join(', ')}`];
  for (const { chunk, message } of refused) lines.push(`${out.yellow('refused')} ${chunk}: ${oneLine(message)}`);
  return lines.join('\n');
}

function unitLine(unit: UnitView, output: Output): string {
  const more = unit.attention_reason !== null ? oneLine(unit.attention_reason, 100) : unit.waits_for.length > 0 ? `waits for ${unit.waits_for.join(', ')}` : unit.merged_as !== null ? `merged as ${unit.merged_as.slice(0, 12)}` : (unit.agent ?? '');
  return `${statusText(unit, output)}  ${output.out.dim(more)}`;
}

export function renderUnits({ units }: z.infer<typeof unitList.output>, output: Output): string {
  return units.length === 0 ? 'There are no work units. orchestrator inject <chunk…> makes some.' : table(units.map((unit) => [unit.chunk, unitLine(unit, output)]));
}

export function renderQueue({ running, waiting, merging, merge_waits, budget }: z.infer<typeof queueShow.output>, { out }: Output): string {
  const parts: string[] = budget === null ? [] : [out.yellow(oneLine(budget))];
  if (running.length > 0) parts.push(`${out.bold('At work')}\n${table(running.map((unit) => [unit.chunk, `${unit.phase ?? 'about to start'}, ${unit.agent}`]), '  ')}`);
  if (merging.length > 0) parts.push(`${out.bold('About to land')}\n  ${merging.join(', ')}${merge_waits === null ? '' : `\n  ${out.yellow(`waits: ${oneLine(merge_waits)}`)}`}`);
  if (waiting.length > 0) parts.push(`${out.bold('Waiting')}\n${table(waiting.map((unit) => [unit.chunk, `${unit.status}: ${oneLine(unit.why, 120)}`]), '  ')}`);
  return parts.length === 0 ? 'Nothing is at work, and nothing waits.' : parts.join('\n\n');
}

export function renderUnit(unit: z.infer<typeof unitShow.output>, output: Output): string {
  const rows: (readonly [string, string])[] = [
    ['unit', `${unit.chunk} (${unit.id})`],
    ['status', statusText(unit, output)],
    ['branch', `${unit.branch} onto ${unit.target}`],
    ['agent', `${unit.agent ?? 'none'}, ${plural(unit.attempt, 'call')}${usageText(unit.usage) === '' ? '' : `, ${usageText(unit.usage)}`}`],
    ['priority', String(unit.priority)],
  ];
  if (unit.worktree !== null) rows.push(['worktree', unit.worktree]);
  if (unit.waits_for.length > 0) rows.push(['waits for', unit.waits_for.join(', ')]);
  if (unit.attention_reason !== null) rows.push(['attention', oneLine(unit.attention_reason)]);
  if (unit.question !== null) rows.push(['question', oneLine(unit.question.question)]);
  if (unit.failure !== null) rows.push(['failure', `${oneLine(unit.failure.message)} (${unit.failure.code})`]);
  if (unit.merged_as !== null) rows.push(['merged as', unit.merged_as]);
  const parts = [table(rows)];
  if (unit.attempts.length > 0) {
    const attempts = unit.attempts.map((each): [string, string] => {
      const took = each.ended_at === null ? 'at work' : showDuration(Math.max(0, Date.parse(each.ended_at) - Date.parse(each.started_at)));
      return [each.phase, `${each.agent}, ${took}${each.failure === null ? '' : `, ${oneLine(each.failure.message, 100)}`}  ${output.out.dim(each.log)}`];
    });
    parts.push(`${output.out.bold('Calls of its agent')}\n${table(attempts, '  ')}`);
  }
  const happened = unit.events.map((event): [string, string] => {
    const data = event.data as { event?: unknown; from?: unknown; status?: unknown };
    return [event.at, data.event === undefined ? event.type : `${String(data.from)} -> ${String(data.status)} (${String(data.event)})`];
  });
  if (happened.length > 0) parts.push(`${output.out.bold('What happened')}\n${table(happened, '  ')}`);
  return parts.join('\n\n');
}

export const renderChanged = ({ unit }: z.infer<typeof unitRetry.output>, output: Output): string => `${unit.chunk} is ${statusText(unit, output)}, priority ${unit.priority}.`;

export const renderCancel = ({ unit, backup }: z.infer<typeof unitCancel.output>): string => `${unit.chunk} was given up.${backup === null ? ' It had no work to keep.' : ` Its work is kept as ${backup}.`}`;

type PairView = z.infer<typeof conflictResolve.output>['pair'];

function pairLines(pair: PairView, { out }: Output): string {
  const color = pair.verdict === 'INDEPENDENT' ? 'green' : pair.verdict === 'SERIALIZE' ? 'red' : 'yellow';
  const places = pair.symbols.length > 0 ? pair.symbols : pair.files;
  const where = places.length === 0 ? '' : `\n  ${out.dim(`${places.slice(0, 10).join(', ')}${places.length > 10 ? ` and ${places.length - 10} more` : ''}`)}`;
  return `${pair.a} and ${pair.b}: ${out[color](pair.verdict)} (${pair.source}, ${Math.round(pair.confidence * 100)} %)${pair.kinds.length === 0 ? '' : ` ${pair.kinds.join(', ')}`}\n  ${oneLine(pair.reason)}${where}`;
}

export const renderConflicts = ({ pairs }: z.infer<typeof conflictList.output>, output: Output): string => (pairs.length === 0 ? 'No live work units are known to touch the same things.' : pairs.map((pair) => pairLines(pair, output)).join('\n'));

export const renderPair = ({ pair }: z.infer<typeof conflictResolve.output>, output: Output): string => pairLines(pair, output);

export const renderAnalysis = ({ analysis, decided }: z.infer<typeof conflictAnalyze.output>, output: Output): string =>
  decided === null || decided.verdict === analysis.verdict ? pairLines(analysis, output) : `${pairLines(analysis, output)}\nWhat holds:\n${pairLines(decided, output)}`;

export const renderTail = ({ unit, status, log }: z.infer<typeof outputTail.output>, { out }: Output): string => out.dim(log === null ? `${unit} is ${status}; its agent was not called yet.` : `${unit} is ${status}. Log: ${printable(log)}`);

export const renderWorktrees = ({ worktrees }: z.infer<typeof worktreeList.output>): string =>
  worktrees.length === 0 ? 'There are no worktrees of work units.' : table(worktrees.map((each) => [each.chunk, `${each.status ?? 'no unit'}${each.gone ? ', its folder is gone' : ''}  ${each.path}`]));

export function renderPrune({ removed, kept }: z.infer<typeof worktreePrune.output>): string {
  const lines = [removed.length === 0 ? 'Nothing was taken away.' : `Taken away: ${removed.join(', ')}`];
  for (const { chunk, why } of kept) lines.push(`kept ${chunk}: ${why}`);
  return lines.join('\n');
}
