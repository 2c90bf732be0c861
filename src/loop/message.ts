import type { Usage } from '../agents/contract.ts';
import type { Actor } from './state.ts';

/** Facts of a turn that its commits carry as trailers. Programs read these and the state file, never a subject. */
export interface TurnTrailers {
  readonly turn_id: string;
  readonly outcome: string;
  readonly agent: string | null;
  readonly usage: Usage;
}

const oneLine = (text: string): string => text.replaceAll(/[\s\p{Cc}]+/gu, ' ').trim();

function trailers(turn: TurnTrailers): string {
  const lines = [
    `Orchestrator-Turn: ${turn.turn_id}`,
    `Orchestrator-Outcome: ${turn.outcome}`,
    `Orchestrator-Agent: ${oneLine(turn.agent ?? 'none')}`,
    `Orchestrator-Input-Tokens: ${turn.usage.input_tokens}`,
    `Orchestrator-Output-Tokens: ${turn.usage.output_tokens}`,
  ];
  if (turn.usage.cost_usd !== null) lines.push(`Orchestrator-Cost-USD: ${Number(turn.usage.cost_usd.toFixed(6))}`);
  return lines.join('\n');
}

/** `GALPH AUTO: 3 files (prompt=supervisor.md iter=2)` and the trailers. */
export function workMessage(work: { actor: Actor; files: number; prompt: string; iteration: number }, turn: TurnTrailers): string {
  const subject = `${work.actor.toUpperCase()} AUTO: ${work.files} files (prompt=${oneLine(work.prompt)} iter=${work.iteration})`;
  return `${subject}\n\n${trailers(turn)}\n`;
}

/** `[SYNC i=2] actor=galph → next=ralph status=ok galph_commit=0a1b2c3d4e5f` and the trailers. */
export function stateMessage(stamp: { actor: Actor; iteration: number; next: Actor; status: string; commit: string }, turn: TurnTrailers): string {
  const commit = /^[0-9a-f]{40,64}$/.test(stamp.commit) ? stamp.commit.slice(0, 12) : oneLine(stamp.commit);
  const subject = `[SYNC i=${stamp.iteration}] actor=${stamp.actor} → next=${stamp.next} status=${stamp.status} ${stamp.actor}_commit=${commit}`;
  return `${subject}\n\n${trailers(turn)}\n`;
}
