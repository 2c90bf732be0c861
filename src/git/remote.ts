import { reasonOf } from './git.ts';
import { emptyTree } from './push.ts';
import type { Git, GitCall } from './git.ts';

/** What a remote was found able to do. */
export interface RemoteFacts {
  readonly name: string;
  readonly url: string;
  /** It answered. */
  readonly reachable: boolean;
  /** It takes several refs in one all-or-nothing push. */
  readonly atomic: boolean;
  /** Git's words where something did not work. */
  readonly problem: string | null;
}

/** The remote's address, or null where there is no such remote. */
export async function remoteUrl(git: Git, name: string): Promise<string | null> {
  const output = await git.attempt(['remote', 'get-url', '--', name]);
  return output.code === 0 ? output.stdout.trim() : null;
}

/** Looks at a remote without changing it: does it answer, does it take atomic pushes (a dry run negotiates that). */
export async function lookAtRemote(git: Git, name: string, call: GitCall = {}): Promise<RemoteFacts | null> {
  const url = await remoteUrl(git, name);
  if (url === null) return null;
  const shown = withoutPassword(url);
  const listed = await git.attempt(['ls-remote', '--heads', '--', name], call);
  if (listed.code !== 0) return { name, url: shown, reachable: false, atomic: false, problem: reasonOf(listed.stderr) };
  const pushed = await git.attempt(['push', '--dry-run', '--atomic', '--porcelain', name, 'HEAD:refs/orchestrator/probe'], call);
  if (pushed.code === 0) return { name, url: shown, reachable: true, atomic: true, problem: null };
  // Only the far side's own answer says that it cannot; a connection that broke says nothing. Git has no typed sign of it.
  const answered = pushed.stdout.split('\n').some((line) => line.startsWith('!\t')) || /does not support/.test(pushed.stderr);
  return { name, url: shown, reachable: answered, atomic: false, problem: reasonOf(pushed.stderr) };
}

/**
 * Whether the remote takes our own refs, found by making two of them in one push and taking them away again: a dry run
 * asks no hook. Gives git's words where it does not.
 */
export async function refusesOwnRefs(git: Git, name: string): Promise<string | null> {
  const id = (await git.run(['commit-tree', await emptyTree(git), '-m', 'orchestrator: probe'])).trim();
  const mark = `refs/orchestrator/probe/${id.slice(0, 12)}-${process.pid}`;
  const pushed = await git.attempt(['push', '--atomic', '--porcelain', '--no-verify', '--', name, `${id}:${mark}-1`, `${id}:${mark}-2`]);
  if (pushed.code === 0) await git.attempt(['push', '--atomic', '--porcelain', '--no-verify', '--', name, `:${mark}-1`, `:${mark}-2`]);
  if (pushed.code === 0) return null;
  return pushed.stdout.split('\n').find((line) => line.startsWith('!'))?.slice(2).replaceAll('\t', ' ') ?? reasonOf(pushed.stderr);
}

/** An address as it may be shown: user and password are cut out. */
export const withoutPassword = (url: string): string => url.replace(/^([a-z][a-z0-9+.-]*:\/\/)[^/@]*@/i, '$1');
