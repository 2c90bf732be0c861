import { z } from 'zod';
import { statusFile } from '../../agents/contract.ts';
import { ok } from '../../base/failure.ts';
import type { Result } from '../../base/failure.ts';
import { readStatus } from '../../git/status.ts';
import { readWrapperStatus } from '../../process/wrapper.ts';
import { defineOperation } from '../../spine/operation.ts';
import { readJournal } from '../journal.ts';
import type { Journal } from '../journal.ts';
import { isHolderAlive, readHolder } from '../lock.ts';
import { decideNext } from '../next.ts';
import type { Places } from '../places.ts';
import { openQuestions } from '../questions.ts';
import { readState } from '../stamp.ts';
import { Actor, OrchestrationState } from '../state.ts';
import type { StateDocument } from '../state.ts';
import { openLoop } from './open.ts';
import type { OpenLoop } from './open.ts';
import { RoutingInput, agentFlagsOf, routingFlags } from './routing-input.ts';

const Next = z.object({ actor: Actor, selected_prompt: z.string(), source: z.enum(['deterministic', 'router']), reason: z.string() });

const TurnInFlight = z.object({
  id: z.string(),
  actor: Actor,
  prompt: z.string().nullable(),
  agent: z.string().nullable(),
  pid: z.number().int().nullable(),
  started_at: z.string(),
  attempt: z.number().int(),
  waiting_for: z.string().optional(),
});

export const StatusOutput = z.object({
  workspace: z.string(),
  branch: z.string().nullable(),
  state: OrchestrationState,
  turn: TurnInFlight.nullable(),
  /** Null where nothing could be chosen; `next_failure` says why. */
  next: Next.nullable(),
  next_failure: z.string().optional(),
  failure: OrchestrationState.shape.failure,
  /** A turn that was cut short by a crash and will be finished or repeated by the next run. */
  crashed_turn: TurnInFlight.optional(),
  /** The process that runs turns in this checkout. */
  runner: z.object({ pid: z.number().int(), since: z.string() }).nullable(),
});

type StatusOutput = z.infer<typeof StatusOutput>;

/** Where things stand on this machine; `on`: the state that counts, where it is not the one in the checkout. */
export async function localStatus({ workspace, repository, places, settings }: OpenLoop, on: StateDocument | null): Promise<Result<StatusOutput>> {
  const [status, holder] = await Promise.all([readStatus(repository.git, { passive: true, tracked_only: true }), readHolder(places.lock)]);
  const state = on === null ? readState(repository.root, settings.state_file) : ok(on);
  const journal = readJournal(places);
  if (!state.ok) return state;
  const alive = holder !== null && isHolderAlive(holder);
  const inFlight = journal.ok && journal.value !== null && (journal.value.workspace ?? workspace) === workspace ? turnOf(places, journal.value) : null;
  const next = decideNext(state.value.state, settings);
  return ok({
    workspace,
    branch: status.branch,
    state: state.value.state,
    turn: alive ? inFlight : null,
    next: next.ok ? next.value : null,
    ...(next.ok ? {} : { next_failure: next.failure.message }),
    failure: state.value.state.failure,
    ...(!alive && inFlight !== null ? { crashed_turn: inFlight } : {}),
    runner: alive ? { pid: holder.pid, since: holder.at } : null,
  });
}

/** The process group of an agent, as its wrapper wrote it down. */
const pidOf = (journal: Journal): number | null => (journal.agent === null ? null : readWrapperStatus(statusFile(journal.agent.scratch)).pid);

function turnOf(places: Places, journal: Journal): z.infer<typeof TurnInFlight> {
  const [question] = openQuestions(places, journal.turn_id);
  return {
    id: journal.turn_id,
    actor: journal.actor,
    prompt: journal.routed?.prompt ?? null,
    agent: journal.agent?.name ?? null,
    pid: pidOf(journal),
    started_at: journal.agent?.started_at ?? journal.started_at,
    attempt: journal.attempt,
    ...(question === undefined ? {} : { waiting_for: `an answer to: ${question.question}` }),
    ...(journal.waiting === null ? {} : { waiting_for: `the usage limit of ${journal.waiting.agent}, until ${journal.waiting.until}` }),
  };
}

export const nextDecide = defineOperation({
  name: 'loop.next.decide',
  summary: 'Which prompt the router would choose, and why',
  input: RoutingInput,
  output: Next,
  failures: ['config_invalid', 'prompt_missing', 'prompt_not_actors', 'prompt_not_allowed', 'prompt_outside', 'router_unset', 'state_invalid'],
  transaction: 'none',
  cross_domain_deps: [],
  surfaces: ['cli', 'http', 'mcp'],
  callers: ['operator', 'agent', 'system'],
  starts_work: false,
  async handler(context, input) {
    const opened = await openLoop(context, routingFlags(input), agentFlagsOf(input));
    if (!opened.ok) return opened;
    const { repository, settings } = opened.value;
    const state = readState(repository.root, settings.state_file);
    if (!state.ok) return state;
    return decideNext(state.value.state, settings);
  },
});
