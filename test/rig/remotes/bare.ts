import { execFile } from 'node:child_process';
import { mkdtemp, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';

/** A real git remote of one test. */
export interface TestRemote extends AsyncDisposable {
  /** How it is reached: `path`, `file`, `ssh`, `http`. */
  readonly name: string;
  /** What goes into `git remote add`. */
  readonly url: string;
  /** The bare repository, absolute, to look into past the transport. Not there while a `path` or `file` remote is down. */
  readonly bare: string;
  /** What git clients need in their environment to reach it. */
  readonly env: Readonly<Record<string, string>>;
  /** It stops answering. What is under way over `ssh` or `http` is cut off: the remote's processes are killed. */
  down(): Promise<void>;
  /** It answers again, at the same address. */
  up(): Promise<void>;
}

/** What a remote is not able to do. By default it is an able one. */
export interface Cripples {
  /** refs/orchestrator/* is refused: by an `update` hook, which only a real push meets, or by configuration. */
  readonly customRefs?: 'refused by hook' | 'refused by config';
  /** It does not advertise atomic pushes. */
  readonly atomic?: false;
}

/** Opens a remote in a folder of its own under `root`, which whoever made `root` removes. */
export type OpenRemote = (root: string, cripples?: Cripples) => Promise<TestRemote>;

const run = promisify(execFile);

/** Runs a program that has to work, and gives its stdout. */
export const stdoutOf = async (program: string, args: readonly string[]): Promise<string> => (await run(program, args)).stdout.trim();

const REFUSING_HOOK = `#!/bin/sh
case "$1" in refs/orchestrator/*) echo "only branches and tags here" >&2; exit 1 ;; esac
`;

/** A folder under `root` with a bare repository in it. */
export async function makeBare(root: string, cripples: Cripples = {}): Promise<{ folder: string; bare: string }> {
  const folder = await mkdtemp(join(root, 'remote-'));
  const bare = join(folder, 'remote.git');
  const git = (...args: string[]): Promise<string> => stdoutOf('git', ['-C', bare, ...args]);
  await stdoutOf('git', ['init', '-q', '--bare', '-b', 'main', bare]);
  // Maintenance in the background would outlive the push that started it.
  await git('config', 'receive.autogc', 'false');
  await git('config', 'http.receivepack', 'true');
  if (cripples.atomic === false) await git('config', 'receive.advertiseAtomic', 'false');
  if (cripples.customRefs === 'refused by config') await git('config', 'receive.hideRefs', 'refs/orchestrator');
  if (cripples.customRefs === 'refused by hook') await writeFile(join(bare, 'hooks/update'), REFUSING_HOOK, { mode: 0o755 });
  return { folder, bare };
}
