/**
 * Two roles over a real remote while runners are killed and frozen, the remote goes away and a person pushes; at the end
 * the promises are checked from git alone. Everything is drawn from a seed, which is printed first.
 *
 *   npm run soak                         200 turns
 *   npm run soak -- --turns 5000 --seed 7
 */
import { execFileSync, spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { appendFileSync, chmodSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { checkPromises } from './promises.ts';

const LAUNCHER = fileURLToPath(new URL('../../bin/orchestrator.js', import.meta.url));
const option = (name: string, otherwise: number): number => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? otherwise : Number(process.argv[at + 1]);
};
const turns = option('turns', 200);
const seed = option('seed', Math.floor(Math.random() * 1e9));
/** mulberry32: small, and the same everywhere. */
let drawn = seed;
const random = (): number => {
  drawn = (drawn + 0x6d2b79f5) | 0;
  let mixed = Math.imul(drawn ^ (drawn >>> 15), 1 | drawn);
  mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
  return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
};

const world = realpathSync(mkdtempSync(join(tmpdir(), 'orchestrator-soak-')));
const remote = join(world, 'remote.git');
const env = {
  PATH: process.env['PATH'] ?? '', HOME: world, LANG: 'C.UTF-8', GIT_CONFIG_GLOBAL: '/dev/null', SOAK: world,
  GIT_AUTHOR_NAME: 'Soak', GIT_AUTHOR_EMAIL: 'soak@localhost', GIT_COMMITTER_NAME: 'Soak', GIT_COMMITTER_EMAIL: 'soak@localhost',
};
const git = (cwd: string, ...args: string[]): string => execFileSync('git', args, { cwd, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] }).trim();

/** Leaves a token in its work and, once it is done, in a ledger outside of every repository. */
const AGENT = `#!/bin/sh
cat > /dev/null
token="$ORCHESTRATOR_ACTOR-$ORCHESTRATOR_ITERATION-$ORCHESTRATOR_TURN_ID-$ORCHESTRATOR_ATTEMPT"
mkdir -p work; echo "$token" > "work/$token.txt"
sleep 0.0$(($$ % 10))
echo "$token" >> "$HOME/ledger"
`;

function setUp(): void {
  git(world, 'init', '-q', '--bare', '-b', 'main', remote);
  git(world, 'clone', '-q', remote, 'start');
  const start = join(world, 'start');
  git(start, 'checkout', '-q', '-B', 'main');
  mkdirSync(join(start, 'prompts'));
  writeFileSync(join(start, 'agent.sh'), AGENT);
  chmodSync(join(start, 'agent.sh'), 0o755);
  for (const prompt of ['supervisor.md', 'main.md']) writeFileSync(join(start, 'prompts', prompt), '# Do your part\n');
  writeFileSync(join(start, '.gitignore'), '/logs/\n/tmp/\n');
  writeFileSync(join(start, 'orchestration.yaml'), 'agent: { default: stub }\nagents:\n  stub: { kind: command, command: ["./agent.sh"] }\ncommit: { galph: ["**"] }\nsandbox: off\n');
  git(start, 'add', '-A');
  git(start, 'commit', '-q', '-m', 'start');
  git(start, 'push', '-q', 'origin', 'main');
  for (const name of ['galph', 'ralph', 'person']) git(world, 'clone', '-q', remote, name);
}

const over = new AbortController();
const running = new Map<string, ChildProcess>();
const faults: Record<string, number> = {};
const ends: Record<string, number> = {};
const count = (into: Record<string, number>, what: string): void => void (into[what] = (into[what] ?? 0) + 1);

/** Keeps one role at work: whatever way it ends, it is started again. */
async function keepAtWork(role: string): Promise<void> {
  while (!over.signal.aborted) {
    const child = spawn(process.execPath, [LAUNCHER, 'run', '--role', role, '--iterations', '0', '--lease', '2s', '--poll-interval', '100ms', '--quiet'], { cwd: join(world, role), env, stdio: ['ignore', 'ignore', 'pipe'] });
    running.set(role, child);
    let said = '';
    child.stderr?.on('data', (data: Buffer) => (said = (said + data.toString()).slice(-4000)));
    const how = await new Promise<string>((resolve) => child.once('close', (code, signal) => resolve(signal ?? `exit ${code ?? '?'}`)));
    running.delete(role);
    count(ends, `${role} ${how}`);
    appendFileSync(join(world, 'ends.log'), `${role} ${how}\n${said}\n`);
    await pause(50);
  }
}

const iteration = (): number => {
  try {
    return (JSON.parse(git(remote, 'show', 'main:sync/state.json')) as { iteration: number }).iteration;
  } catch {
    return 0;
  }
};

/** One trouble after another, with calm in between. */
async function makeTrouble(): Promise<void> {
  let commits = 0;
  while (!over.signal.aborted) {
    await pause(400 + random() * 3000);
    if (over.signal.aborted) return;
    const victim = random() < 0.5 ? 'galph' : 'ralph';
    const pid = running.get(victim)?.pid;
    const dice = random();
    try {
      if (dice < 0.35 && pid !== undefined) {
        count(faults, 'killed');
        process.kill(pid, 'SIGKILL');
      } else if (dice < 0.55 && pid !== undefined) {
        count(faults, 'frozen');
        process.kill(pid, 'SIGSTOP');
        await pause(random() * 4000);
        process.kill(pid, 'SIGCONT');
      } else if (dice < 0.8) {
        count(faults, 'a person pushed');
        const dir = join(world, 'person');
        git(dir, 'pull', '-q', '--rebase', 'origin', 'main');
        writeFileSync(join(dir, 'person.txt'), `${++commits}\n`);
        git(dir, 'add', 'person.txt');
        git(dir, 'commit', '-q', '-m', `person ${commits}`);
        // A push may lose its race several times; only one that was taken must be found again.
        for (let tries = 0; tries < 5; tries++) {
          try {
            git(dir, 'push', '-q', 'origin', 'HEAD:main');
            writeFileSync(join(world, 'pushed'), `${commits}\n`);
            break;
          } catch {
            git(dir, 'pull', '-q', '--rebase', 'origin', 'main');
          }
        }
      } else {
        count(faults, 'the remote was away');
        // Without its HEAD it is no repository to git; moving the folder would leave locks of pushes under way behind.
        renameSync(join(remote, 'HEAD'), join(remote, 'HEAD.away'));
        await pause(random() * 3000);
        renameSync(join(remote, 'HEAD.away'), join(remote, 'HEAD'));
      }
    } catch {
      // A process that has just ended, a push that lost its race: trouble enough.
    }
  }
}

process.stdout.write(`soak: ${turns} turns, seed ${seed}, in ${world}\n`);
setUp();
const began = performance.now();
const work = [keepAtWork('galph'), keepAtWork('ralph')];
const trouble = makeTrouble();
let last = -1;
let stuckSince = performance.now();
let stuck = false;
while (iteration() * 2 - 2 < turns && !stuck) {
  await pause(500);
  const now = iteration();
  if (now > last) {
    stuckSince = performance.now();
    last = now;
  }
  stuck = performance.now() - stuckSince > 120_000;
}
over.abort();
await trouble;
for (const child of running.values()) child.kill('SIGTERM');
await Promise.all(work);
const seconds = ((performance.now() - began) / 1000).toFixed(0);
process.stdout.write(`soak: ${iteration() * 2 - 2} turns in ${seconds} s; faults ${JSON.stringify(faults)}; ends ${JSON.stringify(ends)}\n`);
const broken = checkPromises(world, remote, git);
if (stuck) broken.push('no turn was handed off for two minutes');
const left = execFileSync('ps', ['-eo', 'pid,args'], { encoding: 'utf8' }).split('\n').filter((line) => line.includes(world));
if (left.length > 0) broken.push(`processes are left: ${left.join('; ')}`);
for (const line of broken) process.stdout.write(`soak: BROKEN: ${line}\n`);
if (broken.length === 0) {
  process.stdout.write('soak: every promise was kept\n');
  rmSync(world, { recursive: true, force: true });
} else {
  process.stdout.write(readFileSync(join(world, 'ends.log'), 'utf8').slice(-3000));
  process.exitCode = 1;
}
