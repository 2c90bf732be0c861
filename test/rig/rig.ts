import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readFile, readdir, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { OrchestrationState } from '../../src/loop/state.ts';
import { readRecords } from '../../src/loop/record.ts';
import type { TurnRecord } from '../../src/loop/record.ts';

/** The checkout that is tested, and its launcher as a user would start it. */
const PROJECT = fileURLToPath(new URL('../../', import.meta.url));
export const LAUNCHER = join(PROJECT, 'bin/orchestrator.js');

/** How one command line ended. */
export interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command line that is still at work. */
export interface Running {
  readonly pid: number;
  readonly child: ChildProcess;
  readonly ended: Promise<Ended>;
  readonly output: () => { readonly stdout: string; readonly stderr: string };
  kill(signal: NodeJS.Signals): void;
}

export interface StartOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly input?: string;
  /** Words before the program's own, as of `ip netns exec`; whatever they start has to become it, or signals miss it. */
  readonly through?: readonly string[];
}

/** A temporary world: HOME, a repository with an agent of its own, hermetic git. Removed at the end, its processes ended. */
export interface Rig extends AsyncDisposable {
  readonly root: string;
  readonly home: string;
  /** The workspace: a git repository with orchestration.yaml, prompts, and one commit. */
  readonly dir: string;
  readonly env: Readonly<Record<string, string>>;
  path(...parts: string[]): string;
  write(path: string, content: string): Promise<void>;
  read(path: string): Promise<string>;
  exists(path: string): boolean;
  /** A shell script in the workspace, executable. */
  script(path: string, body: string): Promise<void>;
  git(...args: string[]): Promise<string>;
  start(args: readonly string[], options?: StartOptions): Running;
  /** Runs the command line to its end. */
  run(args: readonly string[], options?: StartOptions): Promise<Ended>;
  /** Runs it with --json and gives the one document. */
  json<T = Record<string, unknown>>(args: readonly string[], options?: StartOptions): Promise<{ code: number | null; document: { ok: boolean; data: T; error: { code: string; kind: string; message: string; hint?: string; details?: Record<string, unknown> } } }>;
  state(): Promise<OrchestrationState & Record<string, unknown>>;
  /** The records of the branch, straight from their file: most tests look at them, and `log` has tests of its own. */
  turns(): Promise<TurnRecord[]>;
  commit(message?: string): Promise<string>;
}

export interface RigOptions {
  /** Body of agent.sh, which plays both parts. Default: reads its prompt and leaves a new file. */
  readonly agent?: string;
  /** Further lines of orchestration.yaml. */
  readonly config?: string;
  /** Agents of tests mostly tell what they did in files beside the workspace. */
  readonly sandbox?: 'auto' | 'off' | 'strict';
  /** Leave the folder without orchestration.yaml, prompts and agent. */
  readonly bare?: boolean;
}

/** Leaves a file that tells who was here; galph writes a document, ralph code. */
export const WORKING_AGENT = `cat > /dev/null
case "$ORCHESTRATOR_ACTOR" in
  galph) mkdir -p plans; echo "plan $ORCHESTRATOR_ITERATION $ORCHESTRATOR_TURN_ID" >> plans/plan.md ;;
  ralph) mkdir -p src; echo "work $ORCHESTRATOR_ITERATION $ORCHESTRATOR_TURN_ID" >> src/work.txt ;;
esac
echo "$ORCHESTRATOR_ACTOR did its part"
`;

const CONFIG = `agent: { default: stub }
agents:
  stub: { kind: command, command: ["./agent.sh"] }
`;

export async function createRig(options: RigOptions = {}): Promise<Rig> {
  const root = await realpath(await mkdtemp(join(tmpdir(), 'rig-')));
  const home = join(root, 'home');
  const dir = join(root, 'work');
  await mkdir(home, { recursive: true });
  await mkdir(dir, { recursive: true });
  const env: Record<string, string> = {
    PATH: process.env['PATH'] ?? '',
    HOME: home,
    TMPDIR: root,
    LANG: 'C.UTF-8',
    NO_COLOR: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_AUTHOR_NAME: 'Person',
    GIT_AUTHOR_EMAIL: 'person@example.org',
    GIT_COMMITTER_NAME: 'Person',
    GIT_COMMITTER_EMAIL: 'person@example.org',
    NODE_COMPILE_CACHE: join(tmpdir(), 'orchestrator-compile-cache'),
  };
  const all: Running[] = [];
  const logs: string[] = [];

  const start = (args: readonly string[], { cwd = dir, env: extra = {}, input, through = [] }: StartOptions = {}): Running => {
    const [program = '', ...words] = [...through, process.execPath, LAUNCHER, ...args];
    const child = spawn(program, words, { cwd, env: { ...env, ...extra }, stdio: [input === undefined ? 'ignore' : 'pipe', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout?.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    if (input !== undefined) child.stdin?.end(input);
    const ended = new Promise<Ended>((resolve, reject) => {
      child.once('error', reject);
      child.once('close', (code, signal) => {
        logs.push(`$ orchestrator ${args.join(' ')}\n${stderr}${stdout}-> ${code ?? signal}`);
        resolve({ code, signal, stdout, stderr });
      });
    });
    const running: Running = { pid: child.pid ?? 0, child, ended, output: () => ({ stdout, stderr }), kill: (signal) => void child.kill(signal) };
    all.push(running);
    return running;
  };

  const git = async (...args: string[]): Promise<string> => {
    const child = spawn('git', args, { cwd: dir, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    const code = await new Promise((resolve) => child.once('close', resolve));
    if (code !== 0) throw new Error(`git ${args.join(' ')} failed: ${stderr}`);
    return stdout.trimEnd();
  };

  const rig: Rig = {
    root,
    home,
    dir,
    env,
    path: (...parts) => join(dir, ...parts),
    async write(path, content) {
      await mkdir(dirname(join(dir, path)), { recursive: true });
      await writeFile(join(dir, path), content);
    },
    read: (path) => readFile(join(dir, path), 'utf8'),
    exists: (path) => existsSync(join(dir, path)),
    async script(path, body) {
      await rig.write(path, `#!/bin/sh\n${body}`);
      await chmod(join(dir, path), 0o755);
    },
    git,
    start,
    run: (args, startOptions) => start(args, startOptions).ended,
    async json(args, startOptions) {
      const { code, stdout, stderr } = await start([...args, '--json'], startOptions).ended;
      try {
        // One document is all that a command prints; only a run has lines of events before it.
        const text = args.includes('run') ? stdout.trimEnd().split('\n').at(-1) : stdout;
        return { code, document: JSON.parse(text ?? '') };
      } catch {
        throw new Error(`No JSON document from orchestrator ${args.join(' ')} (exit ${code}):\n${stdout}\n${stderr}`);
      }
    },
    state: async () => JSON.parse(await rig.read('sync/state.json')),
    async turns() {
      const branch = (await git('branch', '--show-current')).replaceAll('/', '-');
      return (await readRecords(rig.path('logs', rig.exists(`logs/${branch}`) ? branch : 'main', 'turns.jsonl'))).records;
    },
    async commit(message = 'by a person') {
      await git('add', '-A');
      await git('commit', '-q', '-m', message);
      return await git('rev-parse', 'HEAD');
    },
    async [Symbol.asyncDispose]() {
      for (const running of all) if (running.child.exitCode === null && running.child.signalCode === null) running.child.kill('SIGKILL');
      await Promise.allSettled(all.map((running) => running.ended));
      const left = await processesOf(root);
      for (const { pid } of left) killQuietly(pid);
      await rm(root, { recursive: true, force: true, maxRetries: 3 });
      if (left.length > 0) throw new Error(`Processes were left behind: ${left.map(({ pid, command }) => `${pid} ${command}`).join('; ')}\n${logs.join('\n')}`);
    },
  };

  await git('init', '-q', '-b', 'main');
  if (options.bare !== true) {
    await rig.write('orchestration.yaml', `${CONFIG}${/^sandbox:/m.test(options.config ?? '') ? '' : `sandbox: ${options.sandbox ?? 'off'}\n`}${options.config ?? ''}`);
    await rig.write('prompts/supervisor.md', '# Plan\n');
    await rig.write('prompts/main.md', '# Build\n');
    await rig.write('prompts/reviewer.md', '# Review\n');
    await rig.write('.gitignore', '/logs/\n/tmp/\n/.orchestrator/\n');
    await rig.script('agent.sh', options.agent ?? WORKING_AGENT);
    await rig.commit('start');
  }
  return rig;
}

/** Waits until a condition holds; fails after `limitMs`. The only waiting in the tests. */
export async function until<T>(what: string, look: () => T | Promise<T>, limitMs = 20_000): Promise<NonNullable<T>> {
  const end = performance.now() + limitMs;
  for (;;) {
    const found = await look();
    if (found) return found;
    if (performance.now() > end) throw new Error(`Waited ${limitMs} ms in vain for ${what}`);
    await pause(10);
  }
}

/** Living processes whose working directory or command line lies under a folder. Linux only; elsewhere none are found. */
export async function processesOf(folder: string): Promise<{ pid: number; command: string }[]> {
  if (!existsSync('/proc/self/environ')) return [];
  const found: { pid: number; command: string }[] = [];
  for (const name of await readdir('/proc')) {
    if (!/^\d+$/.test(name) || Number(name) === process.pid) continue;
    try {
      const stat = await readFile(`/proc/${name}/stat`, 'utf8');
      if (/\) [ZX] /.test(stat)) continue;
      const environ = await readFile(`/proc/${name}/environ`, 'utf8');
      const command = (await readFile(`/proc/${name}/cmdline`, 'utf8')).replaceAll('\0', ' ');
      if (environ.includes(folder) || command.includes(folder)) found.push({ pid: Number(name), command });
    } catch {
      // Gone in between.
    }
  }
  return found;
}

function killQuietly(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone in between.
  }
}

/** The state file as the newest commit has it. */
export const committedState = async (rig: Rig): Promise<OrchestrationState> => JSON.parse(await rig.git('show', 'HEAD:sync/state.json'));
