import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { fail, ok, type Result } from '../base/failure.ts';

export const CONFIG_FILE = 'orchestration.yaml';

export interface WorkspacePlace {
  /** Absolute. Every path of the configuration is relative to it. */
  readonly workspace: string;
  /** Absolute path of the configuration file, or null where defaults hold. */
  readonly file: string | null;
}

export interface WorkspaceRequest {
  /** Where to start looking; the working directory where null (`-C`). */
  readonly directory: string | null;
  /** A configuration file named outright (`--config`); the workspace is its folder. */
  readonly config: string | null;
  readonly cwd: string;
}

/**
 * The workspace: the folder of the named file, else the nearest folder upwards with an orchestration.yaml, else the
 * nearest with a `.git`. Starts no program. Fails with `directory_not_found`, `config_not_found` (both not_found) or
 * `not_a_repository` (precondition).
 */
export async function findWorkspace({ directory, config, cwd }: WorkspaceRequest): Promise<Result<WorkspacePlace>> {
  const start = resolve(cwd, directory ?? '.');
  if ((await sortOf(start)) !== 'folder') {
    return fail({ code: 'directory_not_found', kind: 'not_found', message: `There is no folder ${start}`, hint: 'Give an existing folder to --directory.' });
  }
  if (config !== null) {
    const file = resolve(start, config);
    if ((await sortOf(file)) === 'file') return ok({ workspace: dirname(file), file });
    return fail({ code: 'config_not_found', kind: 'not_found', message: `There is no file ${file}`, hint: 'Give an existing orchestration.yaml to --config, or leave it out.' });
  }
  const above = upwards(start);
  for (const folder of above) {
    const file = join(folder, CONFIG_FILE);
    if ((await sortOf(file)) === 'file') return ok({ workspace: folder, file });
  }
  for (const folder of above) {
    if ((await sortOf(join(folder, '.git'))) !== null) return ok({ workspace: folder, file: null });
  }
  return fail({
    code: 'not_a_repository',
    kind: 'precondition',
    message: `Neither ${CONFIG_FILE} nor a git repository in ${start} or any folder above it`,
    hint: '`orchestrator init` sets a workspace up here; --directory looks elsewhere; `orchestrator demo` needs neither.',
  });
}

function upwards(start: string): string[] {
  const folders = [start];
  for (let folder = start; dirname(folder) !== folder; ) {
    folder = dirname(folder);
    folders.push(folder);
  }
  return folders;
}

/** A `.git` is a file in worktrees and submodules. */
async function sortOf(path: string): Promise<'file' | 'folder' | null> {
  try {
    const facts = await stat(path);
    return facts.isDirectory() ? 'folder' : facts.isFile() ? 'file' : null;
  } catch {
    return null;
  }
}
