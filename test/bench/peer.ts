import { execFileSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT, env, git, median, repository, scratch, time } from './world.ts';

/** The tool from the npm registry that ours is compared with, working through tasks of a list with a stand-in for its agent. */

export const PEER = 'ralphy-cli@4.7.2';
export const RESULTS = join(PROJECT, 'bench-results');

/** One task after another, each committed by the stand-in, as the peer leaves commits to its agent. Milliseconds a task. */
export async function peerCost(rounds: number): Promise<number> {
  const bin = installPeer();
  const folder = standIn('one', 'echo "$$" >> "work-$(($$ % 7)).txt"\ngit add -A; git commit -q -m work');
  const cost = async (tasks: number, name: string): Promise<number> => await time([bin, ...LIST], withTasks(name, tasks), { PATH: `${folder}:${env.PATH}` });
  const [few, many] = [10, 50];
  const times = [];
  for (let round = 0; round < rounds; round++) times.push((await cost(many, `peer-many-${round}`)) - (await cost(few, `peer-few-${round}`)));
  return median(times) / (many - few);
}

/** Its parallel mode, and how many of the tasks landed. Milliseconds in all. */
export async function parallelPeerCost(tasks: number): Promise<{ readonly ms: number; readonly landed: number }> {
  const bin = installPeer();
  const folder = standIn('parallel', 'echo work > "work-$$.txt"');
  const dir = withTasks('peer-parallel', tasks);
  const ms = await time([bin, ...LIST, '--parallel', '--max-parallel', '4'], dir, { PATH: `${folder}:${env.PATH}` });
  const landed = execFileSync('git', ['ls-files', 'work-*.txt'], { cwd: dir, env, encoding: 'utf8' }).split('\n').filter((line) => line.startsWith('work-') && !/^work-\d\.txt$/.test(line)).length;
  return { ms, landed };
}

const LIST = ['--prd', 'PRD.md', '--fast', '--retry-delay', '0'] as const;

/** Installs the peer into its own folder, once. */
function installPeer(): string {
  const folder = join(RESULTS, 'peer');
  const bin = join(folder, 'node_modules/.bin/ralphy');
  if (!existsSync(bin)) {
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'package.json'), '{"private": true}\n');
    execFileSync('npm', ['install', '--no-audit', '--no-fund', '--silent', PEER], { cwd: folder, stdio: 'ignore' });
  }
  return bin;
}

/** A folder with a `claude` that does `work`. */
function standIn(name: string, work: string): string {
  const folder = join(scratch, 'stand-ins', name);
  mkdirSync(folder, { recursive: true });
  const result = '{"type":"result","subtype":"success","is_error":false,"result":"done","total_cost_usd":0,"usage":{"input_tokens":1,"output_tokens":1}}';
  writeFileSync(join(folder, 'claude'), `#!/bin/sh
if [ "$1" = "--version" ]; then echo "2.1.197 (Claude Code)"; exit 0; fi
${work}
printf '%s\\n' '{"type":"system","subtype":"init","session_id":"s"}' '${result}'
`);
  chmodSync(join(folder, 'claude'), 0o755);
  return folder;
}

/** A new repository with a list of so many tasks. */
function withTasks(name: string, tasks: number): string {
  const dir = repository(name);
  writeFileSync(join(dir, 'PRD.md'), `## Tasks\n${Array.from({ length: tasks }, (_, n) => `- [ ] task ${n}\n`).join('')}`);
  git(dir, 'add', '-A');
  git(dir, 'commit', '-q', '-m', 'tasks');
  return dir;
}
