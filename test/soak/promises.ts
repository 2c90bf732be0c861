import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

type Git = (cwd: string, ...args: string[]) => string;

/** The promises of the hand-off, looked up in git and on the disk after a soak. Gives what was broken. */
export function checkPromises(world: string, remote: string, git: Git): string[] {
  const broken: string[] = [];
  const commits = git(remote, 'log', '--first-parent', '--reverse', '--format=%H %s', 'main').split('\n');
  const seen = new Set<string>();
  let before = { iteration: 1, actor: 'galph' };
  for (const line of commits) {
    const id = line.slice(0, 40);
    if (!line.slice(41).startsWith('[SYNC')) continue;
    const state = JSON.parse(git(remote, 'show', `${id}:sync/state.json`)) as { iteration: number; expected_actor: string; status: string };
    if (state.status === 'failed') continue;
    const turn = `${before.iteration} ${before.actor}`;
    if (seen.has(turn)) broken.push(`${turn} was handed off twice (${id})`);
    seen.add(turn);
    if (state.iteration < before.iteration) broken.push(`the iteration went back at ${id}`);
    if (state.expected_actor === before.actor) broken.push(`${before.actor} handed off to itself at ${id}`);
    before = { iteration: state.iteration, actor: state.expected_actor };
  }
  const stamps = commits.filter((line) => line.slice(41).startsWith('[SYNC') && line.includes('status=ok')).length;
  if (stamps !== seen.size) broken.push(`${stamps} stamps for ${seen.size} turns`);
  const pushed = existsSync(join(world, 'pushed')) ? Number(readFileSync(join(world, 'pushed'), 'utf8')) : 0;
  for (let n = 1; n <= pushed; n++) {
    const times = commits.filter((line) => line.slice(41) === `person ${n}`).length;
    if (times !== 1) broken.push(`commit ${n} of a person is ${times} times on the branch`);
  }
  broken.push(...lostWork(world, remote, git));
  return broken;
}

/** Tokens of agents that finished must be on the branch, in a rescue ref, or still in a checkout. */
function lostWork(world: string, remote: string, git: Git): string[] {
  const ledger = existsSync(join(world, 'ledger')) ? readFileSync(join(world, 'ledger'), 'utf8').split('\n').filter((line) => line !== '') : [];
  const kept = new Set<string>();
  for (const dir of [remote, join(world, 'galph'), join(world, 'ralph')]) {
    for (const path of git(dir, 'log', '--all', '--format=', '--name-only', '--diff-filter=A', '--', 'work').split('\n')) kept.add(path);
    const folder = join(dir, 'work');
    if (existsSync(folder)) for (const name of readdirSync(folder)) kept.add(`work/${name}`);
  }
  return ledger.filter((token) => !kept.has(`work/${token}.txt`)).map((token) => `the work of ${token} is nowhere`);
}
