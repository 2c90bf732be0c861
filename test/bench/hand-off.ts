import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { LAUNCHER, env, layOut, median, scratch } from './world.ts';

/** From the end of one actor's agent to the start of the other's, over a local remote: ours, and plain git doing the same. */

/** Notes its start and its end, and leaves one line of work. */
const AGENT = '#!/bin/sh\necho "start $(date +%s%N)" >> "$HOME/times"\ncat > /dev/null\necho "$$" >> "work-$(($$ % 7)).txt"\necho "end $(date +%s%N)" >> "$HOME/times"\n';

/** The same commands, one after another: two commits, fetch, atomic push; on the other side fetch, fast-forward, claim push. */
const FLOOR = `#!/bin/sh
set -e
n=0
here=a
there=b
while [ $n -lt "$1" ]; do
  cd "$HOME/$here"
  ./agent.sh < prompts/main.md
  git add -A
  git commit -q -m "work $n"
  echo "{\\"turn\\": $n}" > sync/state.json
  git add sync/state.json
  git commit -q -m "state $n"
  git fetch -q origin
  git push -q --atomic origin HEAD:main HEAD:refs/x/turn-$n
  cd "$HOME/$there"
  git fetch -q origin
  git merge -q --ff-only origin/main
  git push -q origin HEAD:refs/x/claim-$n
  here=$there
  [ "$there" = a ] && there=b || there=a
  n=$((n + 1))
done
`;

/** Milliseconds between each end and the start that follows it. */
function gaps(file: string): number[] {
  const times = readFileSync(file, 'utf8').trim().split('\n').map((line) => line.split(' '));
  return times.flatMap(([what, at], index) => {
    const before = times[index - 1];
    return what === 'start' && before?.[0] === 'end' ? [Number(BigInt(at ?? 0) - BigInt(before[1] ?? 0)) / 1e6] : [];
  });
}

function world(root: string, history = 0): Record<string, string> {
  mkdirSync(root);
  const mine = { ...env, HOME: root };
  const git = (cwd: string, ...args: string[]): void => void execFileSync('git', args, { cwd, env: mine, stdio: 'ignore' });
  git(root, 'init', '-q', '--bare', '-b', 'main', 'remote.git');
  git(root, 'clone', '-q', 'remote.git', 'a');
  const dir = join(root, 'a');
  git(dir, 'checkout', '-q', '-B', 'main');
  layOut(dir, AGENT);
  if (history > 0) {
    execFileSync('git', ['fast-import', '--quiet', '--force'], { cwd: dir, env: mine, input: pastTurns(history) });
    git(dir, 'checkout', '-q', '-f', 'main');
  }
  git(dir, 'push', '-q', 'origin', 'main');
  git(root, 'clone', '-q', 'remote.git', 'b');
  return mine;
}

/** A branch on which so many turns were taken already, two commits each, as git fast-import reads it. */
function pastTurns(turns: number): string {
  const text: string[] = [];
  const commit = (message: string, path: string, content: string): void =>
    void text.push(`commit refs/heads/main\ncommitter Bench <bench@localhost> 1700000000 +0000\ndata ${Buffer.byteLength(message)}\n${message}\n${text.length === 0 ? 'from refs/heads/main^0\n' : ''}M 100644 inline ${path}\ndata ${Buffer.byteLength(content)}\n${content}\n`);
  for (let turn = 0; turn < turns; turn++) {
    commit(`work ${turn}`, `work-${turn % 7}.txt`, `${turn}\n`);
    commit(`[SYNC ${turn}]`, 'sync/state.json', `{"note": ${turn}}\n`);
  }
  return text.join('');
}

/** Share of a core that a runner and its children use while they wait, and how often the remote is asked, over some seconds. */
export async function waiting(seconds: number): Promise<{ readonly cores: number; readonly asked_per_s: number }> {
  const root = join(scratch, 'waiting');
  const mine = world(root);
  const port = await freePort();
  const daemon = spawn('git', ['daemon', '--verbose', '--reuseaddr', '--listen=127.0.0.1', `--port=${port}`, '--export-all', '--enable=receive-pack', `--base-path=${root}`, root], { env: mine, stdio: ['ignore', 'ignore', 'pipe'] });
  let asked = 0;
  daemon.stderr.on('data', (data: Buffer) => (asked += data.toString().split('Request upload-pack').length - 1));
  execFileSync('git', ['remote', 'set-url', 'origin', `git://127.0.0.1:${port}/remote.git`], { cwd: join(root, 'b'), env: mine });
  const child = spawn(process.execPath, [LAUNCHER, 'run', '--role', 'ralph', '--quiet'], { cwd: join(root, 'b'), env: mine, stdio: 'ignore' });
  await new Promise((resolve) => setTimeout(resolve, 4000));
  const before = cpuOf(child.pid ?? 0);
  asked = 0;
  await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
  const used = cpuOf(child.pid ?? 0) - before;
  const result = { cores: used / seconds, asked_per_s: asked / seconds };
  child.kill('SIGTERM');
  await new Promise((resolve) => child.once('close', resolve));
  daemon.kill('SIGTERM');
  return result;
}

/** Seconds of CPU of a process and all that it started (Linux). */
function cpuOf(pid: number): number {
  const stats = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).flatMap((name) => {
    try {
      const text = readFileSync(`/proc/${name}/stat`, 'latin1');
      const fields = text.slice(text.lastIndexOf(')') + 2).split(' ').map(Number);
      return [{ pid: Number(name), parent: fields[1] ?? 0, ticks: (fields[11] ?? 0) + (fields[12] ?? 0) + (fields[13] ?? 0) + (fields[14] ?? 0) }];
    } catch {
      return [];
    }
  });
  const mine = (id: number): number => stats.filter((each) => each.pid === id).reduce((sum, each) => sum + each.ticks, 0) + stats.filter((each) => each.parent === id).reduce((sum, each) => sum + mine(each.pid), 0);
  return mine(pid) / 100;
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

export interface HandOffCost {
  readonly ours_ms: number[];
  readonly floor_ms: number[];
}

/** Median milliseconds of each round. */
export async function handOffCost(turns: number, rounds: number, history = 0): Promise<HandOffCost> {
  const ours_ms: number[] = [];
  const floor_ms: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const root = join(scratch, `hand-off-${history}-${round}`);
    const mine = world(root, history);
    const run = (dir: string, role: string): Promise<number | null> =>
      new Promise((resolve) => spawn(process.execPath, [LAUNCHER, 'run', '--role', role, '--iterations', String(turns / 2), '--quiet'], { cwd: join(root, dir), env: mine, stdio: 'ignore' }).once('close', resolve));
    const codes = await Promise.all([run('a', 'galph'), run('b', 'ralph')]);
    if (codes.some((code) => code !== 0)) throw new Error(`The roles exited with ${codes.join(' and ')}`);
    ours_ms.push(median(gaps(join(root, 'times'))));
    const plain = join(scratch, `hand-off-floor-${history}-${round}`);
    const theirs = world(plain, history);
    writeFileSync(join(plain, 'loop.sh'), FLOOR);
    execFileSync('sh', ['loop.sh', String(turns)], { cwd: plain, env: theirs, stdio: 'ignore' });
    floor_ms.push(median(gaps(join(plain, 'times'))));
  }
  return { ours_ms, floor_ms };
}
