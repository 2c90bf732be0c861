import { spawnSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';

/**
 * A peer of the earlier protocol, a program of its own: `node earlier-peer.ts <role> <turns>` in its checkout. It knows
 * nothing of claims, says on the branch that it is at work, and drops every key of the state that it does not know.
 * While `$HOME/hold-<role>` stands, it stays at work; `$HOME/at-work-<role>` tells that it got there.
 */
interface EarlierState {
  iteration: number;
  expected_actor: string;
  status: string;
  last_update: string | null;
  lease_expires_at: string | null;
  galph_commit: string | null;
  ralph_commit: string | null;
  last_prompt: string | null;
  last_prompt_actor: string | null;
}

const FRESH: EarlierState = { iteration: 1, expected_actor: 'galph', status: 'idle', last_update: null, lease_expires_at: null, galph_commit: null, ralph_commit: null, last_prompt: null, last_prompt_actor: null };
const STATE_FILE = 'sync/state.json';
const LEASE_MS = 60_000;

const role = process.argv[2] === 'ralph' ? 'ralph' : 'galph';
const other = role === 'galph' ? 'ralph' : 'galph';
const home = process.env['HOME'] ?? '';

function git(...args: string[]): string {
  const { status, stdout, stderr } = spawnSync('git', args, { encoding: 'utf8' });
  if (status !== 0) throw new Error(`git ${args.join(' ')}: ${stderr}`);
  return stdout.trim();
}

function readState(): EarlierState {
  if (!existsSync(STATE_FILE)) return { ...FRESH };
  const read = JSON.parse(readFileSync(STATE_FILE, 'utf8')) as Partial<Record<keyof EarlierState, unknown>>;
  return Object.fromEntries(Object.entries(FRESH).map(([key, value]) => [key, read[key as keyof EarlierState] ?? value])) as unknown as EarlierState;
}

const utc = (ms: number): string => `${new Date(ms).toISOString().slice(0, 19)}Z`;

function commitState(state: EarlierState, subject: string): void {
  mkdirSync('sync', { recursive: true });
  writeFileSync(STATE_FILE, `${JSON.stringify({ ...state, last_update: utc(Date.now()) }, null, 2)}\n`);
  git('add', '--', STATE_FILE);
  git('commit', '-q', '-m', subject);
}

/** Whoever was faster is let go first, as often as it takes. */
function push(): void {
  for (let tries = 0; ; tries++) {
    const { status, stderr } = spawnSync('git', ['push', '-q', 'origin', 'HEAD:main'], { encoding: 'utf8' });
    if (status === 0) return;
    if (tries === 10) throw new Error(`git push: ${stderr}`);
    git('pull', '-q', '--rebase', 'origin', 'main');
  }
}

async function prompt(iteration: number): Promise<void> {
  const [folder, file] = role === 'galph' ? ['plans', 'plans/earlier.md'] : ['src', 'src/earlier.txt'];
  mkdirSync(folder, { recursive: true });
  appendFileSync(file, `${role} ${iteration}\n`);
  writeFileSync(join(home, `at-work-${role}`), String(process.pid));
  while (existsSync(join(home, `hold-${role}`))) await pause(20);
  git('add', '--', file);
  git('commit', '-q', '-m', `${role} works on ${iteration}`);
}

async function turn(): Promise<void> {
  const state = readState();
  const n = state.iteration;
  const prompt_file = role === 'galph' ? 'supervisor' : 'main';
  const running = { ...state, status: `running-${role}`, lease_expires_at: utc(Date.now() + LEASE_MS), last_prompt: prompt_file, last_prompt_actor: role };
  commitState(running, `[SYNC i=${n}] actor=${role} status=running`);
  push();
  await prompt(n);
  const done = git('rev-parse', '--short', 'HEAD');
  const next = { ...running, expected_actor: other, status: role === 'galph' ? 'waiting-ralph' : 'complete', iteration: role === 'galph' ? n : n + 1, lease_expires_at: null, [`${role}_commit`]: done };
  commitState(next, `[SYNC i=${n}] actor=${role} → next=${other} status=ok ${role}_commit=${done}`);
  push();
}

for (let left = Number(process.argv[3]); left > 0; ) {
  git('pull', '-q', '--rebase', 'origin', 'main');
  if (readState().expected_actor === role) {
    await turn();
    left--;
  } else await pause(100);
}
