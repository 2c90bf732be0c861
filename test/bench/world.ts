import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** What every measurement of the bench needs: a place, an environment, a repository with an agent, a clock. */

export const PROJECT = fileURLToPath(new URL('../../', import.meta.url));
export const LAUNCHER = join(PROJECT, 'bin/orchestrator.js');
/** Removed by `run.ts` when all is measured. */
export const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'orchestrator-bench-')));

export const env: Readonly<Record<string, string>> = {
  PATH: process.env['PATH'] ?? '',
  HOME: scratch,
  LANG: 'C.UTF-8',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_AUTHOR_NAME: 'Bench',
  GIT_AUTHOR_EMAIL: 'bench@localhost',
  GIT_COMMITTER_NAME: 'Bench',
  GIT_COMMITTER_EMAIL: 'bench@localhost',
};

/** The agent of every contestant: reads its prompt, leaves one line of work. */
const AGENT = '#!/bin/sh\ncat > /dev/null\necho "$$" >> "work-$(($$ % 7)).txt"\n';

export const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

export const git = (dir: string, ...args: string[]): void => void execFileSync('git', args, { cwd: dir, env, stdio: 'ignore' });

/** Agent, prompts and configuration in a repository that is there already, as its first commit. */
export function layOut(dir: string, agent = AGENT): void {
  mkdirSync(join(dir, 'prompts'), { recursive: true });
  mkdirSync(join(dir, 'sync'));
  writeFileSync(join(dir, 'agent.sh'), agent);
  chmodSync(join(dir, 'agent.sh'), 0o755);
  for (const prompt of ['supervisor.md', 'main.md']) writeFileSync(join(dir, 'prompts', prompt), '# Do your part\n');
  writeFileSync(join(dir, '.gitignore'), '/logs/\n/tmp/\n/.orchestrator/\n');
  writeFileSync(join(dir, 'orchestration.yaml'), 'agent: { default: stub }\nagents:\n  stub: { kind: command, command: ["./agent.sh"] }\nsandbox: off\n');
  writeFileSync(join(dir, 'sync/state.json'), '{}\n');
  git(dir, 'add', '-A');
  git(dir, 'commit', '-q', '-m', 'start');
}

/** A new repository with the agent and, for us, a configuration. */
export function repository(name: string): string {
  const dir = join(scratch, name);
  mkdirSync(dir);
  git(dir, 'init', '-q', '-b', 'main');
  layOut(dir);
  return dir;
}

/** Wall milliseconds of a program that must exit with 0. */
export async function time(argv: readonly string[], cwd: string, extra: Record<string, string> = {}): Promise<number> {
  const began = performance.now();
  const child = spawn(argv[0] ?? '', argv.slice(1), { cwd, env: { ...env, ...extra }, stdio: ['ignore', 'ignore', 'pipe'] });
  let words = '';
  child.stderr.on('data', (data) => (words += String(data)));
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`${argv.join(' ')} exited with ${code}: ${words.slice(-2000)}`);
  return performance.now() - began;
}

/** Peak (`VmHWM`) or present (`VmRSS`) memory of a process in MB; Linux only. */
export function residentMb(pid: number, field: 'VmHWM' | 'VmRSS'): number {
  try {
    const kb = new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return Math.round(Number(kb) / 1024);
  } catch {
    return NaN;
  }
}
