import { createLogUpdate } from 'log-update';
import type { AgentEvent } from '../agents/contract.ts';
import { showDuration } from '../base/duration.ts';
import type { LoopEvent } from '../loop/event.ts';
import type { ProgressEvent } from '../spine/operation.ts';
import type { Output } from './output.ts';
import { lineOf } from './plain-lines.ts';
import { oneLine, usageText } from './render/format.ts';
import type { RunView } from './render/run.ts';

/** How many of the agent's last lines are shown. */
const TAIL = 6;
const REDRAW_MS = 100;
const SPINNER = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

interface Spent {
  readonly input_tokens: number;
  readonly output_tokens: number;
  readonly cost_usd: number | null;
}

interface Picture {
  turn: Extract<LoopEvent, { type: 'turn.started' }> | null;
  since: number;
  /** Of the turn in flight. */
  usage: Spent;
  /** Of the turns of this run that are finished. */
  before: Spent;
  tail: string[];
  waiting: { for: string; until?: string | undefined; since: number } | null;
}

/**
 * The live view of a run on a terminal: who is at work, on what, for how long, tokens and cost, the agent's last lines;
 * above it one line for each finished turn. Redrawn at most ten times a second, however much the agent says.
 */
export function createLiveView(output: Output): RunView {
  const draw = createLogUpdate(process.stderr, { showCursor: true });
  const picture: Picture = { turn: null, since: 0, usage: nothing(), before: nothing(), tail: [], waiting: null };
  let frame = 0;
  const redraw = (): void => draw(paint(picture, output, frame++));
  const timer = setInterval(redraw, REDRAW_MS);
  timer.unref();
  const above = (text: string): void => {
    draw.clear();
    process.stderr.write(`${text}\n`);
    redraw();
  };
  const onEvent = (progress: ProgressEvent): void => {
    const event = progress as unknown as LoopEvent;
    follow(picture, event);
    if (event.type === 'agent.event' || event.type === 'agent.started' || event.type === 'turn.started' || event.type === 'run.waiting') return;
    const text = lineOf(event, output);
    if (text !== null) above(text);
  };
  return {
    onEvent,
    end() {
      clearInterval(timer);
      draw.clear();
      draw.done();
    },
  };
}

const sum = (a: Spent, b: Spent): Spent => ({
  input_tokens: a.input_tokens + b.input_tokens,
  output_tokens: a.output_tokens + b.output_tokens,
  cost_usd: a.cost_usd === null && b.cost_usd === null ? null : (a.cost_usd ?? 0) + (b.cost_usd ?? 0),
});

const nothing = (): Spent => ({ input_tokens: 0, output_tokens: 0, cost_usd: null });

function follow(picture: Picture, event: LoopEvent): void {
  if (event.type === 'turn.started') Object.assign(picture, { turn: event, since: performance.now(), usage: nothing(), tail: [], waiting: null });
  else if (event.type === 'turn.finished') Object.assign(picture, { turn: null, waiting: null, before: sum(picture.before, event.turn.usage), usage: nothing() });
  else if (event.type === 'agent.started') picture.waiting = null;
  else if (event.type === 'run.waiting') picture.waiting = { for: event.for, until: event.until, since: performance.now() };
  else if (event.type === 'router.asked') picture.waiting = { for: `the router (${event.prompt} with ${event.agent})`, since: performance.now() };
  else if (event.type === 'agent.event') {
    if (event.event.type === 'usage') picture.usage = event.event;
    const text = wordsOf(event.event);
    if (text !== null) picture.tail = [...picture.tail, ...text.split('\n').filter((line) => line.trim() !== '').slice(-TAIL)].slice(-TAIL);
  }
}

/** What of an event is shown in the tail. */
function wordsOf(event: AgentEvent): string | null {
  switch (event.type) {
    case 'message':
    case 'raw':
      return event.text;
    case 'thinking':
      return `(${event.text})`;
    case 'tool_call':
      return `→ ${event.name} ${JSON.stringify(event.input) ?? ''}`;
    case 'tool_result':
      return `← ${event.is_error ? 'error: ' : ''}${event.text.split('\n')[0] ?? ''}`;
    case 'error':
      return `error (${event.class}): ${event.message}`;
    default:
      return null;
  }
}

function paint(picture: Picture, output: Output, frame: number): string {
  const { err } = output;
  const width = Math.max(20, (process.stderr.columns ?? 80) - 1);
  const spin = SPINNER[frame % SPINNER.length] ?? '';
  const { turn, waiting } = picture;
  if (waiting !== null) {
    return `${err.yellow(spin)} waiting for ${oneLine(waiting.for, width - 30)} · ${showDuration(performance.now() - waiting.since)}${waiting.until === undefined ? '' : ` · until ${waiting.until}`}`;
  }
  if (turn === null) return '';
  const spent = usageText(sum(picture.before, picture.usage));
  const head = `${turn.actor} · iteration ${turn.iteration} · ${turn.prompt} with ${turn.agent} · ${showDuration(performance.now() - picture.since)}${spent === '' ? '' : ` · ${spent} so far`}`;
  const tail = picture.tail.map((line) => err.dim(`  │ ${oneLine(line, width - 4)}`));
  return [`${err.cyan(spin)} ${err.bold(oneLine(head, width - 2))}`, ...tail].join('\n');
}
