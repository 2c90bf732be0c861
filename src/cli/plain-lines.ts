import type { LoopEvent } from '../loop/event.ts';
import type { ProgressEvent } from '../spine/operation.ts';
import type { Output } from './output.ts';
import { oneLine } from './render/format.ts';
import { renderLogLine } from './render/log.ts';
import type { RunView } from './render/run.ts';

/** One line an event, for logs and pipes. What an agent says is left to its log unless --verbose. */
export function createPlainLines(output: Output): RunView {
  const show = (event: LoopEvent): void => {
    const text = lineOf(event, output);
    if (text === null) return;
    if (event.type === 'warning' || event.type === 'question.asked') output.notice(text);
    else output.progress(text);
  };
  return { onEvent: (event: ProgressEvent) => show(event as unknown as LoopEvent), end: () => undefined };
}

/** The line for an event, or null where there is none. */
export function lineOf(event: LoopEvent, output: Output): string | null {
  const { err } = output;
  switch (event.type) {
    case 'run.started':
      return `${err.bold('run')} ${event.run_id} in ${event.workspace} on ${event.branch}: iteration ${event.state.iteration}, ${event.state.expected_actor} is expected`;
    case 'turn.recovered':
      return `${err.yellow('crash')} ${event.actor}'s turn ${event.turn_id} was cut short: ${RECOVERED[event.how]}`;
    case 'router.asked':
      return `${err.dim('route')} asking ${event.agent} with ${event.prompt}`;
    case 'turn.started':
      return `${err.cyan('start')} ${event.actor} iteration ${event.iteration}: ${event.prompt} with ${event.agent}${event.attempt > 1 ? ` (attempt ${event.attempt})` : ''} ${err.dim(`· log ${event.log}`)}`;
    case 'turn.finished':
      return `${err.bold('done ')} ${renderLogLine(event.turn, output, err).trimStart()}`;
    case 'warning':
      return `${err.yellow('warning')} ${event.message}`;
    case 'question.asked':
      return `${err.yellow('asks ')} ${event.actor}: ${oneLine(event.question)}${event.options === null ? '' : ` (${oneLine(event.options.join(' | '))})`} ${err.dim(`· orchestrator answer ${event.turn_id} "…"`)}`;
    case 'run.listening':
      return `listen on ${event.url} for push webhooks`;
    case 'run.waiting':
      return `${err.yellow('wait ')} for ${event.for}${event.until === undefined ? '' : ` until ${event.until}`}`;
    case 'agent.event':
      return output.options.verbose && event.event.type === 'message' ? `${err.dim('│')} ${oneLine(event.event.text, 200)}` : null;
    case 'agent.started':
      return null;
    default:
      return null;
  }
}

const RECOVERED = {
  finished: 'its agent had finished, so the turn was brought to its end',
  run_again: 'it is run again',
  already_done: 'all was done but its closing',
} as const;
