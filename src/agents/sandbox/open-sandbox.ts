import { cpSync, existsSync, lstatSync, mkdirSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fail, ok } from '../../base/failure.ts';
import type { Result } from '../../base/failure.ts';
import { findProgram } from '../../process/find-program.ts';
import { runProgram } from '../../process/run-program.ts';
import { sandboxMissing } from './missing.ts';
import { bubblewrapArguments } from './bubblewrap.ts';
import type { Standing } from './bubblewrap.ts';
import { openGate } from './gate.ts';
import { otherWorkspaces } from './known-workspaces.ts';
import { planSandbox, storeOf } from './plan.ts';
import { programFolders } from './programs.ts';

/** What configuration and repository say about the sandbox of one agent call. Paths are absolute. */
export interface SandboxSettings {
  readonly mode: 'auto' | 'off' | 'strict';
  /** `strict`: the hosts that may be reached, beside those of the agent's kind. */
  readonly allow_hosts: readonly string[];
  /** Further places that may be written. */
  readonly write: readonly string[];
  readonly git: readonly string[];
  readonly control: string;
  /** Places in the workspace that are not the agent's: configuration, logs, a `.git` file. */
  readonly frozen: readonly string[];
  /** Further places that are not to be seen; what of them the agent may write stays. */
  readonly hidden?: readonly string[];
}

/** A sandbox that is ready for one agent. */
export interface Sandbox {
  /** The command line that runs another one inside. */
  around(argv: readonly string[]): [string, ...string[]];
  readonly env: Readonly<Record<string, string>>;
  /** Once the agent is gone: moves what was made where it must not be into `.git/orchestrator/taken`, and names it. Before any git call. */
  settle(): string[];
  close(): Promise<void>;
}

export interface SandboxCall {
  readonly settings: SandboxSettings;
  readonly workspace: string;
  /** Private folder of the attempt. */
  readonly scratch: string;
  /** The agent's environment. */
  readonly env: Readonly<Record<string, string>>;
  /** Of the kind's own state what makes it run programs: not to be written. */
  readonly settings_files: readonly string[];
  /** The kind's own state, its folders below `scratch`, and the hosts that it talks to. */
  readonly state: readonly string[];
  readonly own: readonly string[];
  readonly hosts: readonly string[];
}

/** Why there is no sandbox here; null where there can be one. Looked up once. */
let probed: Promise<string | null> | null = null;

export function sandboxProblem(): Promise<string | null> {
  probed ??= probe();
  return probed;
}

async function probe(): Promise<string | null> {
  if (process.platform !== 'linux') return `there is none for ${process.platform} yet`;
  const bwrap = findProgram('bwrap', process.env['PATH'], '/');
  if (bwrap === null) return 'bubblewrap is not installed (apt-get install bubblewrap)';
  const plan = { shown: [], hidden: [], hiddenAgain: [], writable: [], frozen: [], thawed: [], temp: '/tmp', network: null };
  const tried = await runProgram([bwrap, ...bubblewrapArguments(plan, '/', () => 'nothing'), findProgram('true', process.env['PATH'], '/') ?? '/bin/true'], { cwd: '/', env: {}, timeout_ms: 5000 });
  if (tried.ok && tried.value.exit_code === 0) return null;
  return `bubblewrap cannot make one here: ${tried.ok ? tried.value.stderr.trim().split('\n')[0] : tried.failure.message}`;
}

/** Opens the sandbox for a call; null where it is off, or cannot be had and need not. */
export async function openSandbox(call: SandboxCall): Promise<Result<Sandbox | null>> {
  const { settings, scratch } = call;
  if (settings.mode === 'off') return ok(null);
  const problem = await sandboxProblem();
  if (problem !== null) return settings.mode === 'strict' ? fail(sandboxMissing(problem)) : ok(null);
  const temp = join(scratch, 'tmp');
  rmSync(temp, { recursive: true, force: true });
  mkdirSync(temp, { recursive: true, mode: 0o700 });
  for (const folder of call.own) mkdirSync(folder, { recursive: true, mode: 0o700 });
  for (const path of call.state) makeState(path);
  const git = settings.git.flatMap((folder) => [folder, ...submoduleFolders(folder)]);
  // An agent must not be the one who makes it.
  for (const folder of git) mkdirSync(join(folder, 'hooks'), { recursive: true });
  const cache = join(settings.control, 'cache');
  mkdirSync(cache, { recursive: true });
  const mine = process.env['HOME'] ?? homedir();
  const homes = [...new Set([mine, homedir(), call.env['HOME'] ?? mine])].map(real);
  const store = storeOf(mine, process.env);
  const frozen = [...settings.frozen, ...otherWorktrees(settings.git), ...call.settings_files];
  // Made by an agent, it would run something later. What is missing cannot be frozen: it is taken away again.
  const unmakeable = [...git.flatMap((folder) => [join(folder, 'commondir'), join(folder, 'config.worktree')]), ...call.settings_files].filter((path) => !existsSync(path));
  const workspace = real(call.workspace);
  const facts = {
    homes, store, workspace, temp, frozen: frozen.map(real), git: git.map(real), control: real(settings.control),
    state: call.state.map(real), own: [...call.own, cache].map(real), write: settings.write.map(real), hide: (settings.hidden ?? []).map(real),
    others: otherWorkspaces(store, workspace), uid: process.getuid?.() ?? 0,
  };
  const gate = settings.mode === 'strict' ? await openGate(scratch, [...settings.allow_hosts, ...call.hosts]) : null;
  const planned = planSandbox(facts);
  const plan = { ...planned, hidden: planned.hidden.map(real), hiddenAgain: planned.hiddenAgain.map(real), frozen: planned.frozen.map(real), network: gate === null ? null : { socket: gate.socket } };
  const bwrap = findProgram('bwrap', process.env['PATH'], '/') ?? 'bwrap';
  return ok({
    around(argv) {
      const inside = [...(gate?.through ?? []), ...argv];
      return [bwrap, ...bubblewrapArguments({ ...plan, shown: programFolders(inside) }, workspace, standing), ...inside];
    },
    // Their own places in HOME cannot be written; kept from turn to turn.
    env: { TMPDIR: '/tmp', npm_config_cache: join(cache, 'npm'), PIP_CACHE_DIR: join(cache, 'pip'), GOCACHE: join(cache, 'go'), UV_CACHE_DIR: join(cache, 'uv'), YARN_CACHE_FOLDER: join(cache, 'yarn'), ...gate?.env },
    settle: () => unmakeable.filter((path) => moveAside(path, join(settings.control, 'taken'))),
    close: async () => {
      await gate?.close();
      rmSync(temp, { recursive: true, force: true });
    },
  });
}

/** Moves what stands at a path into a folder of ours; a person may have made it meanwhile, so that nothing is deleted. False where nothing stands there. */
function moveAside(path: string, folder: string): boolean {
  if (standing(path) === 'nothing') return false;
  mkdirSync(folder, { recursive: true });
  const to = join(folder, `${Date.now().toString(36)}-${basename(path)}`);
  // The two may lie on different disks, where a rename is not possible.
  cpSync(path, to, { recursive: true, verbatimSymlinks: true });
  rmSync(path, { recursive: true, force: true });
  return true;
}

/** An agent that was never run here could not make its own state: what is not there cannot be left writable. */
function makeState(path: string): void {
  if (existsSync(path)) return;
  const isFile = path.endsWith('.json');
  mkdirSync(isFile ? dirname(path) : path, { recursive: true, mode: 0o700 });
  if (isFile) writeFileSync(path, '{}\n', { mode: 0o600 });
}

/** What other worktrees of the repository have in the common git folder; the first of `git` is this checkout's own. */
function otherWorktrees([own = '', ...rest]: readonly string[]): string[] {
  return [own, ...rest].flatMap((folder) => {
    try {
      return readdirSync(join(folder, 'worktrees')).map((name) => join(folder, 'worktrees', name)).filter((path) => real(path) !== real(own));
    } catch {
      return [];
    }
  });
}

/** Git folders of submodules: their hooks and configuration run programs as well. */
function submoduleFolders(gitFolder: string): string[] {
  const modules = join(gitFolder, 'modules');
  try {
    return readdirSync(modules, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile() && entry.name === 'config').map((entry) => entry.parentPath);
  } catch {
    return [];
  }
}

/** Where a path leads; itself where nothing is there. Something can only be put over what is no link. */
function real(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path;
  }
}

const standing: Standing = (path) => {
  try {
    const facts = lstatSync(path);
    return facts.isSymbolicLink() ? 'link' : facts.isDirectory() ? 'folder' : 'file';
  } catch {
    return 'nothing';
  }
};
