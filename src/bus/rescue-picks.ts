import { rm } from 'node:fs/promises';
import { fail, ok } from '../base/failure.ts';
import type { Failure, Result } from '../base/failure.ts';
import { gitFailed } from '../git/git.ts';
import type { Git } from '../git/git.ts';
import { isAncestor, resolveCommit } from '../git/history.ts';
import { halfDone } from '../git/repository.ts';
import type { Repository } from '../git/repository.ts';
import { untrackedAt } from '../git/untracked.ts';

/** A kept commit that the current branch does not have. */
export interface Pick {
  readonly commit: string;
  readonly parents: readonly string[];
  /** What it changed against its first parent. */
  readonly paths: readonly string[];
}

/**
 * The commits up to `commit` that the current branch has neither themselves nor as the same change, oldest first. Only
 * first parents are followed: a merge stands for all that it brought. Commits of nothing but the state file are no work.
 */
export async function missingCommits(git: Git, commit: string, stateFile: string): Promise<Pick[]> {
  const head = await resolveCommit(git, 'HEAD');
  if (head !== null && (await isAncestor(git, commit, head))) return [];
  const range = head === null ? [commit] : [commit, `^${head}`];
  const text = await git.run(['log', '--reverse', '--first-parent', '--diff-merges=first-parent', '--no-show-signature', '-z', '--no-renames', '--name-only', '--format=%x01%H %P', ...range, '--']);
  const picks: { commit: string; parents: string[]; paths: string[] }[] = [];
  for (const field of text.split(/[\0\n]/)) {
    if (field.startsWith('\x01')) {
      const [id = '', ...parents] = field.slice(1).split(' ').filter((part) => part !== '');
      picks.push({ commit: id, parents, paths: [] });
    } else if (field !== '') picks.at(-1)?.paths.push(field);
  }
  const marked = head === null ? '' : await git.run(['rev-list', '--cherry-mark', '--right-only', '--no-merges', `${head}...${commit}`, '--']);
  const same = new Set(marked.split('\n').filter((line) => line.startsWith('=')).map((line) => line.slice(1)));
  return picks.filter((pick) => !same.has(pick.commit) && pick.paths.some((path) => path !== stateFile));
}

/** Where the picks go, and what they are called in messages. */
export interface PickPlan {
  readonly id: string;
  readonly branch: string;
  readonly picks: readonly Pick[];
  readonly stateFile: string;
  /** Where a scratch index may be put. */
  readonly scratchIndex: string;
}

/**
 * Cherry-picks onto the branch that is checked out and gives the new commits, oldest first; all or none. The state file stays as the
 * branch has it. Failure `rescue_conflict` (conflict): nothing was changed.
 */
export async function applyPicks(repository: Repository, plan: PickPlan): Promise<Result<string[]>> {
  const { git, gitDirectory } = repository;
  const { picks, stateFile } = plan;
  const blocked = await untrackedAt(repository, new Set(picks.flatMap((pick) => pick.paths).filter((path) => path !== stateFile)));
  if (blocked.length > 0) return fail(conflict(plan, blocked, 'would overwrite files that git does not track', `Move them away, then: orchestrator rescue apply ${plan.id}`));
  const before = (await git.run(['rev-parse', '--verify', 'HEAD'])).trim();
  const commits: string[] = [];
  for (const pick of picks) commits.push(pick.paths.includes(stateFile) ? await withoutFile(git, pick, stateFile, plan.scratchIndex) : pick.commit);
  await rm(plan.scratchIndex, { force: true });
  // rerere could solve a conflict by what somebody once did elsewhere; -m 1 says how a merge among them is meant.
  const args = ['-c', 'rerere.enabled=false', 'cherry-pick', '--ff', '--allow-empty-message', '-m', '1', ...commits];
  let output = await git.attempt(args);
  while (output.code !== 0) {
    const files = (await git.run(['diff', '--name-only', '--diff-filter=U', '-z'])).split('\0').filter((path) => path !== '');
    const picking = halfDone(gitDirectory) === 'cherry-pick';
    if (picking && files.length === 0 && (await git.attempt(['diff', '--cached', '--quiet', 'HEAD'])).code === 0) {
      // The branch has this change already.
      output = await git.attempt(['-c', 'rerere.enabled=false', 'cherry-pick', '--skip']);
      continue;
    }
    await git.attempt(['cherry-pick', '--abort']);
    const after = (await git.run(['rev-parse', '--verify', 'HEAD'])).trim();
    // What was picked before a step that never began is only taken back where nothing of anybody's is in the way.
    if (after !== before) await git.run(['reset', '--keep', before]);
    if (files.length > 0) return fail(conflict(plan, files, `conflicts with ${plan.branch}`, byHand(picks)));
    throw gitFailed(git.directory, args, output);
  }
  return ok((await git.run(['rev-list', '--reverse', '--first-parent', 'HEAD', `^${before}`])).split('\n').filter((line) => line !== ''));
}

function conflict(plan: PickPlan, files: readonly string[], what: string, hint: string): Failure {
  const shown = `${files.slice(0, 10).join(', ')}${files.length > 10 ? ', …' : ''}`;
  return { code: 'rescue_conflict', kind: 'conflict', message: `The work of ${plan.id} ${what}: ${shown}. Nothing was changed.`, hint, details: { id: plan.id, branch: plan.branch, files: [...files], commits: plan.picks.map((pick) => pick.commit) } };
}

function byHand(picks: readonly Pick[]): string {
  const mainline = picks.some((pick) => pick.parents.length > 1) ? '-m 1 ' : '';
  return `By hand: git cherry-pick ${mainline}${picks.map((pick) => pick.commit.slice(0, 12)).join(' ')}, solve the conflicts, git add them, git cherry-pick --continue.`;
}

/** The same change without one file, which stays as the first parent has it. */
async function withoutFile(git: Git, pick: Pick, file: string, scratchIndex: string): Promise<string> {
  const [parent] = pick.parents;
  const env = { GIT_INDEX_FILE: scratchIndex };
  await git.run(['read-tree', pick.commit], { env });
  const entry = parent === undefined ? '' : await git.run(['ls-tree', '-z', parent, '--', file]);
  const [, mode, blob] = /^(\d+) blob ([0-9a-f]+)\t/.exec(entry) ?? [];
  await git.run(['update-index', ...(mode === undefined ? ['--force-remove', '--', file] : ['--add', '--cacheinfo', `${mode},${blob},${file}`])], { env });
  const tree = (await git.run(['write-tree'], { env })).trim();
  const [name = '', email = '', date = '', ...message] = (await git.run(['log', '-1', '--no-show-signature', '--format=%an%x00%ae%x00%aI%x00%B', pick.commit, '--'])).split('\0');
  const author = { GIT_AUTHOR_NAME: name, GIT_AUTHOR_EMAIL: email, GIT_AUTHOR_DATE: date };
  return (await git.run(['commit-tree', tree, ...(parent === undefined ? [] : ['-p', parent]), '-F', '-'], { env: author, input: `${message.join('\0').trimEnd()}\n` })).trim();
}
