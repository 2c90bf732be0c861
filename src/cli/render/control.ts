import type { OrchestrationState } from '../../loop/state.ts';
import { table } from './format.ts';

export function renderStop(data: { requested: boolean; now: boolean; remote: boolean; runner: { pid: number } | null }): string {
  if (!data.requested) return 'No run is at work in this checkout; nothing to stop.';
  if (data.remote && data.runner === null) return 'Asked every runner of the branch, wherever it is, to end after its turn; none is at work in this checkout.';
  return `Asked ${data.remote ? 'every runner of the branch, wherever it is, and ' : ''}the run (process ${data.runner?.pid ?? '?'}) to end ${data.now ? 'now; the work of its turn is kept' : 'after the turn in flight'}.`;
}

export function renderHandoff(data: { state: OrchestrationState; commit: string | null; pushed: boolean }): string {
  return `Stamped${data.commit === null ? '' : ` as ${data.commit.slice(0, 12)}`}${data.pushed ? ' and pushed' : ''}: ${data.state.expected_actor} is expected, iteration ${data.state.iteration}, ${data.state.status}.`;
}

export function renderState(data: { file: string; exists: boolean; state: OrchestrationState; other_keys: Record<string, unknown> }): string {
  const show = (value: unknown): string => (typeof value === 'string' ? value : JSON.stringify(value));
  const rows = Object.entries({ ...data.state, ...data.other_keys }).map(([key, value]): [string, string] => [key, show(value)]);
  return `${data.file}${data.exists ? '' : ' (not there yet: a fresh state)'}\n${table(rows, '  ')}`;
}

export function renderRestore(data: { file: string; commit: string | null; changed: boolean; state: OrchestrationState }): string {
  if (!data.changed) return `${data.file} is good; nothing was changed.`;
  return `${data.file} holds the version of ${data.commit?.slice(0, 12) ?? '?'} again: iteration ${data.state.iteration}, ${data.state.expected_actor} is expected.`;
}
