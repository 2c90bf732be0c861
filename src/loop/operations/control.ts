import { z } from 'zod';
import { fail, ok } from '../../base/failure.ts';
import { commitsTouching, fileAt } from '../../git/history.ts';
import { readStatus } from '../../git/status.ts';
import { defineOperation } from '../../spine/operation.ts';
import { NOTHING_USED } from '../budget.ts';
import { checkBranch } from '../guards.ts';
import { newId } from '../../base/ids.ts';
import { readJournal } from '../journal.ts';
import { isHolderAlive, readHolder, takeLock } from '../lock.ts';
import { stateMessage } from '../message.ts';
import { appendRecord, makeUntrackedFolder, recordsFile } from '../record.ts';
import { readState, stampState, writeState } from '../stamp.ts';
import { Actor, OrchestrationState, parseState } from '../state.ts';
import { requestStop } from '../stop.ts';
import { advance } from '../transition.ts';
import { openLoop } from './open.ts';

const common = { transaction: 'none', cross_domain_deps: [], surfaces: ['cli', 'http'], callers: ['operator', 'system'], starts_work: false } as const;

export const runStop = defineOperation({
  ...common,
  name: 'loop.run.stop',
  summary: 'Ask the run of this checkout to end at the next turn, or now',
  input: z.object({ now: z.boolean().default(false), remote: z.boolean().default(false), reason: z.string().max(2000).optional() }),
  output: z.object({ requested: z.boolean(), now: z.boolean(), runner: z.object({ pid: z.number().int(), since: z.string() }).nullable() }),
  failures: ['config_invalid', 'not_a_repository', 'not_available'],
  async handler(context, input) {
    const opened = await openLoop(context);
    if (!opened.ok) return opened;
    if (input.remote) {
      return fail({ code: 'not_available', kind: 'unavailable', message: 'stop --remote needs the hand-off between machines, which this version does not have yet.', hint: 'Run orchestrator stop on the machine where the run is.' });
    }
    const { places } = opened.value;
    const holder = await readHolder(places.lock);
    if (holder === null || !isHolderAlive(holder)) return ok({ requested: false, now: input.now, runner: null });
    await requestStop(places, { at: context.timestamp, now: input.now, reason: input.reason ?? null });
    return ok({ requested: true, now: input.now, runner: { pid: holder.pid, since: holder.at } });
  },
});

export const stateShow = defineOperation({
  ...common,
  name: 'loop.state.show',
  summary: 'The state as it is read, defaults filled in',
  input: z.object({}),
  output: z.object({ file: z.string(), exists: z.boolean(), state: OrchestrationState, other_keys: z.record(z.string(), z.unknown()) }),
  failures: ['config_invalid', 'not_a_repository', 'state_invalid'],
  surfaces: ['cli', 'http', 'mcp'],
  callers: ['operator', 'agent', 'system'],
  async handler(context) {
    const opened = await openLoop(context);
    if (!opened.ok) return opened;
    const { repository, settings } = opened.value;
    const read = await readState(repository.root, settings.state_file);
    if (!read.ok) return read;
    const { state, raw, text } = read.value;
    const other_keys = Object.fromEntries(Object.entries(raw).filter(([key]) => !(key in OrchestrationState.shape)));
    return ok({ file: settings.state_file, exists: text !== null, state, other_keys });
  },
});

/** How far back the last good version is looked for. */
const RESTORE_DEPTH = 1000;

export const stateRestore = defineOperation({
  ...common,
  name: 'loop.state.restore',
  summary: 'Write the last good version of the state file, from git history',
  input: z.object({}),
  output: z.object({ file: z.string(), commit: z.string().nullable(), changed: z.boolean(), state: OrchestrationState }),
  failures: ['checkout_busy', 'config_invalid', 'not_a_repository', 'state_not_in_history'],
  async handler(context) {
    const opened = await openLoop(context);
    if (!opened.ok) return opened;
    const { repository, settings, places } = opened.value;
    const file = settings.state_file;
    const lock = await takeLock(places.lock, 'state restore');
    if (!lock.ok) return lock;
    try {
      const now = await readState(repository.root, file);
      if (now.ok && now.value.text !== null) return ok({ file, commit: null, changed: false, state: now.value.state });
      for (const commit of await commitsTouching(repository.git, file, RESTORE_DEPTH)) {
        const text = await fileAt(repository.git, commit, file);
        const parsed = text === null ? null : parseState(text, file);
        if (parsed === null || !parsed.ok) continue;
        await writeState(repository.root, file, parsed.value);
        return ok({ file, commit, changed: true, state: parsed.value.state });
      }
      return fail({
        code: 'state_not_in_history',
        kind: 'not_found',
        message: `No good version of ${file} was found in the last ${RESTORE_DEPTH} commits that touched it.`,
        hint: `Move ${file} away to begin at iteration 1, or mend it by hand.`,
      });
    } finally {
      await lock.value.release();
    }
  },
});

export const turnStamp = defineOperation({
  ...common,
  name: 'loop.turn.stamp',
  summary: 'Stamp a turn by hand, without an agent',
  input: z.object({ actor: Actor, result: z.enum(['ok', 'fail']), push: z.boolean().default(true) }),
  output: z.object({ state: OrchestrationState, commit: z.string().nullable(), pushed: z.boolean() }),
  failures: ['checkout_busy', 'config_invalid', 'not_your_turn', 'state_invalid', 'turn_in_flight', 'wrong_branch'],
  async handler(context, input) {
    const opened = await openLoop(context);
    if (!opened.ok) return opened;
    const { repository, settings, places, loaded } = opened.value;
    const lock = await takeLock(places.lock, 'handoff');
    if (!lock.ok) return lock;
    try {
      const journal = await readJournal(places);
      if (!journal.ok) return journal;
      if (journal.value !== null) {
        return fail({ code: 'turn_in_flight', kind: 'conflict', message: `Turn ${journal.value.turn_id} was cut short and is not finished yet.`, hint: 'orchestrator run finishes or repeats it first.' });
      }
      const status = await readStatus(repository.git);
      const branch = await checkBranch(repository, status, loaded.config.sync.branch ?? null);
      if (!branch.ok) return branch;
      const read = await readState(repository.root, settings.state_file);
      if (!read.ok) return read;
      const { state } = read.value;
      if (state.expected_actor !== input.actor) {
        return fail({ code: 'not_your_turn', kind: 'conflict', message: `It is ${state.expected_actor}'s turn (iteration ${state.iteration}), not ${input.actor}'s.`, hint: `orchestrator handoff ${state.expected_actor} ${input.result}` });
      }
      const at = context.clock.now();
      const turn_id = newId('turn', at);
      const run_id = newId('run', at);
      const head = status.head ?? 'no-git';
      const reason = 'stamped by hand (orchestrator handoff)';
      const facts = {
        actor: input.actor,
        prompt: null,
        review: false,
        review_placement: settings.router.review_placement,
        run_id,
        turn_id,
        attempt: 1,
        commit: head,
        progressed: true,
        no_progress_limit: 0,
        log: null,
        exit_code: null,
        at,
      };
      const failure = { code: 'handed_off_failed', kind: 'failed', message: `A person stamped ${input.actor}'s turn as failed.` } as const;
      const after = advance(state, facts, input.result === 'ok' ? { kind: 'ok', summary: reason, next_prompt: null } : { kind: 'failed', failure });
      const outcome = input.result === 'ok' ? 'ok' : 'failed';
      const message = stateMessage(
        { actor: input.actor, iteration: state.iteration, next: after.state.expected_actor, status: outcome, commit: head },
        { turn_id, outcome, agent: null, usage: NOTHING_USED },
      );
      const tracked = (await repository.git.attempt(['ls-files', '--error-unmatch', '--', settings.state_file])).code === 0;
      const commit = await stampState(repository.git, repository.root, settings.state_file, { state: after.state, raw: read.value.raw }, message, { tracked });
      await makeUntrackedFolder(settings.logs_dir);
      await appendRecord(recordsFile(settings.logs_dir, branch.value), {
        id: turn_id, run_id, iteration: state.iteration, actor: input.actor, prompt: null, source: 'operator', reason, agent: null, attempt: 1, outcome,
        started_at: at.toISOString(), ended_at: at.toISOString(), duration_ms: 0, agent_ms: 0, exit_code: null, base: head, head, commits: [], files_changed: [],
        skipped_files: [], skip_reasons: {}, usage: NOTHING_USED, log: null, transcript: null, session_id: null, summary: null,
        failure: input.result === 'ok' ? null : { code: failure.code, message: failure.message }, warnings: [],
      });
      return ok({ state: after.state, commit, pushed: false });
    } finally {
      await lock.value.release();
    }
  },
});
