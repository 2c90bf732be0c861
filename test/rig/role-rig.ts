import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { readRecords } from '../../src/loop/record.ts';
import type { TurnRecord } from '../../src/loop/record.ts';
import type { OpenRemote, TestRemote } from './remotes/bare.ts';
import { openPathRemote } from './remotes/local.ts';
import { WORKING_AGENT, createRig } from './rig.ts';
import type { Rig, RigOptions, Running } from './rig.ts';

/** Two checkouts that share a remote and nothing else. */
export interface RoleRig extends AsyncDisposable {
  readonly rig: Rig;
  readonly server: TestRemote;
  /** The bare repository, past the transport. */
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

export interface RoleRigOptions extends RigOptions {
  /** What the remote is reached over; a path when left out. */
  readonly open?: OpenRemote;
  /** Words before the program's own in a checkout; see `StartOptions`. */
  readonly through?: (dir: string) => readonly string[];
}

export async function createRoleRig({ open = openPathRemote, through = () => [], ...options }: RoleRigOptions = {}): Promise<RoleRig> {
  const rig = await createRig({ agent: WORKING_AGENT, ...options });
  // What it needs may be missing: then nothing but the message stays.
  const server = await open(rig.root).catch(async (error: unknown) => {
    await rig[Symbol.asyncDispose]();
    throw error;
  });
  const remote = server.bare;
  const git = (dir: string, ...args: string[]): string => execFileSync('git', args, { cwd: dir, env: { ...rig.env, ...server.env }, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();
  // The person comes past the transport, which only the runners have to use.
  await rig.git('remote', 'add', 'origin', remote);
  await rig.git('push', '-q', '-u', 'origin', 'main');
  await rig.git('remote', 'set-url', 'origin', server.url);
  const clone = (name: string): string => {
    git(rig.root, 'clone', '-q', remote, name);
    const dir = join(rig.root, name);
    git(dir, 'remote', 'set-url', 'origin', server.url);
    return dir;
  };
  const there = (...args: string[]): string => git(remote, ...args);
  return {
    rig,
    server,
    remote,
    a: rig.dir,
    b: clone('b'),
    clone,
    git,
    there,
    start: (dir, role, ...args) => rig.start(['run', '--role', role, '--poll-interval', '100ms', ...args], { cwd: dir, env: server.env, through: through(dir) }),
    state: () => JSON.parse(there('show', 'main:sync/state.json')) as Record<string, unknown>,
    claim: () => JSON.parse(there('show', 'refs/orchestrator/turn/main:claim.json')) as Record<string, unknown>,
    turns: async (dir) => (await readRecords(join(dir, 'logs/main/turns.jsonl'))).records,
    subjects: () => there('log', '--format=%s', '--reverse', 'main').split('\n'),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await rig[Symbol.asyncDispose]();
    },
  };
}
