import { execFileSync, spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { systemClock } from '../../src/base/clock.ts';
import { openUnitBook } from '../../src/pool/unit-book.ts';
import { schedule } from '../../src/pool/scheduler.ts';
import type { Schedulable } from '../../src/pool/scheduler.ts';
import { openStore } from '../../src/store/store.ts';
import type { StoredEvent } from '../../src/store/store.ts';
import { aUnit } from '../rig/a-unit.ts';
import { LAUNCHER, env, git, median, repository, residentMb, time } from './world.ts';

/** What the pool costs, by a real daemon, real worktrees and an agent that does next to nothing. */

const CONFIG = 'agent: { default: stub }\nagents:\n  stub: { kind: command, command: ["./agent.sh"] }\nsandbox: off\n';

interface Daemon {
  readonly pid: number;
  readonly url: string;
  readonly token: string;
  stop(): Promise<void>;
}

async function startDaemon(dir: string): Promise<Daemon> {
  const child = spawn(process.execPath, [LAUNCHER, 'daemon', 'start', '--foreground', '--port', '0'], { cwd: dir, env, stdio: 'ignore' });
  const ended = new Promise((resolve) => child.once('close', resolve));
  for (;;) {
    try {
      const { pid, url } = JSON.parse(readFileSync(join(dir, '.orchestrator/daemon.json'), 'utf8')) as { pid: number; url: string };
      if (pid === child.pid) return { pid, url, token: readFileSync(join(dir, '.orchestrator/token'), 'utf8').trim(), stop: async () => void (child.kill('SIGTERM'), await ended) };
    } catch {
      // Not yet.
    }
    if (child.exitCode !== null) throw new Error(`The daemon exited with ${child.exitCode}`);
    await pause(20);
  }
}

function poolRepository(name: string, chunks: number, config = '', agent?: string): string {
  const dir = repository(name);
  writeFileSync(join(dir, 'orchestration.yaml'), CONFIG + config);
  if (agent !== undefined) writeFileSync(join(dir, 'agent.sh'), agent);
  for (let n = 0; n < chunks; n++) {
    mkdirSync(join(dir, 'plans', `c${n}`), { recursive: true });
    writeFileSync(join(dir, 'plans', `c${n}`, 'GOAL.md'), '---\nstatus: IMPLEMENTING\n---\n');
    writeFileSync(join(dir, 'plans', `c${n}`, 'PLAN.md'), `1. Build it.\n   Location: work-${n}.txt\n`);
  }
  git(dir, 'add', '-A');
  git(dir, 'commit', '-q', '-m', 'chunks');
  return dir;
}

const names = (count: number): string[] => Array.from({ length: count }, (_, n) => `c${n}`);

async function events(dir: string): Promise<StoredEvent[]> {
  const store = await openStore(join(dir, '.orchestrator/state.db'), { readonly: true });
  if (!store.ok) return [];
  try {
    return await store.value.events(0, 1_000_000);
  } finally {
    await store.value.close();
  }
}

async function allLanded(dir: string, count: number): Promise<StoredEvent[]> {
  for (;;) {
    const found = await events(dir);
    const last = new Map(found.filter((event) => event.unit !== null && (event.data as { status?: string }).status !== undefined).map((event) => [event.unit, (event.data as { status: string }).status]));
    const stuck = [...last].find(([, status]) => status === 'NEEDS_ATTENTION' || status === 'FAILED');
    if (stuck !== undefined) throw new Error(`${stuck[0]} is ${stuck[1]}`);
    if ([...last.values()].filter((status) => status === 'COMPLETED').length === count) return found;
    await pause(50);
  }
}

/** Its work on one file that is its own. */
const AGENT = '#!/bin/sh\ncat > /dev/null\necho "$ORCHESTRATOR_UNIT" > "$ORCHESTRATOR_UNIT.txt"\n';

/** Plain git doing the same for each task: worktree, work committed, the goal set and committed, merged, all taken away. */
const FLOOR = `#!/bin/sh
set -e
n=0
while [ $n -lt "$1" ]; do
  git worktree add -q -b "task/c$n" "../wt-$$-$n" main
  (cd "../wt-$$-$n"; ORCHESTRATOR_UNIT="c$n" ./agent.sh < prompts/main.md; git add -A; git commit -q -m work; sed -i s/IMPLEMENTING/ACTIVE/ "plans/c$n/GOAL.md"; git add -A; git commit -q -m done)
  git merge -q --no-ff -m "merge $n" "task/c$n"
  git worktree remove "../wt-$$-$n"
  git branch -q -d "task/c$n"
  n=$((n + 1))
done
`;

/** Milliseconds for each unit, ours one after another and four at once, and plain git's; and of each dispatch from what allowed it. */
export async function unitCost(count: number, rounds: number) {
  const one: number[] = [];
  const four: number[] = [];
  const floor: number[] = [];
  const decisions: number[] = [];
  for (let round = 0; round < rounds; round++) {
    for (const [agents, into] of [[1, one], [4, four]] as const) {
      const dir = poolRepository(`pool-${agents}-${round}`, count, `pool: { max_agents: ${agents} }\n`, AGENT);
      const daemon = await startDaemon(dir);
      execFileSync(process.execPath, [LAUNCHER, 'inject', ...names(count)], { cwd: dir, env, stdio: 'ignore' });
      const found = await allLanded(dir, count);
      await daemon.stop();
      const assigned = found.filter((event) => (event.data as { event?: string }).event === 'assign');
      into.push((Date.parse(found.filter((event) => (event.data as { event?: string }).event === 'complete').at(-1)?.at ?? '') - Date.parse(assigned[0]?.at ?? '')) / count);
      if (agents === 1) decisions.push(...dispatchTimes(found));
    }
    const plain = poolRepository(`plain-${round}`, count, '', AGENT);
    writeFileSync(join(plain, 'loop.sh'), FLOOR);
    floor.push((await time(['sh', 'loop.sh', String(count)], plain)) / count);
  }
  return { one, four, floor, ratios: one.map((value, index) => value / (floor[index] ?? NaN)), decisions };
}

/** From the event that frees the only slot to the next assignment's. */
function dispatchTimes(found: readonly StoredEvent[]): number[] {
  return found.flatMap((event, index) => {
    const data = event.data as { event?: string; phase?: string };
    if (data.event !== 'advance' || data.phase !== 'MERGE') return [];
    const next = found.slice(index).find((later) => (later.data as { event?: string }).event === 'assign');
    return next === undefined ? [] : [Date.parse(next.at) - Date.parse(event.at)];
  });
}

/** With so many units in the store: a scheduling decision, one more injected, and `ps`. Milliseconds. */
export async function manyUnits(count: number, rounds: number) {
  const units: Schedulable[] = Array.from({ length: count }, (_, n) => ({ chunk: `u${n}`, status: 'READY', phase: null, priority: n % 7, claim: false, depends_on: n % 3 === 0 && n > 0 ? [`u${n - 1}`] : null, agent: { name: 'stub', kind: 'command' }, waits: [], created: n, not_before: null }));
  const decide = Array.from({ length: rounds * 5 }, () => {
    const began = performance.now();
    schedule({ units, isDone: () => false, exclusion: { against: () => [], asks: () => false }, slots: { total: 4, of: {}, paused: {} }, now: count });
    return performance.now() - began;
  });
  const dir = poolRepository('many', rounds, 'pool: { max_agents: 1 }\n', '#!/bin/sh\ncat > /dev/null\nsleep 1000\n');
  mkdirSync(join(dir, '.orchestrator'), { recursive: true });
  const store = await openStore(join(dir, '.orchestrator/state.db'));
  if (!store.ok) throw new Error(store.failure.message);
  const book = await openUnitBook(store.value, systemClock);
  const ended = Array.from({ length: count }, (_, n) => aUnit({ chunk: `old-${n}`, status: n % 100 === 0 ? 'BLOCKED' : 'COMPLETED', waits: n % 100 === 0 ? [{ on: 'operator', chunk: null }] : [], merged_as: 'x' }));
  for (let at = 0; at < count; at += 1000) await book.insert(ended.slice(at, at + 1000));
  await store.value.close();
  const daemon = await startDaemon(dir);
  const injected: number[] = [];
  try {
    for (let n = 0; n < rounds; n++) {
      const began = performance.now();
      const answer = await fetch(`${daemon.url}/api/v1/pool/unit/inject`, { method: 'POST', headers: { authorization: `Bearer ${daemon.token}`, 'content-type': 'application/json' }, body: JSON.stringify({ chunks: [`c${n}`] }) });
      if (!answer.ok) throw new Error(await answer.text());
      await answer.text();
      injected.push(performance.now() - began);
    }
    const bare: number[] = [];
    const ps: number[] = [];
    for (let n = 0; n < rounds; n++) {
      bare.push(await time([process.execPath, '-e', '0'], dir));
      ps.push(await time([process.execPath, LAUNCHER, 'ps'], dir));
    }
    // What injecting asks of git: the target's tip, its chunks, their blobs, the checkout's status.
    const gitCalls: number[] = [];
    for (let n = 0; n < rounds; n++) gitCalls.push(await time(['sh', '-c', 'git rev-parse --verify -q refs/heads/main; git ls-tree -r -z HEAD -- plans/ > /dev/null; git status --porcelain -z --untracked-files=all -- plans/; git cat-file blob HEAD:plans/c0/GOAL.md; git cat-file blob HEAD:plans/c0/PLAN.md'], dir));
    return { decide: median(decide), inject: median(injected), git_calls: median(gitCalls), ps: median(ps), node: median(bare) };
  } finally {
    await daemon.stop();
  }
}

/** Fifty agents that write 20 lines a second each: what the daemon takes, how long a line is on its way, and what it takes when nothing happens. */
export async function fiftyAgents(agents: number, seconds: number) {
  const lines = Math.ceil((seconds + 20) * 20);
  const dir = poolRepository('fifty', agents, `pool: { max_agents: ${agents} }\n`, `#!/usr/bin/env node\nlet n = 0;\nconst timer = setInterval(() => { process.stdout.write('at ' + Date.now() + '\\n'); if (++n === ${lines}) clearInterval(timer); }, 50);\n`);
  const daemon = await startDaemon(dir);
  const cpu = (): number => {
    const fields = readFileSync(`/proc/${daemon.pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    return (Number(fields[11]) + Number(fields[12])) / 100;
  };
  const share = async (during: number): Promise<number> => {
    const before = cpu();
    await pause(during * 1000);
    return (cpu() - before) / during;
  };
  try {
    await pause(1500);
    const idle = await share(seconds);
    const socket = new WebSocket(`${daemon.url.replace('http', 'ws')}/ws?tail=*`, { headers: { authorization: `Bearer ${daemon.token}` } });
    const delays: number[] = [];
    socket.on('message', (text: Buffer) => {
      const frame = JSON.parse(text.toString()) as { type: string; data?: { text?: string } };
      const sent = frame.type === 'unit.output' ? /^at (\d+)$/.exec(frame.data?.text ?? '')?.[1] : undefined;
      if (sent !== undefined) delays.push(Date.now() - Number(sent));
    });
    execFileSync(process.execPath, [LAUNCHER, 'inject', ...names(agents)], { cwd: dir, env, stdio: 'ignore' });
    while ((await events(dir)).filter((event) => event.type === 'attempt.started').length < agents) await pause(100);
    await pause(2000);
    delays.length = 0;
    const first = residentMb(daemon.pid, 'VmRSS');
    const busy = await share(seconds);
    const sorted = delays.toSorted((a, b) => a - b);
    socket.close();
    return { idle, busy, p95: sorted[Math.floor(sorted.length * 0.95)] ?? NaN, lines_per_s: sorted.length / seconds, rss: [first, residentMb(daemon.pid, 'VmRSS')] };
  } finally {
    await daemon.stop();
    rmSync(dir, { recursive: true, force: true });
  }
}
