import { reasonOf } from './git.ts';
import type { Git, GitCall, GitOutput } from './git.ts';

/** What a remote has under some refs; a ref that is not there is missing. */
export type RemoteRefs = ReadonlyMap<string, string>;

/** Asks a remote for refs; null when it does not answer, with git's words. */
export async function listRemote(git: Git, remote: string, refs: readonly string[], call: GitCall = {}): Promise<{ refs: RemoteRefs } | { problem: string }> {
  const output = await git.attempt(['ls-remote', '--', remote, ...refs], call);
  if (output.code !== 0) return { problem: reasonOf(output.stderr) };
  const found = new Map<string, string>();
  for (const line of output.stdout.split('\n')) {
    const [id, name] = line.split('\t');
    if (id && name) found.set(name, id);
  }
  return { refs: found };
}

/** Fetches refs and nothing along with them. */
export const fetchRefs = (git: Git, remote: string, refspecs: readonly string[], call: GitCall = {}): Promise<GitOutput> =>
  git.attempt(['fetch', '--quiet', '--no-tags', '--no-write-fetch-head', '--', remote, ...refspecs], call);

/** One ref of a push. An empty `from` deletes. `expect` makes it a compare-and-swap on what the remote has: an id, or '' for none. */
export interface PushedRef {
  readonly from: string;
  readonly to: string;
  readonly expect?: string;
}

/** How a push ended: `refused` is the remote's answer (another value, not a fast-forward), `unanswered` is none. */
export type PushOutcome = { readonly kind: 'done' } | { readonly kind: 'refused' | 'unanswered'; readonly problem: string };

/**
 * Pushes refs, all or none. Decided by the typed lines of `--porcelain` (git-push(1)): a line that begins with `!` is a
 * refusal; without such a line a failed push had no answer.
 */
export async function pushAll(git: Git, remote: string, refs: readonly PushedRef[], call: GitCall = {}): Promise<PushOutcome> {
  const leases = refs.filter((ref) => ref.expect !== undefined).map((ref) => `--force-with-lease=${ref.to}:${ref.expect ?? ''}`);
  const output = await git.attempt(['push', '--porcelain', '--no-verify', ...(refs.length > 1 ? ['--atomic'] : []), ...leases, '--', remote, ...refs.map((ref) => `${ref.from}:${ref.to}`)], call);
  if (output.code === 0) return { kind: 'done' };
  const refusals = output.stdout.split('\n').filter((line) => line.startsWith('!\t'));
  // What a hook says stands in lines of its own.
  const said = output.stderr.split('\n').filter((line) => line.startsWith('remote: ')).map((line) => line.slice(8).trim()).filter((line) => line !== '').slice(0, 3);
  const problem = refusals.length === 0 ? reasonOf(output.stderr) : [...refusals.map((line) => line.slice(2).replaceAll('\t', ' ')), ...said].join('; ');
  return { kind: refusals.length > 0 ? 'refused' : 'unanswered', problem };
}

/** The tree with nothing in it; made, where git does not have it yet. */
export const emptyTree = async (git: Git): Promise<string> => (await git.run(['hash-object', '-t', 'tree', '-w', '/dev/null'])).trim();

/** A commit without parents that holds one file; not on any branch. */
export async function makeFileCommit(git: Git, name: string, content: string, message: string): Promise<string> {
  const blob = (await git.run(['hash-object', '-w', '--stdin'], { input: content })).trim();
  const tree = (await git.run(['mktree', '-z'], { input: `100644 blob ${blob}\t${name}\0` })).trim();
  return (await git.run(['commit-tree', tree, '-F', '-'], { input: message })).trim();
}
