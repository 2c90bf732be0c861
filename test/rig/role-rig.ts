import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { readRecords } from '../../src/loop/record.ts';
import type { TurnRecord } from '../../src/loop/record.ts';
import { WORKING_AGENT, createRig } from './rig.ts';
import type { Rig, RigOptions, Running } from './rig.ts';

/** Two checkouts that share a remote and nothing else. */
export interface RoleRig extends AsyncDisposable {
  readonly rig: Rig;
  readonly remote: string;
  /** Folders of the checkouts; `a` is the rig's own. */
  readonly a: string;
  readonly b: string;
  start(dir: string, role: 'galph' | 'ralph', ...args: string[]): Running;
  git(dir: string, ...args: string[]): string;
  /** Git in the bare remote. */
  there(...args: string[]): string;
  /** The state as the remote's branch has it. */
  state(): Record<string, unknown>;
  claim(): Record<string, unknown>;
  turns(dir: string): Promise<TurnRecord[]>;
  clone(name: string): string;
  subjects(): string[];
}

export async function createRoleRig(options: RigOptions = {}): Promise<RoleRig> {
  const rig = await createRig({ agent: WORKING_AGENT, ...options });
  const remote = join(rig.root, 'remote.git');
  const git = (dir: string, ...args: string[]): string => execFileSync('git', args, { cwd: dir, env: { ...rig.env }, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  await rig.git('init', '-q', '--bare', '-b', 'main', remote);
  await rig.git('remote', 'add', 'origin', remote);
  await rig.git('push', '-q', '-u', 'origin', 'main');
  const clone = (name: string): string => {
    git(rig.root, 'clone', '-q', remote, name);
    return join(rig.root, name);
  };
  const there = (...args: string[]): string => git(remote, ...args);
  return {
    rig,
    remote,
    a: rig.dir,
    b: clone('b'),
    clone,
    git,
    there,
    start: (dir, role, ...args) => rig.start(['run', '--role', role, '--poll-interval', '100ms', ...args], { cwd: dir }),
    state: () => JSON.parse(there('show', 'main:sync/state.json')) as Record<string, unknown>,
    claim: () => JSON.parse(there('show', 'refs/orchestrator/turn/main:claim.json')) as Record<string, unknown>,
    turns: async (dir) => (await readRecords(join(dir, 'logs/main/turns.jsonl'))).records,
    subjects: () => there('log', '--format=%s', '--reverse', 'main').split('\n'),
    [Symbol.asyncDispose]: () => rig[Symbol.asyncDispose](),
  };
}
