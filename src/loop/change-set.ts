import { createHash } from 'node:crypto';
import { posix } from 'node:path';
import { findSecrets } from '../base/secrets.ts';
import type { Failure } from '../base/failure.ts';
import type { Git } from '../git/git.ts';
import { addedLines, isAncestor, linksAt, ownCommits, resolveCommit, sizesAt } from '../git/history.ts';
import { listRemote } from '../git/push.ts';
import { remoteUrl } from '../git/remote.ts';
import { halfDone } from '../git/repository.ts';
import { pathFacts } from './path-facts.ts';
import { judge } from './policy.ts';
import type { SkippedPath } from './policy.ts';
import type { LoopSettings } from './runtime.ts';
import type { Repository } from '../git/repository.ts';
import type { Snapshot } from './snapshot.ts';
import type { Actor } from './state.ts';

/** What a turn did to the checkout, judged. Paths are relative to the checkout's top. */
export interface ChangeSet {
  /** HEAD as the agent left it. */
  readonly head: string;
  /** The agent's own commits, oldest first. */
  readonly own_commits: readonly string[];
  /** Paths of those commits and of the tree that differ, reserved ones left out. */
  readonly changed: readonly string[];
  /** Paths to commit now. */
  readonly commit: readonly string[];
  readonly skipped: readonly SkippedPath[];
  /** A breach that fails the turn; nothing is committed then. */
  readonly failure: Failure | null;
  readonly warnings: readonly string[];
}

/** Where a change set is gathered: a checkout that should be on a branch, and what may be committed there. */
export interface ChangePlace {
  readonly repository: Repository;
  readonly branch: string;
  /** Tips of branches whose commits are not the agent's, should it have merged them. */
  readonly theirs?: readonly string[];
  readonly settings: Pick<LoopSettings, 'isReserved' | 'policy' | 'remote' | 'state_file'>;
}

/** What the caller knows from before the turn. */
export interface TurnStart {
  readonly actor: Actor;
  readonly base: string;
  readonly person: ReadonlySet<string>;
  /** Null after a crash. */
  readonly before: Snapshot | null;
}

/** Digest of the loop's own dirty files: tells whether a turn changed the tree, across a crash too. */
export function treeDigest(snapshot: Snapshot, person: ReadonlySet<string>, isReserved: (path: string) => boolean): string {
  const hash = createHash('sha256');
  for (const path of [...snapshot.dirty.keys()].toSorted()) {
    if (!person.has(path) && !isReserved(path)) hash.update(`${path}\0${snapshot.marks.get(path) ?? ''}\0`);
  }
  return hash.digest('hex');
}

/** Looks at what the turn changed, in the tree and in commits of its own, and judges it by the actor's policy. */
export async function gatherChanges(place: ChangePlace, start: TurnStart, after: Snapshot): Promise<ChangeSet> {
  const { settings, repository } = place;
  const broken = await brokenCheckout(place, start, after);
  const head = after.head ?? start.base;
  if (broken !== null) return { head, own_commits: [], changed: [], commit: [], skipped: [], failure: broken, warnings: [] };

  const own = await lookAtOwnCommits(place, start, head);
  const mine = [...after.dirty.values()].filter((entry) => !start.person.has(entry.path) && !settings.isReserved(entry.path)).toSorted((a, b) => (a.path < b.path ? -1 : 1));
  const facts = await pathFacts(repository.root, mine, settings.policy.max_file_bytes);
  const verdict = judge(facts, start.actor, settings.policy);
  const touched = editedPersonPaths(start, after);
  const outside = [...verdict.outside, ...own.outside, ...own.unfit.map((file) => file.path)];
  const guarded = settings.policy.guard === 'fail' && outside.length > 0 ? guardViolation(start.actor, outside) : null;
  const reason = `outside what commit.${start.actor} allows`;
  const taken = new Set(verdict.commit);
  // A leftover of an earlier turn that this one did not touch is none of its changes, unless it is committed now.
  const changedNow = (path: string): boolean => taken.has(path) || start.before === null || start.before.marks.get(path) !== after.marks.get(path);
  return {
    head,
    own_commits: own.commits,
    changed: [...new Set([...own.paths, ...mine.map((entry) => entry.path).filter((path) => changedNow(path))])].toSorted(),
    commit: verdict.commit,
    skipped: [
      ...verdict.skipped,
      ...own.unfit,
      ...verdict.outside.map((path) => ({ path, reason })),
      ...touched.map((path) => ({ path, reason: "it was uncommitted before the run began: the person's own" })),
    ],
    failure: own.failure ?? guarded,
    warnings: [
      ...own.outside.map((path) => `${path} is in a commit of the agent's own, but ${reason}`),
      ...own.forced.map((path) => `${path} belongs to the orchestrator, but is in a commit of the agent's own`),
      ...mine.filter((entry) => entry.kind === 'submodule').map((entry) => `the submodule ${entry.path} has changed`),
    ],
  };
}

interface OwnWork {
  readonly commits: readonly string[];
  readonly paths: readonly string[];
  readonly outside: readonly string[];
  /** Too large, or links that lead out. */
  readonly unfit: readonly SkippedPath[];
  /** Files of ours that it committed by force. */
  readonly forced: readonly string[];
  readonly failure: Failure | null;
}

/**
 * The remote branch's tip as the remote itself tells it: the remembered one can be written by anyone in the checkout.
 * Null where there is no remote, no answer, or the commit is not here; then everything new counts as the agent's.
 */
async function remoteTip(git: Git, remote: string, branch: string): Promise<string | null> {
  const remembered = await resolveCommit(git, `refs/remotes/${remote}/${branch}`);
  if (remembered === null || (await remoteUrl(git, remote)) === null) return null;
  const listed = await listRemote(git, remote, [`refs/heads/${branch}`]);
  const tip = 'refs' in listed ? listed.refs.get(`refs/heads/${branch}`) : undefined;
  return tip === undefined ? null : await resolveCommit(git, tip);
}

/** Whether a link, as a commit holds it, points outside the repository or into its git folder. */
function leavesRoot(path: string, target: string): boolean {
  if (target.startsWith('/')) return true;
  const lands = posix.normalize(posix.join(posix.dirname(path), target));
  return lands === '..' || lands.startsWith('../') || lands.split('/')[0] === '.git';
}

async function lookAtOwnCommits(place: ChangePlace, start: TurnStart, head: string): Promise<OwnWork> {
  const none: OwnWork = { commits: [], paths: [], outside: [], unfit: [], forced: [], failure: null };
  if (head === start.base) return none;
  const { git } = place.repository;
  const { isReserved, policy, remote } = place.settings;
  // Looked up after the turn: what the agent pulled is on the remote's branch, and not its own.
  const theirs = await remoteTip(git, remote, place.branch);
  const without = [...(theirs === null ? [] : [theirs]), ...(place.theirs ?? [])];
  const own = await ownCommits(git, start.base, head, without);
  if (own.commits.length === 0) return none;
  const paths = own.paths.filter((path) => !isReserved(path));
  const added = await addedLines(git, start.base, head, without);
  const leaks = [...added].flatMap(([path, lines]) => findSecrets(lines).slice(0, 1).map((found) => `${path} (${found.rule})`));
  const sizes = await sizesAt(git, head, paths);
  const links = await linksAt(git, head, paths);
  const leaving = [...links].filter(([path, target]) => leavesRoot(path, target)).map(([path]) => path);
  return {
    commits: own.commits,
    paths,
    outside: paths.filter((path) => start.person.has(path) || !policy[start.actor](path)),
    unfit: [
      ...paths.filter((path) => (sizes.get(path) ?? 0) > policy.max_file_bytes).map((path) => ({ path, reason: "it is in a commit of the agent's own, and over commit.max_file_bytes" })),
      ...leaving.map((path) => ({ path, reason: "it is in a commit of the agent's own, and a link that leaves the workspace" })),
    ],
    forced: own.paths.filter((path) => isReserved(path) && path !== place.settings.state_file),
    failure: leaks.length === 0 ? null : secretCommitted(leaks, start.base),
  };
}

/** A checkout in which nothing may be committed: another branch, a half-done operation, history that lost the turn's base. */
async function brokenCheckout(place: ChangePlace, start: TurnStart, after: Snapshot): Promise<Failure | null> {
  const { repository, branch } = place;
  const failed = (code: string, message: string, hint: string): Failure => ({ code, kind: 'failed', message, hint });
  const operation = halfDone(repository.gitDirectory);
  if (operation !== null) {
    return failed('half_done', `The agent left a ${operation} half done.`, `Finish it or take it back (git ${operation} --abort), then run again.`);
  }
  if (after.branch !== branch) {
    return failed('branch_changed', `The agent left the branch ${branch}; the checkout is now on ${after.branch ?? 'a detached HEAD'}.`, `Look at what it did there, then: git switch ${branch}`);
  }
  if (after.head === null) return failed('history_rewritten', `The agent left ${branch} without any commit.`, `The turn began at ${start.base}; it is kept as a rescue ref.`);
  if (after.head !== start.base && !(await isAncestor(repository.git, start.base, after.head))) {
    return failed('history_rewritten', `The agent rewrote history: ${branch} no longer holds ${start.base}, where the turn began.`, `It is kept; to have it on a branch: git branch saved ${start.base}`);
  }
  return null;
}

/** The person's paths that changed during the turn: left alone, and named. */
function editedPersonPaths(start: TurnStart, after: Snapshot): string[] {
  const { before } = start;
  if (before === null) return [];
  return [...start.person].filter((path) => before.marks.get(path) !== after.marks.get(path)).toSorted();
}

function guardViolation(actor: Actor, paths: readonly string[]): Failure {
  return {
    code: 'guard_violation',
    kind: 'failed',
    message: `${actor} changed what commit.${actor} does not allow: ${paths.slice(0, 10).join(', ')}${paths.length > 10 ? ` and ${paths.length - 10} more` : ''}. Nothing was committed.`,
    hint: `Widen commit.${actor} in orchestration.yaml, set commit.guard: warn, or tell the agent in its prompt.`,
    details: { paths: [...paths] },
  };
}

function secretCommitted(leaks: readonly string[], base: string): Failure {
  return {
    code: 'secret_committed',
    kind: 'failed',
    message: `The agent made a commit that holds what looks like a secret: ${leaks.slice(0, 10).join(', ')}. Nothing was pushed.`,
    hint: `Take the secret out of those commits before they leave this machine (the turn began at ${base}), and replace it where it is used.`,
    details: { paths: leaks },
  };
}
