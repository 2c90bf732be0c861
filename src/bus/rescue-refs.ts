import { utcSeconds } from '../base/clock.ts';
import { fail, ok } from '../base/failure.ts';
import type { Result } from '../base/failure.ts';
import { didYouMean } from '../base/suggest.ts';
import { reasonOf } from '../git/git.ts';
import type { Git } from '../git/git.ts';
import { resolveCommit } from '../git/history.ts';
import { emptyTree, fetchRefs, listRemote, pushAll } from '../git/push.ts';
import { remoteUrl } from '../git/remote.ts';
import { rescueRef } from '../loop/contract.ts';

const FOLDER = rescueRef('');

/** A remote is only asked beside what is here already: nobody should wait long for it. */
const ASK_MS = 5000;
/** Work that only the remote has is wanted itself, and may be big. */
const FETCH_MS = 60_000;

/** One kept commit. The same id with another commit on the remote is an entry of its own. */
export interface RescueEntry {
  readonly id: string;
  readonly commit: string;
  readonly where: 'local' | 'remote' | 'both';
}

export interface FoundRescues {
  /** Ordered by id; of two with one id the local one first. The commits of all are here. */
  readonly entries: readonly RescueEntry[];
  /** What could not be looked at. */
  readonly warnings: readonly string[];
}

export interface FileChange {
  readonly path: string;
  /** Lines; null for a binary file. */
  readonly added: number | null;
  readonly removed: number | null;
}

/** Whether a text can be the last part of a rescue ref, as git-check-ref-format(1) has it, and nothing that reads as an option. */
export const isRescueId = (text: string): boolean =>
  text.length <= 200 && /^[^\p{Cc} ~^:?*[\\/]+$/u.test(text) && !/^[-.]|\.\.|@\{|\.$|\.lock$|^@$/.test(text);

/** All that is kept, here and on the remote; work that only the remote has is fetched, without a ref of ours. */
export async function findRescues(git: Git, remote: string, signal: AbortSignal): Promise<FoundRescues> {
  const warnings: string[] = [];
  const here = await localRescues(git);
  const there = await remoteRescues(git, remote, warnings, signal);
  const entries: RescueEntry[] = [...here].map(([id, commit]) => ({ id, commit, where: there.get(id) === commit ? 'both' : 'local' }));
  const missing: RescueEntry[] = [...there].filter(([id, commit]) => here.get(id) !== commit).map(([id, commit]) => ({ id, commit, where: 'remote' }));
  await fetchCommits(git, remote, missing, warnings, signal);
  for (const entry of missing) {
    if ((await resolveCommit(git, entry.commit)) === entry.commit) entries.push(entry);
    else warnings.push(`${entry.id} is kept on ${remote} (${entry.commit.slice(0, 12)}) and could not be fetched.`);
    if (here.has(entry.id)) warnings.push(`${remote} keeps other work under ${entry.id} (${entry.commit.slice(0, 12)}) than this checkout; the id means the one here until that is dropped.`);
  }
  // A stable order: of one id the local one was added first.
  return { entries: entries.toSorted((a, b) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0)), warnings };
}

/** The entry that an id, or a beginning that only one id has, means. */
export function pickRescue(entries: readonly RescueEntry[], id: string): Result<RescueEntry> {
  const exact = entries.find((entry) => entry.id === id);
  if (exact !== undefined) return ok(exact);
  const matching = entries.filter((entry) => entry.id.startsWith(id));
  const ids = [...new Set(matching.map((entry) => entry.id))];
  const [first] = matching;
  if (ids.length > 1) return fail({ code: 'rescue_ambiguous', kind: 'invalid', message: `${JSON.stringify(id)} is the beginning of ${ids.length} ids: ${ids.slice(0, 5).join(', ')}.`, details: { ids } });
  if (first !== undefined) return ok(first);
  const known = entries.map((entry) => entry.id);
  return fail({ code: 'rescue_not_found', kind: 'not_found', message: `No work is kept under ${JSON.stringify(id)}.${didYouMean(id, known)}`, hint: 'orchestrator rescue list shows what is kept.' });
}

/** Subject and time of a commit, where it left the current branch (null: it shares nothing with it), and what it changed since. */
export async function describeCommit(git: Git, commit: string): Promise<{ base: string | null; subject: string; at: string; files: FileChange[] }> {
  const [subject = '', at = ''] = (await git.run(['log', '-1', '--no-show-signature', '--format=%s%x00%cI', commit, '--'])).trimEnd().split('\0');
  const shared = await git.attempt(['merge-base', 'HEAD', commit]);
  const base = shared.code === 0 ? shared.stdout.trim() : null;
  const from = base ?? (await emptyTree(git));
  const text = await git.run(['diff-tree', '-r', '-z', '--numstat', '--no-renames', '--no-ext-diff', '--no-textconv', from, commit, '--']);
  return { base, subject, at: utcSeconds(new Date(at)), files: text.split('\0').filter((line) => line !== '').map(fileChange) };
}

/**
 * Takes an entry's refs away, each only while it still is what was found. Gives where it is gone and, when the remote
 * did not let it go, why.
 */
export async function deleteRescue(git: Git, remote: string, entry: RescueEntry): Promise<{ local: boolean; remote: boolean; problem: string | null }> {
  const ref = rescueRef(entry.id);
  let problem: string | null = null;
  if (entry.where !== 'local') {
    const pushed = await pushAll(git, remote, [{ from: '', to: ref, expect: entry.commit }], { timeout_ms: FETCH_MS });
    if (pushed.kind !== 'done') problem = pushed.problem;
  }
  if (entry.where !== 'remote') await git.run(['update-ref', '-d', ref, entry.commit]);
  return { local: entry.where !== 'remote', remote: entry.where !== 'local' && problem === null, problem };
}

async function localRescues(git: Git): Promise<Map<string, string>> {
  const text = await git.run(['for-each-ref', '--format=%(objecttype) %(objectname) %(refname)', FOLDER]);
  return new Map(text.split('\n').flatMap((line) => {
    const [type, commit = '', ref = ''] = line.split(' ');
    const id = ref.slice(FOLDER.length);
    return type === 'commit' && isRescueId(id) ? [[id, commit] as const] : [];
  }));
}

async function remoteRescues(git: Git, remote: string, warnings: string[], signal: AbortSignal): Promise<Map<string, string>> {
  if ((await remoteUrl(git, remote)) === null) {
    warnings.push(`There is no remote ${remote}; only what is kept here was looked at.`);
    return new Map();
  }
  const listed = await listRemote(git, remote, [`${FOLDER}*`], { timeout_ms: ASK_MS, signal });
  if ('problem' in listed) {
    warnings.push(`The remote ${remote} does not answer (${listed.problem}); only what is kept here was looked at.`);
    return new Map();
  }
  // A pattern of ls-remote also matches in the middle of a name.
  return new Map([...listed.refs].filter(([ref]) => ref.startsWith(FOLDER) && isRescueId(ref.slice(FOLDER.length))).map(([ref, commit]) => [ref.slice(FOLDER.length), commit]));
}

async function fetchCommits(git: Git, remote: string, entries: readonly RescueEntry[], warnings: string[], signal: AbortSignal): Promise<void> {
  const absent: string[] = [];
  for (const { id, commit } of entries) if ((await resolveCommit(git, commit)) === null) absent.push(rescueRef(id));
  // An argv has an end.
  for (let at = 0; at < absent.length; at += 200) {
    const output = await fetchRefs(git, remote, absent.slice(at, at + 200), { timeout_ms: FETCH_MS, signal });
    if (output.code !== 0) warnings.push(`A fetch from ${remote} failed: ${reasonOf(output.stderr)}`);
  }
}

function fileChange(line: string): FileChange {
  const [added = '', removed = '', ...path] = line.split('\t');
  const count = (text: string): number | null => (text === '-' ? null : Number(text));
  return { path: path.join('\t'), added: count(added), removed: count(removed) };
}
