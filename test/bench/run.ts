/**
 * Measures what a turn costs, against plain git doing the same commits around the same agent and against a peer from
 * the npm registry, all in one run and in alternation, since machines are noisy. Prints a table and writes
 * `bench-results/<UTC>.json`. Not a test: nothing here passes or fails.
 *
 *   npm run bench              everything
 *   npm run bench -- quick     fewer rounds
 *   npm run bench -- turn      a turn's cost alone (also: start, long, line, hand-off, parse, ws, pool, peer)
 */
import { spawn } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { handOffCost, waiting } from './hand-off.ts';
import { parseCost, parseMemory } from './transcripts.ts';
import { pushCost } from './ws.ts';
import { PEER, RESULTS, parallelPeerCost, peerCost } from './peer.ts';
import { fiftyAgents, manyUnits, unitCost } from './pool.ts';
import { LAUNCHER, PROJECT, env, git, median, repository, residentMb, scratch, time } from './world.ts';

const quick = process.argv.includes('quick');
const PARTS = ['start', 'turn', 'long', 'line', 'hand-off', 'parse', 'ws', 'pool', 'peer'];
const chosen = PARTS.filter((part) => process.argv.includes(part));
const wanted = (part: string): boolean => chosen.length === 0 || chosen.includes(part);

interface Row {
  readonly what: string;
  readonly value: string;
  readonly target: string;
}
const rows: Row[] = [];
const numbers: Record<string, unknown> = {};
const report = (what: string, value: string, target = ''): void => void rows.push({ what, value, target });

const ms = (value: number): string => `${value.toFixed(1)} ms`;

/** What plain git does for the same history: the work committed, then a state file committed, around the same agent. */
const FLOOR = `#!/bin/sh
set -e
n=0
while [ $n -lt "$1" ]; do
  ./agent.sh < prompts/main.md
  git add -A
  git commit -q -m "work $n"
  echo "{\\"turn\\": $n}" > sync/state.json
  git add sync/state.json
  git commit -q -m "state $n"
  n=$((n + 1))
done
`;

/** Cost of one turn, start-up taken out: (time of many turns - time of few) / difference. */
async function turnCost(): Promise<void> {
  const [few, many, rounds] = quick ? [10, 40, 3] : [20, 100, 5];
  const ours: number[] = [];
  const floor: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const mine = repository(`ours-${round}`);
    const plain = repository(`floor-${round}`);
    writeFileSync(join(plain, 'loop.sh'), FLOOR);
    const run = (turns: number): Promise<number> => time([process.execPath, LAUNCHER, 'run', '--quiet', '--iterations', String(turns / 2)], mine);
    const loop = (turns: number): Promise<number> => time(['sh', 'loop.sh', String(turns)], plain);
    await run(2);
    const times = { mineFew: await run(few), plainFew: await loop(few), mineMany: await run(many), plainMany: await loop(many) };
    ours.push((times.mineMany - times.mineFew) / (many - few));
    floor.push((times.plainMany - times.plainFew) / (many - few));
  }
  const ratios = ours.map((value, index) => value / (floor[index] ?? NaN));
  numbers['turn'] = { ours_ms: ours, floor_ms: floor, ratios };
  report('a combined turn with its two commits', ms(median(ours)));
  report('the same by plain git', ms(median(floor)));
  report('ratio', median(ratios).toFixed(2), '<= 1.2, aim < 1.0');
}

/** 1,000 turns: is the last hundred as fast as the first, does memory stay flat? */
async function longRun(): Promise<void> {
  const turns = quick ? 200 : 1000;
  const dir = repository('long');
  const child = spawn(process.execPath, [LAUNCHER, 'run', '--json', '--iterations', String(turns / 2)], { cwd: dir, env, stdio: ['ignore', 'pipe', 'inherit'] });
  const ends: number[] = [];
  const memory: number[] = [];
  let rest = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    const lines = (rest + text).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      if (!line.includes('"turn.finished"')) continue;
      ends.push(performance.now());
      if (ends.length % 50 === 0) memory.push(residentMb(child.pid ?? 0, 'VmRSS'));
    }
  });
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  if (code !== 0) throw new Error(`The long run exited with ${code}`);
  const gaps = ends.slice(1).map((end, index) => end - (ends[index] ?? 0));
  const window = Math.floor(gaps.length / 10);
  const first = median(gaps.slice(5, 5 + window));
  const last = median(gaps.slice(-window));
  numbers['long'] = { turns: ends.length, first_ms: first, last_ms: last, rss_mb: memory };
  report(`turn at the beginning of ${ends.length}`, ms(first));
  report(`turn at their end`, ms(last));
  report('ratio', (last / first).toFixed(2), 'about 1');
  report('memory after the first tenth, at the end', `${memory[Math.floor(memory.length / 10)] ?? '?'} MB, ${memory.at(-1) ?? '?'} MB`, 'flat');
}

async function startUp(): Promise<void> {
  const rounds = quick ? 7 : 21;
  const version: number[] = [];
  const empty: number[] = [];
  for (let round = 0; round < rounds; round++) {
    version.push(await time([process.execPath, LAUNCHER, '--version'], PROJECT));
    empty.push(await time([process.execPath, '-e', '0'], PROJECT));
  }
  numbers['version'] = { version_ms: version, node_ms: empty };
  report('--version above node -e 0', ms(median(version) - median(empty)), '<= 40 ms');
  const dir = repository('status');
  const status: number[] = [];
  for (let round = 0; round < rounds; round++) status.push(await time([process.execPath, LAUNCHER, 'status'], dir));
  numbers['status'] = { status_ms: status };
  report('status', ms(median(status)));
}

/** 300 MB of output on one line. */
async function bigLine(): Promise<void> {
  const dir = repository('big');
  writeFileSync(join(dir, 'agent.sh'), '#!/bin/sh\ncat > /dev/null\nhead -c 314572800 /dev/zero | tr "\\0" x\necho x >> work.txt\n');
  git(dir, 'commit', '-q', '-am', 'loud agent');
  const began = performance.now();
  const child = spawn(process.execPath, [LAUNCHER, 'run', '--once', '--quiet'], { cwd: dir, env, stdio: ['ignore', 'ignore', 'inherit'] });
  let peak = 0;
  const timer = setInterval(() => {
    const now = residentMb(child.pid ?? 0, 'VmHWM');
    if (now > peak) peak = now;
  }, 20);
  const code = await new Promise<number | null>((resolve) => child.once('close', resolve));
  clearInterval(timer);
  numbers['big_line'] = { exit: code, peak_mb: peak, ms: performance.now() - began };
  report('peak memory for 300 MB on one line', `${peak} MB (exit ${code}, ${((performance.now() - began) / 1000).toFixed(1)} s)`, '< 200 MB');
}

async function handOff(): Promise<void> {
  const { ours_ms, floor_ms } = await handOffCost(quick ? 20 : 60, quick ? 2 : 5);
  const ratios = ours_ms.map((value, index) => value / (floor_ms[index] ?? NaN));
  numbers['hand_off'] = { ours_ms, floor_ms, ratios };
  report("from one agent's end to the peer's agent start", ms(median(ours_ms)));
  report('the same git commands one after another', ms(median(floor_ms)));
  report('ratio', median(ratios).toFixed(2), '<= 1.6');
  const late = await handOffCost(quick ? 20 : 40, quick ? 1 : 3, 10_000);
  numbers['hand_off_late'] = late;
  report('the same after 10,000 turns of history', ms(median(late.ours_ms)));
  report('ratio to plain git there', median(late.ours_ms.map((value, index) => value / (late.floor_ms[index] ?? NaN))).toFixed(2), 'as above');
  const idle = await waiting(quick ? 10 : 30);
  numbers['waiting'] = idle;
  report('a runner that waits, children included', `${(idle.cores * 100).toFixed(2)} % of a core`, '< 1 %');
  report('questions to the remote a second (one each 2 s)', idle.asked_per_s.toFixed(2), '0.5');
}

async function transcripts(): Promise<void> {
  const costs = await parseCost(quick ? 5 : 15);
  for (const [kind, { ratio }] of Object.entries(costs)) report(`a transcript of ${kind}, read and checked, against JSON.parse`, ratio.toFixed(2), '<= 3');
  const marks = await parseMemory(quick ? 100_000_000 : 1_000_000_000);
  numbers['transcripts'] = { costs, rss_mb: marks };
  report('memory after a tenth and at the end of a transcript of 1 GB', `${marks[0] ?? '?'} MB, ${marks.at(-1) ?? '?'} MB`, 'flat');
}

async function push(): Promise<void> {
  const cost = await pushCost(quick ? 5 : 20);
  numbers['push'] = cost;
  report(`a line of 50 agents (${cost.frames_per_s.toFixed(0)} a second) until a reader has it, p95`, ms(cost.p95_ms), '< 50 ms');
  report('the daemon meanwhile, with 4 readers', `${(cost.busy * 100).toFixed(1)} % of a core`);
  report('its memory', `${cost.rss_mb} MB`);
  report('the daemon while nothing happens', `${(cost.idle * 100).toFixed(2)} % of a core`, '< 1 %');
}

async function pool(): Promise<void> {
  const cost = await unitCost(quick ? 5 : 10, quick ? 1 : 3);
  report('a unit of the pool beyond its agent, one after another', ms(median(cost.one)));
  report('the same, four at once', ms(median(cost.four)));
  report('plain git doing the same', ms(median(cost.floor)));
  report('ratio', median(cost.ratios).toFixed(2), '<= 2');
  report('from what allows a dispatch to its decision', ms(median(cost.decisions)), '< 10 ms');
  const many = await manyUnits(quick ? 2000 : 10_000, quick ? 5 : 15);
  report('a scheduling decision among 10,000 units', ms(many.decide), '< 5 ms');
  report('one more injected, and its git calls alone', `${ms(many.inject)}, ${ms(many.git_calls)}`, '< 10 ms more');
  report('ps, and node -e 0 alone', `${ms(many.ps)}, ${ms(many.node)}`, '< 150 ms');
  const fifty = await fiftyAgents(50, quick ? 5 : 15);
  report('50 agents with 20 lines a second each: daemon', `${(fifty.busy * 100).toFixed(1)} % of a core`, '< 50 %');
  report('a line on its way, p95', ms(fifty.p95), '< 50 ms');
  report('memory at the beginning and the end', `${fifty.rss[0]} MB, ${fifty.rss[1]} MB`, 'flat');
  report('a daemon with nothing to do', `${(fifty.idle * 100).toFixed(2)} % of a core`, '< 1 %');
  numbers['pool'] = { cost, many, fifty };
  const theirs = await parallelPeerCost(10);
  numbers['parallel_peer'] = { package: PEER, ...theirs };
  report(`${PEER} --parallel on ten tasks`, `${ms(theirs.ms)}, ${theirs.landed} landed`);
  report('ours on ten, four at once', ms(median(cost.four) * 10), 'faster, all landed');
}

async function peer(): Promise<void> {
  const each = await peerCost(quick ? 1 : 3);
  numbers['peer'] = { package: PEER, ms_per_task: each };
  report(`${PEER}, one task (its agent commits once, no state)`, ms(each));
}

try {
  if (wanted('start')) await startUp();
  if (wanted('turn')) await turnCost();
  if (wanted('long')) await longRun();
  if (wanted('line')) await bigLine();
  if (wanted('hand-off')) await handOff();
  if (wanted('parse')) await transcripts();
  if (wanted('ws')) await push();
  if (wanted('pool')) await pool();
  if (wanted('peer')) await peer().catch((error: unknown) => report(PEER, `could not be measured: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
const width = Math.max(...rows.map((row) => row.what.length));
for (const row of rows) process.stdout.write(`${row.what.padEnd(width)}  ${row.value.padStart(22)}  ${row.target}\n`);
mkdirSync(RESULTS, { recursive: true });
const file = join(RESULTS, `${new Date().toISOString().replaceAll(/[:.]/g, '')}.json`);
writeFileSync(file, `${JSON.stringify({ node: process.version, at: new Date().toISOString(), numbers, rows }, null, 2)}\n`);
process.stdout.write(`\n${file}\n`);
