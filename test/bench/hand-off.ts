import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

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

const median = (values: readonly number[]): number => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? NaN;

/** Milliseconds between each end and the start that follows it. */
function gaps(file: string): number[] {
  const times = readFileSync(file, 'utf8').trim().split('\n').map((line) => line.split(' '));
  return times.flatMap(([what, at], index) => {
    const before = times[index - 1];
    return what === 'start' && before?.[0] === 'end' ? [Number(BigInt(at ?? 0) - BigInt(before[1] ?? 0)) / 1e6] : [];
  });
}

function world(root: string, env: Record<string, string>): Record<string, string> {
  mkdirSync(root);
  const mine = { ...env, HOME: root };
  const git = (cwd: string, ...args: string[]): void => void execFileSync('git', args, { cwd, env: mine, stdio: 'ignore' });
  git(root, 'init', '-q', '--bare', '-b', 'main', 'remote.git');
  git(root, 'clone', '-q', 'remote.git', 'a');
  const dir = join(root, 'a');
  mkdirSync(join(dir, 'prompts'));
  mkdirSync(join(dir, 'sync'));
  git(dir, 'checkout', '-q', '-B', 'main');
  writeFileSync(join(dir, 'agent.sh'), AGENT);
  chmodSync(join(dir, 'agent.sh'), 0o755);
  for (const prompt of ['supervisor.md', 'main.md']) writeFileSync(join(dir, 'prompts', prompt), '# Do your part\n');
  writeFileSync(join(dir, '.gitignore'), '/logs/\n/tmp/\n/.orchestrator/\n');
  writeFileSync(join(dir, 'orchestration.yaml'), 'agent: { default: stub }\nagents:\n  stub: { kind: command, command: ["./agent.sh"] }\n');
  writeFileSync(join(dir, 'sync/state.json'), '{}\n');
  git(dir, 'add', '-A');
  git(dir, 'commit', '-q', '-m', 'start');
  git(dir, 'push', '-q', 'origin', 'main');
  git(root, 'clone', '-q', 'remote.git', 'b');
  return mine;
}

export interface HandOffCost {
  readonly ours_ms: number[];
  readonly floor_ms: number[];
}

/** Median milliseconds of each round. */
export async function handOffCost(scratch: string, env: Record<string, string>, launcher: string, turns: number, rounds: number): Promise<HandOffCost> {
  const ours_ms: number[] = [];
  const floor_ms: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const root = join(scratch, `hand-off-${round}`);
    const mine = world(root, env);
    const run = (dir: string, role: string): Promise<number | null> =>
      new Promise((resolve) => spawn(process.execPath, [launcher, 'run', '--role', role, '--iterations', String(turns / 2), '--quiet'], { cwd: join(root, dir), env: mine, stdio: 'ignore' }).once('close', resolve));
    const codes = await Promise.all([run('a', 'galph'), run('b', 'ralph')]);
    if (codes.some((code) => code !== 0)) throw new Error(`The roles exited with ${codes.join(' and ')}`);
    ours_ms.push(median(gaps(join(root, 'times'))));
    const plain = join(scratch, `hand-off-floor-${round}`);
    const theirs = world(plain, env);
    writeFileSync(join(plain, 'loop.sh'), FLOOR);
    execFileSync('sh', ['loop.sh', String(turns)], { cwd: plain, env: theirs, stdio: 'ignore' });
    floor_ms.push(median(gaps(join(plain, 'times'))));
  }
  return { ours_ms, floor_ms };
}
