import { z } from 'zod';
import { ok } from '../../base/failure.ts';
import type { Result } from '../../base/failure.ts';
import { isAncestor, resolveCommit } from '../../git/history.ts';
import { openRepository } from '../../git/repository.ts';
import type { Repository } from '../../git/repository.ts';
import { readStatus } from '../../git/status.ts';
import { openWorktree, removeWorktree } from '../../git/worktrees.ts';
import { openWorkspace } from '../../loop/contract.ts';
import { defineOperation } from '../../spine/operation.ts';
import type { OperationContext } from '../../spine/operation.ts';
import { POOL } from '../resource.ts';
import { newest } from '../unit-book.ts';
import { isTerminal } from '../unit.ts';
import type { UnitStatus } from '../unit.ts';
import { poolWorktrees } from '../worktrees.ts';
import { READ_FAILURES, readStore } from './open.ts';

const shared = { transaction: 'none', cross_domain_deps: [], surfaces: ['cli', 'http'], callers: ['operator', 'system'], starts_work: false } as const;
const failures = READ_FAILURES;

const View = z.object({ chunk: z.string(), path: z.string(), branch: z.string().nullable(), status: z.string().nullable().describe('Of its unit; null where there is none.'), gone: z.boolean().describe('The folder is not there any more.') });

async function look(context: OperationContext): Promise<Result<{ repository: Repository; worktrees: (z.infer<typeof View> & { merged_as: string | null })[] }>> {
  const opened = await openWorkspace(context);
  if (!opened.ok) return opened;
  const { workspace } = opened.value;
  const repository = await openRepository(workspace);
  if (!repository.ok) return repository;
  const found = await poolWorktrees(repository.value, workspace);
  const units = await readStore(context, new Map<string, { status: UnitStatus; merged_as: string | null }>(), async (tx) => {
    const known = new Map<string, { status: UnitStatus; merged_as: string | null }>();
    for (const { chunk } of found) {
      const unit = await newest(tx, chunk);
      if (unit !== null) known.set(chunk, { status: unit.status, merged_as: unit.merged_as });
    }
    return known;
  });
  if (!units.ok) return units;
  return ok({ repository: repository.value, worktrees: found.map(({ chunk, path, branch, prunable }) => ({ chunk, path, branch, gone: prunable, status: units.value.get(chunk)?.status ?? null, merged_as: units.value.get(chunk)?.merged_as ?? null })) });
}

export const worktreeList = defineOperation({
  ...shared,
  name: 'pool.worktree.list',
  summary: 'The worktrees of work units',
  input: z.object({}),
  output: z.object({ worktrees: z.array(View) }),
  failures,
  async handler(context) {
    const looked = await look(context);
    return looked.ok ? ok({ worktrees: looked.value.worktrees.map(({ merged_as: _merged, ...view }) => view) }) : looked;
  },
});

export const worktreePrune = defineOperation({
  ...shared,
  name: 'pool.worktree.prune',
  summary: 'Take away worktrees of units that are at their end, where nothing would be lost',
  input: z.object({}),
  output: z.object({ removed: z.array(z.string()), kept: z.array(z.object({ chunk: z.string(), why: z.string() })) }),
  failures,
  async handler(context) {
    const looked = await look(context);
    if (!looked.ok) return looked;
    const { repository, worktrees } = looked.value;
    const removed: string[] = [];
    const kept: { chunk: string; why: string }[] = [];
    for (const { chunk, path, branch, status, gone } of worktrees) {
      const why = status !== null && !isTerminal(status as UnitStatus) ? `its unit is ${status}` : chunk.startsWith('.') ? (context.resource(POOL) === null ? null : 'the merge queue works in it') : gone ? null : await worth(repository, path, branch);
      if (why !== null) {
        kept.push({ chunk, why });
        continue;
      }
      await removeWorktree(repository, path);
      removed.push(chunk);
    }
    return ok({ removed, kept });
  },
});

/** What would be lost with a worktree; null when nothing. */
async function worth(repository: Repository, path: string, branch: string | null): Promise<string | null> {
  const place = await openWorktree(repository, path);
  if (place === null) return 'it cannot be read';
  const { dirty, head } = await readStatus(place.git, { passive: true });
  const first = [...dirty.keys()].filter((each) => !each.startsWith('.orchestrator'))[0];
  if (first !== undefined) return `it has changes that are not committed, such as ${first}`;
  // A branch keeps its commits; a detached HEAD does not.
  if (branch !== null || head === null) return null;
  const target = await resolveCommit(repository.git, 'HEAD');
  return target !== null && (await isAncestor(repository.git, head, target)) ? null : 'its commits are on no branch';
}
