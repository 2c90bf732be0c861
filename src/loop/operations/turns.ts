import { existsSync, watch } from 'node:fs';
import { z } from 'zod';
import { fail, ok } from '../../base/failure.ts';
import type { Result } from '../../base/failure.ts';
import type { Git } from '../../git/git.ts';
import { isAncestor, resolveCommit } from '../../git/history.ts';
import { readStatus } from '../../git/status.ts';
import { defineOperation } from '../../spine/operation.ts';
import type { OperationContext } from '../../spine/operation.ts';
import { TurnRecord, makeUntrackedFolder, readRecords, recordsFile } from '../record.ts';
import { Actor } from '../state.ts';
import { TimedEvent, reasonsIn, transcriptOf } from '../transcript.ts';
import { turnsElsewhere } from '../turns-elsewhere.ts';
import { openLoop } from './open.ts';
import { dirname, join } from 'node:path';
import { mkdir } from 'node:fs/promises';

const Filter = z.object({ actor: Actor.optional(), iteration: z.number().int().min(1).optional() });
type Filter = z.infer<typeof Filter>;

const shared = {
  failures: ['config_invalid', 'not_a_repository'],
  transaction: 'none',
  cross_domain_deps: [],
  surfaces: ['cli', 'http', 'mcp'],
  callers: ['operator', 'agent', 'system'],
  starts_work: false,
} as const;

export const turnList = defineOperation({
  ...shared,
  name: 'loop.turn.list',
  summary: 'The turns of this branch, oldest first',
  input: Filter,
  output: z.object({ turns: z.array(TurnRecord) }),
  async handler(context, input) {
    const file = await fileOf(context);
    if (!file.ok) return file;
    const { turns, unreadable } = await allTurns(file.value);
    if (unreadable > 0) context.emit({ type: 'warning', message: `${unreadable} lines of ${file.value.file} are no records and were passed over.` });
    return ok({ turns: turns.filter((record) => matches(record, input)) });
  },
});

export const turnFollow = defineOperation({
  ...shared,
  name: 'loop.turn.follow',
  summary: 'The turns of this branch, and new ones as they end, until interrupted',
  input: Filter,
  output: z.object({ turns: z.number().int() }),
  surfaces: ['cli'],
  async handler(context, input) {
    const found = await fileOf(context);
    if (!found.ok) return found;
    const { file, logs } = found.value;
    makeUntrackedFolder(logs);
    await mkdir(dirname(file), { recursive: true });
    let seen = 0;
    const show = async (): Promise<void> => {
      const { records } = await readRecords(file);
      for (const turn of records.slice(seen)) if (matches(turn, input)) context.emit({ type: 'turn', turn });
      seen = records.length;
    };
    // Changes come while the file is read: each look waits for the one before, and none is left out.
    let looking = show();
    const watcher = watch(dirname(file), () => (looking = looking.then(show)));
    await new Promise<void>((resolve) => {
      if (context.signal.aborted) resolve();
      context.signal.addEventListener('abort', () => resolve(), { once: true });
    });
    watcher.close();
    await looking;
    return ok({ turns: seen });
  },
});

export const turnExplain = defineOperation({
  ...shared,
  name: 'loop.turn.explain',
  summary: 'The chain of causes of a turn',
  failures: [...shared.failures, 'turn_not_found', 'turn_ambiguous'],
  input: z.object({ turn: z.string().min(1) }),
  output: z.object({
    turn: TurnRecord,
    chain: z.array(z.object({ what: z.enum(['before', 'routed', 'agent', 'changes', 'outcome', 'after']), because: z.string() })),
  }),
  async handler(context, input) {
    const found = await findTurn(context, input.turn);
    if (!found.ok) return found;
    const { turn, records, source } = found.value;
    const events = transcriptOf(turn, source.workspace, source.logs);
    const reasons = events.ok ? await reasonsIn(events.value) : [];
    const at = records.indexOf(turn);
    return ok({ turn, chain: chainOf(turn, records[at - 1] ?? null, records[at + 1] ?? null, reasons) });
  },
});

export const turnTranscript = defineOperation({
  ...shared,
  name: 'loop.turn.transcript',
  summary: 'What happened in a turn, event by event',
  failures: [...shared.failures, 'transcript_missing', 'turn_ambiguous', 'turn_not_found'],
  input: z.object({ turn: z.string().min(1) }),
  output: z.object({ turn: TurnRecord, events: z.array(TimedEvent) }),
  async handler(context, input) {
    const found = await findTurn(context, input.turn);
    if (!found.ok) return found;
    const { turn, source } = found.value;
    const transcript = transcriptOf(turn, source.workspace, source.logs);
    if (!transcript.ok) return transcript;
    const events: TimedEvent[] = [];
    for await (const event of transcript.value) events.push(event);
    return ok({ turn, events });
  },
});

/** The turn that an id, its beginning, or "last" means, among all that are on record here or on the branch. */
async function findTurn(context: OperationContext, id: string): Promise<Result<{ turn: TurnRecord; records: TurnRecord[]; source: TurnSource }>> {
  const found = await fileOf(context);
  if (!found.ok) return found;
  const { turns: records } = await allTurns(found.value);
  const matching = id === 'last' ? records.slice(-1) : records.filter((record) => record.id === id || record.id.startsWith(id));
  const exact = matching.find((record) => record.id === id);
  const [turn] = exact === undefined ? matching : [exact];
  if (turn === undefined) {
    return fail({ code: 'turn_not_found', kind: 'not_found', message: `There is no turn ${JSON.stringify(id)} on this branch.`, hint: 'orchestrator log shows the ids; "last" names the newest.' });
  }
  if (exact === undefined && matching.length > 1) {
    return fail({ code: 'turn_ambiguous', kind: 'invalid', message: `${JSON.stringify(id)} is the beginning of ${matching.length} turns.`, details: { turns: matching.map((record) => record.id) } });
  }
  return ok({ turn, records, source: found.value });
}

function chainOf(turn: TurnRecord, before: TurnRecord | null, after: TurnRecord | null, reasons: readonly string[]) {
  const chain: { what: 'before' | 'routed' | 'agent' | 'changes' | 'outcome' | 'after'; because: string }[] = [];
  chain.push({
    what: 'before',
    because: before === null ? 'it is the first turn on record of this branch' : `turn ${before.id} (${before.actor}, iteration ${before.iteration}) ended ${before.outcome}, so it was ${turn.actor}'s turn in iteration ${turn.iteration}`,
  });
  if (turn.prompt !== null) chain.push({ what: 'routed', because: `${turn.prompt} was chosen (${turn.source}): ${turn.reason}` });
  if (turn.attempt > 1) chain.push({ what: 'agent', because: `it is attempt ${turn.attempt}: the attempts before were cut short by a crash` });
  if (turn.agent !== null) {
    const exit = turn.exit_code === null ? 'did not exit by itself' : `exited with ${turn.exit_code}`;
    chain.push({ what: 'agent', because: `${turn.agent} worked for ${(turn.agent_ms / 1000).toFixed(1)}s and ${exit}; its output is in ${turn.log ?? 'no log'}` });
  }
  for (const because of reasons) chain.push({ what: 'agent', because });
  const skipped = turn.skipped_files.map((path) => `${path}: ${turn.skip_reasons[path] ?? 'skipped'}`);
  chain.push({ what: 'changes', because: `${turn.files_changed.length} paths changed, ${turn.commits.length} commits${skipped.length > 0 ? `; not committed: ${skipped.join('; ')}` : ''}` });
  const well = turn.source === 'operator' ? 'a person stamped it so' : 'the agent ended well and reported nothing else';
  const words = turn.failure === null ? (turn.summary ?? well) : `${turn.failure.code}: ${turn.failure.message}`;
  chain.push({ what: 'outcome', because: `${turn.outcome}, because ${words}` });
  if (after !== null) chain.push({ what: 'after', because: `turn ${after.id} (${after.actor}, iteration ${after.iteration}) came next and ended ${after.outcome}` });
  return chain;
}

const matches = (record: TurnRecord, filter: Filter): boolean =>
  (filter.actor === undefined || record.actor === filter.actor) && (filter.iteration === undefined || record.iteration === filter.iteration);

/** Where this branch's turns are on record. */
interface TurnSource {
  readonly file: string;
  readonly workspace: string;
  readonly logs: string;
  readonly git: Git;
  readonly state_file: string;
  /** The commit whose history tells of turns that ran elsewhere; null in a checkout that never took part in a hand-off. */
  readonly told_by: string | null;
}

/** The turns on record here and, in the order of the loop, those that the branch tells of. */
async function allTurns({ file, git, state_file, told_by }: TurnSource): Promise<{ turns: TurnRecord[]; unreadable: number }> {
  const { records, unreadable } = await readRecords(file);
  const known = new Set(records.map((record) => record.id));
  const others = told_by === null ? [] : await turnsElsewhere(git, told_by, state_file, known);
  // Clocks of different machines cannot be compared.
  const place = ({ iteration, actor }: TurnRecord): number => 2 * iteration + (actor === 'ralph' ? 1 : 0);
  return { turns: others.length === 0 ? [...records] : [...records, ...others].toSorted((a, b) => place(a) - place(b)), unreadable };
}

async function fileOf(context: OperationContext): Promise<Result<TurnSource>> {
  const opened = await openLoop(context);
  if (!opened.ok) return opened;
  const { settings, repository, places, loaded } = opened.value;
  const { branch } = await readStatus(repository.git, { passive: true, tracked_only: true });
  // Only a checkout that took part in a hand-off has turns of others on its branch.
  const shares = branch !== null && existsSync(join(places.control, 'owner'));
  const told_by = shares ? await newestOf(repository.git, branch, loaded.config.sync.remote) : null;
  return ok({ file: recordsFile(settings.logs_dir, branch ?? 'HEAD'), workspace: opened.value.workspace, logs: settings.logs_dir, git: repository.git, state_file: settings.state_file, told_by });
}

/** The branch, or what a waiting runner has fetched of it where this checkout is merely behind. */
async function newestOf(git: Git, branch: string, remote: string): Promise<string | null> {
  const here = await resolveCommit(git, `refs/heads/${branch}`);
  const there = await resolveCommit(git, `refs/remotes/${remote}/${branch}`);
  return here !== null && there !== null && (await isAncestor(git, here, there)) ? there : here;
}
