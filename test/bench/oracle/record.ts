/**
 * Records `history.jsonl.gz` anew from public packages (sources.ts). Needs the npm registry, Debian's sources and some
 * minutes; the bench itself needs neither.
 *
 *   npm run record:oracle -- <folder for downloads> [projects]     without names: all of them
 *
 * What is missing in the folder is fetched with `npm pack` and `apt-get source --download-only` (for which a `deb-src`
 * line must be in place). Of each project all states become commits of a scratch repository; each step between two is a
 * change. A pair is two changes, the first before the second: the truth is whether git can merge the second onto what was
 * there before the first. Where others lie between, the second is first carried back over them; pairs where that alone
 * conflicts are left out, as they say nothing about the two.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { changedSymbols } from '../../../src/pool/oracle/symbols/symbols-of.ts';
import { HISTORY, readHistory } from './history.ts';
import type { Change, Pair, Project } from './history.ts';
import { NOISE, PATCHED, RELEASES } from './sources.ts';

const downloads = resolve(process.argv[2] ?? 'tmp/oracle-downloads');
/** How many changes may lie between the two of a pair, and what is no work unit any more. */
const REACH = { releases: 4, patches: 8 } as const;
const MOST_FILES = 150;

interface State {
  readonly name: string;
  readonly tree: string;
}

const repository = mkdtempSync(join(tmpdir(), 'oracle-record-'));
const work = join(repository, 'work');
const env = { PATH: process.env['PATH'] ?? '', HOME: repository, GIT_CONFIG_GLOBAL: '/dev/null', GIT_DIR: join(repository, 'git'), GIT_WORK_TREE: work, GIT_AUTHOR_NAME: 'r', GIT_AUTHOR_EMAIL: 'r@localhost', GIT_COMMITTER_NAME: 'r', GIT_COMMITTER_EMAIL: 'r@localhost' };
const git = (...args: string[]): string => execFileSync('git', args, { env, cwd: work, encoding: 'utf8', maxBuffer: 1 << 30, stdio: ['ignore', 'pipe', 'ignore'] });

/** The tree of a release in the work folder, noise left out. Its version is written into sources by some: no work of anybody's either. */
function released(version: string, noise: RegExp): string {
  for (const entry of readdirSync(work, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    if (!entry.isFile()) continue;
    const name = path.slice(work.length + 1);
    if (NOISE.test(name) || noise.test(name) || statSync(path).size > 1_000_000) rmSync(path);
    else {
      const text = readFileSync(path);
      if (text.includes(version) && !text.includes(0)) writeFileSync(path, text.toString('utf8').replaceAll(version, 'VERSION'));
    }
  }
  // Archives carry one date for all their files, which git would take for "not touched since".
  git('read-tree', '--empty');
  return snapshot();
}

function snapshot(): string {
  git('add', '--all', '--force', '.');
  return git('write-tree').trim();
}

function emptyWork(): void {
  rmSync(work, { recursive: true, force: true });
  mkdirSync(work);
}

function releases(name: string, versions: readonly string[], noise: RegExp): State[] {
  const folder = join(downloads, 'npm', name.replaceAll(/[@/]/g, '_'));
  mkdirSync(folder, { recursive: true });
  const archive = (version: string): string => join(folder, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`);
  const missing = versions.filter((version) => !existsSync(archive(version)));
  if (missing.length > 0) execFileSync('npm', ['pack', '--silent', '--pack-destination', folder, ...missing.map((version) => `${name}@${version}`)], { stdio: 'ignore' });
  return versions.map((version) => {
    emptyWork();
    execFileSync('tar', ['xzf', archive(version), '--strip-components=1', '-C', work]);
    if (existsSync(join(work, 'src')) && existsSync(join(work, 'tsconfig.json'))) rmSync(join(work, 'lib'), { recursive: true, force: true });
    return { name: version, tree: released(version, noise) };
  });
}

function patches(name: string, version: string): State[] {
  const folder = join(downloads, 'debian');
  mkdirSync(folder, { recursive: true });
  const find = (pattern: RegExp): string | undefined => readdirSync(folder).find((file) => file.startsWith(`${name}_`) && pattern.test(file));
  if (find(/\.dsc$/) === undefined) execFileSync('apt-get', ['source', '--download-only', `${name}=${version}`], { cwd: folder, stdio: 'ignore' });
  emptyWork();
  execFileSync('tar', ['xf', join(folder, find(/\.orig\.tar\.\w+$/) ?? ''), '--strip-components=1', '-C', work]);
  // Sources in several archives; those of the others hold translations and vendored code.
  for (const component of name === 'docker.io' ? ['cli', 'libnetwork'] : []) {
    mkdirSync(join(work, component), { recursive: true });
    execFileSync('tar', ['xf', join(folder, find(new RegExp(`\\.orig-${component}\\.tar\\.\\w+$`)) ?? ''), '--strip-components=2', '-C', join(work, component)]);
  }
  const packaging = join(repository, 'packaging');
  rmSync(packaging, { recursive: true, force: true });
  mkdirSync(packaging);
  execFileSync('tar', ['xf', join(folder, find(/\.debian\.tar\.\w+$/) ?? ''), '-C', packaging]);
  const series = readFileSync(join(packaging, 'debian/patches/series'), 'utf8').split('\n').map((line) => line.replace(/#.*/, '').trim().split(/\s/)[0] ?? '').filter((line) => line !== '');
  const states = [{ name: 'upstream', tree: snapshot() }];
  for (const patch of series) {
    const done = spawnSync('patch', ['-p1', '--silent', '--force', '--no-backup-if-mismatch', '-i', join(packaging, 'debian/patches', patch)], { cwd: work });
    if (done.status === 0) states.push({ name: patch, tree: snapshot() });
    else git('read-tree', '--reset', '-u', states.at(-1)?.tree ?? '');
  }
  return states;
}

const commit = (tree: string, parent?: string): string => git('commit-tree', tree, '-m', 'x', ...(parent === undefined ? [] : ['-p', parent])).trim();

/** Three-way merge of trees; the merge base is made by giving both sides one parent, which every git that has `merge-tree` understands. */
function merge(base: string, ours: string, theirs: string): { readonly tree: string; readonly conflicts: string[] } {
  const parent = commit(base);
  const { stdout, status } = spawnSync('git', ['merge-tree', '--write-tree', '--name-only', '--no-messages', '-z', commit(ours, parent), commit(theirs, parent)], { env, cwd: work, encoding: 'utf8', maxBuffer: 1 << 30 });
  if (status !== 0 && status !== 1) throw new Error(`merge-tree ended with ${status}`);
  const [tree = '', ...conflicts] = stdout.split('\0').filter((part) => part !== '');
  return { tree, conflicts: [...new Set(conflicts)] };
}

const show = (tree: string, path: string): string => {
  const { stdout, status } = spawnSync('git', ['show', `${tree}:${path}`], { env, cwd: work, encoding: 'utf8', maxBuffer: 1 << 30 });
  return status === 0 ? stdout : '';
};

async function changeOf(before: State, after: State): Promise<Change> {
  const paths = git('diff', '--no-renames', '--name-only', '-z', before.tree, after.tree).split('\0').filter((part) => part !== '');
  // What is too big to be half of a pair is only named.
  if (paths.length > MOST_FILES) return { name: after.name, files: {} };
  const files: Record<string, string[]> = {};
  for (const path of paths) files[path] = (await changedSymbols(path, show(before.tree, path), show(after.tree, path))).map((symbol) => symbol.slice(path.length + 1));
  return { name: after.name, files };
}

async function record(project: string, kind: Project['kind'], all: readonly State[]): Promise<Project> {
  const states = all.filter((state, at) => state.tree !== all[at - 1]?.tree);
  const tree = (at: number): string => states[at]?.tree ?? '';
  const changes: Change[] = [];
  for (const [at, state] of states.entries()) if (at > 0) changes.push(await changeOf(states[at - 1] ?? state, state));
  const fits = (at: number): boolean => Object.keys(changes[at]?.files ?? {}).length > 0;
  const pairs: Pair[] = [];
  for (let first = 0; first < changes.length; first++) {
    for (let second = first + 1; second < Math.min(changes.length, first + 1 + REACH[kind]); second++) {
      if (!fits(first) || !fits(second)) continue;
      const carried = second === first + 1 ? { tree: tree(second + 1), conflicts: [] } : merge(tree(second), tree(first + 1), tree(second + 1));
      if (carried.conflicts.length > 0 || carried.tree === tree(first + 1)) continue;
      pairs.push({ first, second, conflicts: merge(tree(first + 1), tree(first), carried.tree).conflicts });
    }
  }
  return { project, kind, changes, pairs };
}

const named = process.argv.slice(3);
const recorded = new Map<string, Project>(named.length > 0 && existsSync(HISTORY) ? readHistory().map((one) => [one.project, one]) : []);
const plans = [
  ...RELEASES.map((one) => ({ project: one.package, kind: 'releases' as const, states: () => releases(one.package, one.versions.split(' '), one.noise ?? /$^/) })),
  ...PATCHED.map((one) => ({ project: one.package, kind: 'patches' as const, states: () => patches(one.package, one.version) })),
];
try {
  mkdirSync(work);
  git('init', '--quiet');
  for (const { project, kind, states } of plans) {
    if (named.length > 0 && !named.includes(project)) continue;
    const done = await record(project, kind, states());
    recorded.set(project, done);
    process.stdout.write(`${project}: ${done.changes.length} changes, ${done.pairs.length} pairs, ${done.pairs.filter(({ conflicts }) => conflicts.length > 0).length} in conflict\n`);
    const lines = plans.flatMap((plan) => recorded.get(plan.project) ?? []).map((one) => JSON.stringify(one));
    writeFileSync(HISTORY, gzipSync(`${lines.join('\n')}\n`, { level: 9 }));
  }
} finally {
  rmSync(repository, { recursive: true, force: true });
}
