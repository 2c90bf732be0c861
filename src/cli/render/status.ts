import type { z } from 'zod';
import type { statusShow } from '../../bus/operations/status.ts';
import { showDuration } from '../../base/duration.ts';
import type { Output } from '../output.ts';
import { oneLine, table } from './format.ts';

type Status = z.infer<typeof statusShow.output>;

export function renderStatus(status: Status, output: Output): string {
  const { out } = output;
  const { state, turn, next } = status;
  const rows: [string, string][] = [
    ['workspace', status.workspace],
    ['branch', status.branch ?? '(detached HEAD)'],
    ...(status.state_from === 'remote' ? ([['state', 'as the remote has it; this checkout is behind']] as [string, string][]) : []),
    ['iteration', String(state.iteration)],
    ['status', `${state.status}, ${state.expected_actor} is expected${state.exit === true ? `, exit: ${state.exit_reason ?? 'yes'}` : ''}`],
  ];
  if (turn !== null) {
    const since = showDuration(Math.max(0, Date.now() - Date.parse(turn.started_at)));
    const on = turn.prompt === null ? 'being routed' : `${turn.prompt} with ${turn.agent ?? 'an agent'}`;
    rows.push(['at work', `${out.green(turn.actor)} on ${on} for ${since}${turn.pid === null ? '' : ` (process group ${turn.pid})`}${turn.waiting_for === undefined ? '' : `, waiting for ${turn.waiting_for}`}`]);
  } else if (status.runner !== null) rows.push(['runner', `process ${status.runner.pid} since ${status.runner.since}`]);
  if (status.crashed_turn !== undefined) rows.push(['crashed', `${status.crashed_turn.actor}'s turn ${status.crashed_turn.id}; the next run finishes or repeats it`]);
  const { claim } = status;
  if (claim?.phase === 'held') rows.push(['claim', `${claim.actor}'s turn of iteration ${claim.iteration} is held by process ${claim.pid} on ${claim.host}; last sign of life ${claim.renewed_at}, lease until ${claim.lease_ends_at}`]);
  else if (claim !== null) rows.push(['claim', `none is held; the last was ${claim.actor}'s of iteration ${claim.iteration}, ${claim.phase} by ${claim.host}`]);
  if (status.failure !== null) rows.push(['failure', out.red(`${status.failure.code}: ${oneLine(status.failure.message, 200)}`)]);
  if (status.failure?.log) rows.push(['its log', status.failure.log]);
  rows.push(['next', next === null ? out.yellow(status.next_failure ?? 'nothing can be chosen') : `${next.actor} with ${next.selected_prompt} (${next.reason})`]);
  return table(rows);
}

export function renderNext(next: NonNullable<Status['next']>): string {
  return table([['actor', next.actor], ['prompt', next.selected_prompt], ['source', next.source], ['reason', next.reason]]);
}
