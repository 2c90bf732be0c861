/**
 * A real agent program that plays a script instead of asking a model: for demos, tests and bug reports. Its output is
 * the common event vocabulary, one JSON a line. Started as `node player.ts <script.yaml>` in the workspace.
 */
import { spawn } from 'node:child_process';
import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync, writeSync } from 'node:fs';
import { basename, dirname, isAbsolute, relative, resolve, sep } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { ToolServer } from '../contract.ts';
import type { AgentEvent } from '../event.ts';
import { parseScript, turnFor } from './script.ts';
import type { Step, TurnNames } from './script.ts';

const workspace = process.cwd();
const environment = process.env;

function tell(event: AgentEvent): void {
  write(`${JSON.stringify(event)}\n`);
}

/** Whole, even where the pipe is full. */
function write(text: string): void {
  const bytes = Buffer.from(text);
  for (let at = 0; at < bytes.length; ) {
    try {
      at += writeSync(1, bytes, at);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
    }
  }
}

class Stop extends Error {
  readonly code: number;
  constructor(code: number, why: string) {
    super(why);
    this.code = code;
  }
}

/** A path of the script inside the workspace. */
function inside(path: string): string {
  const full = resolve(workspace, path);
  const from = relative(workspace, full);
  if (from === '..' || from.startsWith(`..${sep}`) || isAbsolute(from)) throw new Stop(1, `${path} lies outside the workspace`);
  mkdirSync(dirname(full), { recursive: true });
  return full;
}

async function run(argv: readonly string[]): Promise<{ code: number | null; output: string }> {
  const child = spawn(argv[0] ?? '', argv.slice(1), { cwd: workspace, stdio: ['ignore', 'pipe', 'pipe'] });
  const pieces: Buffer[] = [];
  child.stdout.on('data', (data: Buffer) => pieces.push(data));
  child.stderr.on('data', (data: Buffer) => pieces.push(data));
  const code = await new Promise<number | null>((done, failed) => {
    child.once('error', failed);
    child.once('close', done);
  });
  return { code, output: Buffer.concat(pieces).toString('utf8') };
}

let prompt = '';
let final: string | undefined;
let calls = 0;

async function play(step: Step): Promise<void> {
  if ('say' in step) tell({ type: 'message', text: step.say });
  else if ('think' in step) tell({ type: 'thinking', text: step.think });
  else if ('write' in step) writeFileSync(inside(step.write.path), step.write.content);
  else if ('append' in step) appendFileSync(inside(step.append.path), step.append.content);
  else if ('replace' in step) replace(step.replace);
  else if ('delete' in step) rmSync(inside(step.delete), { recursive: true, force: true });
  else if ('move' in step) renameSync(inside(step.move.from), inside(step.move.to));
  else if ('chmod' in step) chmodSync(inside(step.chmod.path), typeof step.chmod.mode === 'number' ? step.chmod.mode : Number.parseInt(step.chmod.mode, 8));
  else if ('link' in step) symlinkSync(step.link.to, inside(step.link.path));
  else if ('run' in step) await playRun('argv' in step.run ? step.run : { argv: step.run });
  else if ('spawn' in step) spawn(step.spawn[0] ?? '', step.spawn.slice(1), { cwd: workspace, stdio: ['ignore', 'inherit', 'inherit'] }).unref();
  else if ('sleep' in step) await pause(step.sleep);
  else if ('wait_for' in step) while (!existsSync(inside(step.wait_for))) await pause(20);
  else if ('usage' in step) tell({ type: 'usage', ...step.usage });
  else if ('outcome' in step) writeFileSync(named('ORCHESTRATOR_OUTCOME'), JSON.stringify(step.outcome));
  else if ('state' in step) mergeState(step.state);
  else if ('answer' in step) final = step.answer;
  else if ('call' in step) await callTool(step.call);
  else if ('prompt' in step) writeFileSync(inside(step.prompt), prompt);
  else if ('limit' in step) reachLimit(step.limit);
  else if ('output' in step) outputBytes(step.output.bytes);
  else if ('ignore_signals' in step) for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
  else if ('exit' in step) throw new Stop(step.exit, '');
  else if ('kill' in step) {
    process.kill(process.pid, step.kill);
    await pause(60_000);
  }
}

async function playRun({ argv, exit }: { argv: readonly string[]; exit?: number | undefined }): Promise<void> {
  const id = `call_${++calls}`;
  tell({ type: 'tool_call', id, name: 'run', input: { argv } });
  const { code, output } = await run(argv);
  tell({ type: 'tool_result', id, is_error: code !== 0, text: output.slice(-20_000) });
  if (exit !== undefined && code !== exit) throw new Stop(1, `${argv.join(' ')} exited with ${code}, the script expects ${exit}`);
}

function replace({ path, find, with: by }: { path: string; find: string; with: string }): void {
  const file = inside(path);
  const text = readFileSync(file, 'utf8');
  if (!text.includes(find)) throw new Stop(1, `${path} does not hold ${JSON.stringify(find)}`);
  writeFileSync(file, text.replace(find, () => by));
  tell({ type: 'tool_call', id: `call_${++calls}`, name: 'edit', input: { path, find, with: by } });
}

function mergeState(fields: Record<string, unknown>): void {
  const file = named('ORCHESTRATOR_STATE');
  const before: unknown = existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : {};
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify({ ...(before as object), ...fields }, null, 2)}\n`);
}

async function callTool({ tool, input, into, goes_on }: { tool: string; input: Record<string, unknown>; into?: string | undefined; goes_on: boolean }): Promise<void> {
  const { callMcpTool } = await import('../mcp-client.ts');
  const id = `call_${++calls}`;
  tell({ type: 'tool_call', id, name: tool, input });
  const { text, is_error } = await callMcpTool(JSON.parse(named('SCRIPTED_TOOLS')) as ToolServer, environment, tool, input);
  tell({ type: 'tool_result', id, is_error, text });
  if (into !== undefined) writeFileSync(inside(into), text);
  const said: unknown = JSON.parse(text);
  if (!goes_on && typeof said === 'object' && said !== null && 'suspended' in said && said.suspended === true) throw new Stop(0, '');
}

function reachLimit(ms: number | null): never {
  tell({ type: 'rate_limited', ...(ms === null ? {} : { resets_at: new Date(Date.now() + ms).toISOString() }) });
  tell({ type: 'error', class: 'rate_limit', message: 'usage limit reached' });
  tell({ type: 'ended', reason: 'failed' });
  throw new Stop(1, '');
}

function outputBytes(bytes: number): void {
  const piece = 'x'.repeat(1 << 16);
  for (let left = bytes; left > 0; left -= piece.length) write(piece.slice(0, Math.min(left, piece.length)));
  write('\n');
}

function named(variable: string): string {
  const value = environment[variable];
  if (value === undefined) throw new Stop(1, `${variable} is not set: a scripted agent is started by the orchestrator`);
  return value;
}

async function main(): Promise<number> {
  const file = process.argv[2];
  if (file === undefined || !existsSync(file)) throw new Stop(1, `There is no script ${file ?? ''}`);
  // Read to its end, as any agent does with its prompt.
  prompt = readFileSync(0, 'utf8');
  const parsed = parseScript(readFileSync(file, 'utf8'), file);
  if (!parsed.ok) throw new Stop(1, parsed.failure.message);
  const names: TurnNames = {
    actor: named('ORCHESTRATOR_ACTOR'),
    prompt: basename(named('ORCHESTRATOR_PROMPT')),
    iteration: Number(named('ORCHESTRATOR_ITERATION')),
    attempt: Number(environment['ORCHESTRATOR_ATTEMPT'] ?? '1'),
    resumed: environment['SCRIPTED_SESSION'] !== undefined,
  };
  tell({ type: 'session_started', session_id: environment['SCRIPTED_SESSION'] ?? `scripted-${environment['ORCHESTRATOR_TURN_ID'] ?? process.pid}` });
  const turn = turnFor(parsed.value, names);
  if (turn === undefined) throw new Stop(1, `The script ${file} has no entry for ${names.actor} with ${names.prompt} in iteration ${names.iteration}, attempt ${names.attempt}`);
  for (const step of turn.steps) await play(filledIn(step, names));
  tell({ type: 'ended', reason: 'completed', ...(final === undefined ? {} : { final }) });
  return 0;
}

/** `{{actor}}`, `{{iteration}}`, `{{attempt}}`, `{{prompt}}` in every text of a step. */
function filledIn<T>(value: T, names: TurnNames): T {
  const text = JSON.stringify(value).replaceAll(/\{\{(actor|iteration|attempt|prompt)\}\}/g, (_whole, name: keyof TurnNames) => String(names[name]));
  return JSON.parse(text) as T;
}

try {
  process.exitCode = await main();
} catch (error) {
  process.exitCode = error instanceof Stop ? error.code : 1;
  const why = error instanceof Error ? error.message : String(error);
  if (why !== '') process.stderr.write(`${why}\n`);
  if (process.exitCode !== 0 && why !== '') tell({ type: 'error', class: 'crash', message: why });
  if (process.exitCode === 0) tell({ type: 'ended', reason: 'completed', ...(final === undefined ? {} : { final }) });
}
process.exit();
