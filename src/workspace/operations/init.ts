import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { AGENT_KINDS } from '../../agents/contract.ts';
import { fail, ok } from '../../base/failure.ts';
import type { Result } from '../../base/failure.ts';
import { didYouMean } from '../../base/suggest.ts';
import { commitPaths } from '../../git/commit.ts';
import { openGit } from '../../git/git.ts';
import { halfDone, openRepository } from '../../git/repository.ts';
import type { Repository } from '../../git/repository.ts';
import { readStatus } from '../../git/status.ts';
import { defineOperation } from '../../spine/operation.ts';
import { IGNORED, configTemplate, promptTemplate, stateTemplate } from '../templates.ts';

export const setupInit = defineOperation({
  name: 'workspace.setup.init',
  summary: 'Make a repository a workspace: configuration, prompts, state, ignore lines',
  input: z.object({ agent: z.string().optional(), commit: z.boolean().default(true), git_init: z.boolean().default(false) }),
  output: z.object({
    workspace: z.string(),
    /** Files made or added to, relative to the workspace. */
    created: z.array(z.string()),
    /** Files that were there already and were left as they are. */
    kept: z.array(z.string()),
    commit: z.string().nullable(),
    repository_made: z.boolean(),
    warnings: z.array(z.string()),
  }),
  failures: ['agent_unknown', 'half_done', 'not_a_repository', 'not_writable'],
  transaction: 'none',
  cross_domain_deps: [],
  surfaces: ['cli'],
  callers: ['operator'],
  starts_work: false,
  async handler(context, input) {
    const agent = input.agent ?? 'auto';
    const known = ['auto', ...AGENT_KINDS];
    if (!known.includes(agent)) {
      return fail({ code: 'agent_unknown', kind: 'invalid', message: `There is no agent kind ${JSON.stringify(agent)}.${didYouMean(agent, known)}`, hint: `One of: ${known.join(', ')}. Your own command: --agent command, then edit agents: in orchestration.yaml.` });
    }
    const opened = await repositoryFor(context.directory, input.git_init);
    if (!opened.ok) return opened;
    const { repository, made } = opened.value;
    // A repository's top is the workspace, unless the caller stands in a folder of it on purpose (-C packages/x).
    const workspace = repository.root;
    const laid = await layDown(workspace, agent);
    if (!laid.ok) return laid;
    const { created, kept } = laid.value;
    const warnings: string[] = [];
    const commit = input.commit && created.length > 0 ? await commitMade(repository, created, warnings) : null;
    return ok({ workspace, created: created.map((each) => each.path), kept, commit, repository_made: made, warnings });
  },
});

async function repositoryFor(directory: string, mayMake: boolean): Promise<Result<{ repository: Repository; made: boolean }>> {
  const opened = await openRepository(directory);
  if (opened.ok) return ok({ repository: opened.value, made: false });
  if (opened.failure.code !== 'not_a_repository' || !mayMake) {
    return fail(opened.failure.code === 'not_a_repository' ? { ...opened.failure, hint: 'Run `git init` first, or let init do it: orchestrator init --yes' } : opened.failure);
  }
  await openGit(directory).run(['init', '--quiet']);
  const again = await openRepository(directory);
  return again.ok ? ok({ repository: again.value, made: true }) : again;
}

interface Made {
  readonly path: string;
  /** The file was there before: only lines were added. */
  readonly added: boolean;
}

async function layDown(workspace: string, agent: string): Promise<Result<{ created: Made[]; kept: string[] }>> {
  const created: Made[] = [];
  const kept: string[] = [];
  const files: [path: string, content: string][] = [
    ['orchestration.yaml', configTemplate(agent, packageVersion())],
    ['prompts/supervisor.md', await promptTemplate('supervisor.md')],
    ['prompts/main.md', await promptTemplate('main.md')],
    ['prompts/reviewer.md', await promptTemplate('reviewer.md')],
    ['sync/state.json', stateTemplate()],
  ];
  try {
    for (const [path, content] of files) {
      const target = join(workspace, path);
      await mkdir(dirname(target), { recursive: true });
      if (await writeNew(target, content)) created.push({ path, added: false });
      else kept.push(path);
    }
    const ignore = await addIgnoreLines(join(workspace, '.gitignore'));
    if (ignore === 'unchanged') kept.push('.gitignore');
    else created.push({ path: '.gitignore', added: ignore === 'added' });
  } catch (error) {
    const { code, path } = error as NodeJS.ErrnoException;
    if (code !== 'EACCES' && code !== 'EROFS' && code !== 'ENOSPC' && code !== 'ENOTDIR' && code !== 'EEXIST' && code !== 'EPERM') throw error;
    return fail({ code: 'not_writable', kind: 'precondition', message: `${path ?? workspace} cannot be written (${code}).`, hint: 'Make it writable, or make room, and run init again; what was made already is kept.' });
  }
  return ok({ created, kept });
}

/** Writes a file unless something of that name is there. */
async function writeNew(path: string, content: string): Promise<boolean> {
  try {
    await writeFile(path, content, { flag: 'wx' });
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function addIgnoreLines(path: string): Promise<'made' | 'added' | 'unchanged'> {
  let before: string | null = null;
  try {
    before = await readFile(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  const after = withIgnoreLines(before ?? '');
  if (after === before) return 'unchanged';
  await writeFile(path, after);
  return before === null ? 'made' : 'added';
}

/** The text of a .gitignore with our lines, each once, at its end. */
export function withIgnoreLines(before: string): string {
  const there = new Set(before.split('\n').map((line) => line.trim().replace(/^\//, '').replace(/\/?\*?$/, '')));
  const missing = IGNORED.filter((line) => !there.has(line.replaceAll('/', '')));
  if (missing.length === 0) return before;
  return `${before}${before === '' || before.endsWith('\n') ? '' : '\n'}${missing.join('\n')}\n`;
}

/** Commits exactly what was made. A file that somebody else had changed already is left uncommitted, and named. */
async function commitMade(repository: Repository, created: readonly Made[], warnings: string[]): Promise<string | null> {
  const { git, gitDirectory } = repository;
  const operation = halfDone(gitDirectory);
  if (operation !== null && operation !== 'bisect') {
    warnings.push(`Nothing was committed, because a ${operation} is half done.`);
    return null;
  }
  const paths: string[] = [];
  for (const { path, added } of created) {
    if (added && (await changedBefore(repository, path))) warnings.push(`${path} had uncommitted changes of yours; the lines that were added to it are not committed.`);
    else paths.push(path);
  }
  const ignored = await git.attempt(['check-ignore', '-z', '--stdin'], { input: paths.map((path) => `${path}\0`).join('') });
  const hidden = new Set(ignored.stdout.split('\0'));
  for (const path of paths) if (hidden.has(path)) warnings.push(`${path} is ignored by git and was not committed.`);
  const wanted = paths.filter((path) => !hidden.has(path));
  if (wanted.length === 0) return null;
  const status = await readStatus(git);
  const untracked = wanted.filter((path) => status.dirty.get(path)?.kind === 'untracked');
  return await commitPaths(repository, { paths: wanted, untracked, message: 'Add orchestrator workspace\n' });
}

/** Whether a file differs from HEAD by more than the lines that were added to it. */
async function changedBefore({ git, root }: Repository, path: string): Promise<boolean> {
  const tracked = await git.attempt(['cat-file', 'blob', `HEAD:${path}`]);
  return tracked.code !== 0 || withIgnoreLines(tracked.stdout) !== (await readFile(join(root, path), 'utf8'));
}

const packageVersion = (): string => (JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as { version: string }).version;
