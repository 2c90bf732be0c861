import type { Git } from '../git/git.ts';
import { NOTHING_USED } from './budget.ts';
import type { TurnRecord } from './record.ts';
import { parseState } from './state.ts';
import type { OrchestrationState } from './state.ts';

/** Between the fields of one commit; cannot stand in a trailer. */
const FIELD = '%x00';
const TRAILERS = ['Turn', 'Outcome', 'Agent', 'Input-Tokens', 'Output-Tokens', 'Cost-USD'].map((name) => `%(trailers:key=Orchestrator-${name},valueonly,separator=%x2C)`);

/**
 * Turns that a commit's history tells of and that are not among `known`: they ran in other checkouts. What only their machine
 * knows (log, times, exit code) is left out; state and trailers are all that is read.
 */
export async function turnsElsewhere(git: Git, commit: string, stateFile: string, known: ReadonlySet<string>): Promise<TurnRecord[]> {
  const text = await git.run(['log', '--first-parent', '--reverse', `--format=${['%H', '%cI', ...TRAILERS].join(FIELD)}%x01`, commit, '--', stateFile]);
  const commits = text.split('\x01').map((line) => line.trim().split('\0')).filter((fields) => fields.length > 2);
  if (commits.every(([, , turn = '']) => turn === '' || known.has(turn))) return [];
  const states = await statesAt(git, commits.map(([id = '']) => `${id}:${stateFile}`));
  const found: TurnRecord[] = [];
  commits.forEach(([id = '', at = '', turn = '', outcome = '', agent = '', input = '', output = '', cost = ''], index) => {
    const state = states[index];
    const before = states[index - 1] ?? null;
    const shown = outcomeOf(outcome);
    if (turn === '' || known.has(turn) || state == null || shown === null) return;
    const [actor, iteration] = [before?.expected_actor ?? 'galph', before?.iteration ?? 1];
    const ended = new Date(at).toISOString();
    const head = (actor === 'galph' ? state.galph_commit : state.ralph_commit) ?? id;
    found.push({
      id: turn, run_id: state.run_id ?? '', iteration, actor,
      prompt: state.last_prompt, source: 'deterministic', reason: 'it ran in another checkout; this is what the branch tells',
      agent: agent === '' || agent === 'none' ? null : agent,
      attempt: state.attempt ?? 1, outcome: shown, started_at: ended, ended_at: ended, duration_ms: 0, agent_ms: 0, exit_code: null,
      base: '', head, commits: [], files_changed: [], skipped_files: [], skip_reasons: {},
      usage: { ...NOTHING_USED, input_tokens: Number(input) || 0, output_tokens: Number(output) || 0, cost_usd: cost === '' ? null : Number(cost) },
      log: null, transcript: null, session_id: null, summary: null,
      failure: state.failure === null ? null : { code: state.failure.code, message: state.failure.message },
      warnings: [],
    });
  });
  return found;
}

const outcomeOf = (text: string): TurnRecord['outcome'] | null => (['ok', 'complete', 'blocked', 'failed'] as const).find((each) => each === text) ?? null;

/** The states that these `commit:path` name; null for one that is no state. */
async function statesAt(git: Git, names: readonly string[]): Promise<(OrchestrationState | null)[]> {
  const text = await git.run(['cat-file', '--batch=%(objectsize)'], { input: names.map((name) => `${name}\n`).join('') });
  const bytes = Buffer.from(text, 'utf8');
  const states: (OrchestrationState | null)[] = [];
  let at = 0;
  for (const _name of names) {
    const end = bytes.indexOf('\n', at);
    const header = bytes.toString('utf8', at, end);
    const size = /^\d+$/.test(header) ? Number(header) : null;
    const parsed = size === null ? null : parseState(bytes.toString('utf8', end + 1, end + 1 + size), 'state');
    states.push(parsed?.ok === true ? parsed.value.state : null);
    at = size === null ? end + 1 : end + 2 + size;
  }
  return states;
}
