import type { Failure } from '../base/failure.ts';
import type { SupervisedEnd } from '../process/supervised.ts';
import type { AgentResult, AgentSpec } from './contract.ts';
import type { AgentEvent, ErrorClass, Usage } from './event.ts';

/** Of a plain command's output, so much is kept as its final answer. Characters. */
const FINAL_LIMIT = 1024 * 1024;

/** What the events of a run add up to. */
export interface Tally {
  readonly usage: Usage;
  readonly session_id: string | null;
  readonly error: Extract<AgentEvent, { type: 'error' }> | null;
  /** The last usage limit that it told. */
  readonly limited: Extract<AgentEvent, { type: 'rate_limited' }> | null;
  /** The closing event; null until there is one. */
  readonly closed: Extract<AgentEvent, { type: 'ended' }> | null;
  readonly final: string;
  add(event: AgentEvent): void;
  /** A line of a plain command's stdout. */
  output(line: string): void;
}

export function createTally(): Tally {
  let usage: Usage = { input_tokens: 0, output_tokens: 0, cost_usd: null };
  let session: string | null = null;
  let error: Tally['error'] = null;
  let closed: Tally['closed'] = null;
  let limited: Tally['limited'] = null;
  let message = '';
  let room = FINAL_LIMIT;
  const plain: string[] = [];
  return {
    get usage() {
      return usage;
    },
    get session_id() {
      return session;
    },
    get error() {
      return error;
    },
    get limited() {
      return limited;
    },
    get closed() {
      return closed;
    },
    get final() {
      return plain.length > 0 ? plain.join('\n') : (closed?.final ?? message);
    },
    add(event) {
      if (event.type === 'usage') usage = { input_tokens: event.input_tokens, output_tokens: event.output_tokens, cost_usd: event.cost_usd };
      else if (event.type === 'session_started') session ??= event.session_id;
      else if (event.type === 'error') error = event;
      else if (event.type === 'rate_limited') limited = event;
      else if (event.type === 'ended') closed = event;
      else if (event.type === 'message') message = event.text;
    },
    output(line) {
      if (room <= 0) return;
      plain.push(line.slice(0, room));
      room -= line.length + 1;
    },
  };
}

/** How a run ended, from its closing event and its exit code, which must agree, and from why we ended it, if we did. */
export function concludeRun(agent: AgentSpec, structured: boolean, tally: Tally, end: SupervisedEnd, log: string): AgentResult {
  const failure = failureOf(agent, structured, tally, end, log);
  return {
    exit_code: end.exit_code,
    ended_early: end.ended_early,
    left_behind: end.left_behind,
    said_done: tally.closed?.reason === 'completed',
    failure,
    error_class: failure === null ? null : classOf(failure, tally),
    session_id: tally.session_id,
    usage_limit: failure !== null && tally.limited !== null && end.ended_early === null ? { resets_at: tally.limited.resets_at ?? null } : null,
    usage: tally.usage,
    final: tally.final,
    agent_ms: end.duration_ms,
  };
}

function failureOf(agent: AgentSpec, structured: boolean, tally: Tally, end: SupervisedEnd, log: string): Failure | null {
  const failed = (code: string, what: string, details: Record<string, unknown> = {}): Failure => ({ code, kind: 'failed', message: `${agent.name} ${what}. Its log: ${log}`, details: { ...details, exit_code: end.exit_code, log } });
  if (end.ended_early === 'aborted') return { ...failed('agent_aborted', 'was ended before it was done'), kind: 'interrupted' };
  if (end.ended_early === 'turn_timeout') return failed('agent_timeout', 'took longer than its turn may (limits.turn_timeout) and was ended');
  if (end.ended_early === 'stall_timeout') return failed('agent_stalled', 'was silent for longer than it may be (limits.stall_timeout) and was ended');
  if (!structured) {
    if (end.exit_code === 0) return null;
    return failed('agent_exit', end.exit_code === null ? 'was ended by a signal' : `exited with ${end.exit_code}`);
  }
  const { closed, error } = tally;
  if (closed?.reason === 'failed' || (error !== null && closed === null)) {
    return failed('agent_error', `failed (${error?.class ?? 'crash'}): ${error?.message ?? closed?.final ?? 'no reason was given'}`, { class: error?.class ?? 'crash' });
  }
  if (closed === null) {
    return end.exit_code === 0
      ? failed('agent_protocol', 'exited with 0 without its closing event, so nobody knows whether it was done', { class: 'protocol' })
      : failed('agent_exit', `${end.exit_code === null ? 'was ended by a signal' : `exited with ${end.exit_code}`} without its closing event`, { class: 'crash' });
  }
  // It said that it was done; one that we had to end after that did its work all the same.
  if (end.exit_code === 0 || end.ended_early === 'grace') return null;
  return failed('agent_protocol', `said that it was done, but exited with ${end.exit_code ?? 'a signal'}`, { class: 'protocol' });
}

function classOf(failure: Failure, tally: Tally): ErrorClass {
  if (failure.code === 'agent_protocol') return 'protocol';
  return tally.error?.class ?? 'crash';
}
