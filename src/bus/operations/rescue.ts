import { join } from 'node:path';
import { z } from 'zod';
import { fail, ok } from '../../base/failure.ts';
import type { Failure, Result } from '../../base/failure.ts';
import { readStatus } from '../../git/status.ts';
import { checkBranch, openLoop, readJournal, takeLock } from '../../loop/contract.ts';
import { defineOperation } from '../../spine/operation.ts';
import type { OperationContext } from '../../spine/operation.ts';
import { applyPicks, missingCommits } from '../rescue-picks.ts';
import { deleteRescue, describeCommit, findRescues, isRescueId, pickRescue } from '../rescue-refs.ts';
import type { FoundRescues, RescueEntry } from '../rescue-refs.ts';

const common = { transaction: 'none', cross_domain_deps: [], surfaces: ['cli', 'http'], callers: ['operator', 'system'], starts_work: false } as const;

const RescueId = z.string().refine(isRescueId, 'Expected the id of a turn as rescue list shows it, or its beginning.').describe('The id, or a beginning that only one has.');

const Rescue = z.object({
  id: z.string(),
  commit: z.string(),
  base: z.string().nullable().describe('Where it left the current branch.'),
  subject: z.string(),
  at: z.string(),
  files_changed: z.number().int(),
  where: z.enum(['local', 'remote', 'both']),
  applied: z.boolean().describe('The current branch has all of this work.'),
});

const Warnings = z.array(z.string());

type OpenLoop = Extract<Awaited<ReturnType<typeof openLoop>>, { ok: true }>['value'];

/** The workspace and all that is kept; warnings are told on the way and are part of the answer. */
async function openRescues(context: OperationContext): Promise<Result<{ loop: OpenLoop; remote: string; found: FoundRescues }>> {
  const opened = await openLoop(context);
  if (!opened.ok) return opened;
  const { remote } = opened.value.loaded.config.sync;
  const found = await findRescues(opened.value.repository.git, remote, context.signal);
  // Whoever waited for a remote and gave up does not want the rest done.
  if (context.signal.aborted) return fail(context.signal.reason as Failure);
  for (const message of found.warnings) context.emit({ type: 'warning', message });
  return ok({ loop: opened.value, remote, found });
}

/** The same, and the one that an id means. */
async function openRescue(context: OperationContext, id: string): Promise<Result<{ loop: OpenLoop; remote: string; found: FoundRescues; entry: RescueEntry }>> {
  const opened = await openRescues(context);
  if (!opened.ok) return opened;
  const entry = pickRescue(opened.value.found.entries, id);
  return entry.ok ? ok({ ...opened.value, entry: entry.value }) : entry;
}

async function describe({ repository, settings }: OpenLoop, entry: RescueEntry) {
  const { files, base, subject, at } = await describeCommit(repository.git, entry.commit);
  const missing = await missingCommits(repository.git, entry.commit, settings.state_file);
  const rescue: z.infer<typeof Rescue> = { id: entry.id, commit: entry.commit, base, subject, at, files_changed: files.length, where: entry.where, applied: missing.length === 0 };
  return { rescue, files, missing };
}

export const rescueList = defineOperation({
  ...common,
  name: 'bus.rescue.list',
  summary: 'Work that was kept because it could not stay on its branch',
  input: z.object({}),
  output: z.object({ rescues: z.array(Rescue), warnings: Warnings }),
  failures: ['config_invalid', 'not_a_repository'],
  async handler(context) {
    const opened = await openRescues(context);
    if (!opened.ok) return opened;
    const { loop, found } = opened.value;
    const rescues: z.infer<typeof Rescue>[] = [];
    for (const entry of found.entries) rescues.push((await describe(loop, entry)).rescue);
    return ok({ rescues, warnings: [...found.warnings] });
  },
});

export const rescueShow = defineOperation({
  ...common,
  name: 'bus.rescue.show',
  summary: 'One piece of kept work: its files and commits',
  input: z.object({ id: RescueId }),
  output: Rescue.extend({
    stat: z.array(z.object({ path: z.string(), added: z.number().int().nullable(), removed: z.number().int().nullable() })).describe('Lines changed since base; null for binary files.'),
    commits: z.array(z.object({ commit: z.string(), subject: z.string(), at: z.string() })).describe('What apply would bring, oldest first.'),
    warnings: Warnings,
  }),
  failures: ['config_invalid', 'not_a_repository', 'rescue_ambiguous', 'rescue_not_found'],
  async handler(context, input) {
    const opened = await openRescue(context, input.id);
    if (!opened.ok) return opened;
    const { loop, found, entry } = opened.value;
    const { rescue, files, missing } = await describe(loop, entry);
    const commits: { commit: string; subject: string; at: string }[] = [];
    for (const { commit } of missing) {
      const { subject, at } = await describeCommit(loop.repository.git, commit);
      commits.push({ commit, subject, at });
    }
    return ok({ ...rescue, stat: files, commits, warnings: [...found.warnings] });
  },
});

export const rescueApply = defineOperation({
  ...common,
  name: 'bus.rescue.apply',
  summary: 'Bring kept work onto the current branch, as commits',
  input: z.object({ id: RescueId }),
  output: z.object({ id: z.string(), branch: z.string(), commits: z.array(z.string()).describe('The new commits, oldest first.'), head: z.string(), warnings: Warnings }),
  failures: ['checkout_busy', 'config_invalid', 'detached_head', 'dirty_tree', 'git_locked', 'half_done', 'not_a_repository', 'rescue_ambiguous', 'rescue_conflict', 'rescue_not_found', 'turn_in_flight', 'unborn_branch'],
  async handler(context, input) {
    const opened = await openRescue(context, input.id);
    if (!opened.ok) return opened;
    const { loop, found, entry } = opened.value;
    const lock = await takeLock(loop.places.lock, 'rescue apply');
    if (!lock.ok) return lock;
    try {
      const applied = await applyLocked(loop, entry);
      return applied.ok ? ok({ ...applied.value, warnings: [...found.warnings] }) : applied;
    } finally {
      await lock.value.release();
    }
  },
});

async function applyLocked({ repository, places, settings }: OpenLoop, { id, commit }: RescueEntry): Promise<Result<{ id: string; branch: string; commits: string[]; head: string }>> {
  const { git } = repository;
  const journal = readJournal(places);
  if (!journal.ok) return journal;
  if (journal.value !== null) {
    // Commits made now would pass for those of its agent.
    return fail({ code: 'turn_in_flight', kind: 'conflict', message: `Turn ${journal.value.turn_id} was cut short and is not finished yet.`, hint: 'orchestrator run finishes or repeats it first.' });
  }
  const status = await readStatus(git, { tracked_only: true });
  const branch = await checkBranch(repository, status, null);
  if (!branch.ok) return branch;
  const dirty = [...status.dirty.values()].filter((entry) => entry.kind !== 'submodule' || entry.staged).map((entry) => entry.path);
  if (dirty.length > 0) {
    return fail({ code: 'dirty_tree', kind: 'precondition', message: `${dirty.length} tracked ${dirty.length === 1 ? 'file has' : 'files have'} uncommitted changes: ${dirty.slice(0, 10).join(', ')}${dirty.length > 10 ? ', …' : ''}.`, hint: 'Commit or stash them first.', details: { paths: dirty } });
  }
  const picks = await missingCommits(git, commit, settings.state_file);
  if (picks.length === 0) return ok({ id, branch: branch.value, commits: [], head: status.head ?? '' });
  const plan = { id, branch: branch.value, picks, stateFile: settings.state_file, scratchIndex: join(places.control, 'rescue.index') };
  const applied = await applyPicks(repository, plan);
  if (!applied.ok) return applied;
  return ok({ id, branch: branch.value, commits: applied.value, head: applied.value.at(-1) ?? status.head ?? '' });
}

export const rescueDrop = defineOperation({
  ...common,
  name: 'bus.rescue.drop',
  summary: 'Let go of kept work, here and on the remote',
  input: z.object({ id: RescueId, yes: z.boolean().default(false).describe('Also when the current branch does not have the work.') }),
  output: z.object({ id: z.string(), commit: z.string(), local: z.boolean(), remote: z.boolean(), warnings: Warnings }),
  failures: ['config_invalid', 'not_a_repository', 'remote_unavailable', 'rescue_ambiguous', 'rescue_not_applied', 'rescue_not_found'],
  async handler(context, input) {
    const opened = await openRescue(context, input.id);
    if (!opened.ok) return opened;
    const { loop, remote, found, entry } = opened.value;
    const { id, commit } = entry;
    const missing = await missingCommits(loop.repository.git, commit, loop.settings.state_file);
    if (missing.length > 0 && !input.yes) {
      return fail({ code: 'rescue_not_applied', kind: 'invalid', message: `The current branch does not have the work of ${id} (${missing.length} ${missing.length === 1 ? 'commit' : 'commits'}); dropped, it would be lost.`, hint: `orchestrator rescue apply ${id} brings it here; with --yes it is dropped all the same.`, details: { id, commit, commits: missing.map((pick) => pick.commit) } });
    }
    const gone = await deleteRescue(loop.repository.git, remote, entry);
    if (gone.problem !== null && !gone.local) return fail({ code: 'remote_unavailable', kind: 'unavailable', message: `The remote ${remote} did not let ${id} go: ${gone.problem}`, hint: 'Try again once it answers.' });
    const warnings = [...found.warnings];
    if (gone.problem !== null) {
      const message = `The remote ${remote} did not let ${id} go: ${gone.problem}`;
      context.emit({ type: 'warning', message });
      warnings.push(message);
    }
    return ok({ id, commit, local: gone.local, remote: gone.remote, warnings });
  },
});
