import type { AgentEvent } from './event.ts';

/** Of what a tool was given and what it gave back, so much stands in the log; the events have it whole. Characters. */
const INPUT_LIMIT = 400;
const OUTPUT_LIMIT = 4000;

/** An event as a person reads it in the log; null for one that is of no use there. */
export function logText(event: AgentEvent): string | null {
  switch (event.type) {
    case 'session_started':
      return `[session ${event.session_id ?? 'without an id'}${event.model === undefined ? '' : `, ${event.model}`}]`;
    case 'message':
      return event.text;
    case 'thinking':
      return `(${event.text})`;
    case 'tool_call':
      return `> ${event.name} ${cut(JSON.stringify(event.input) ?? '', INPUT_LIMIT)}`;
    case 'tool_result':
      return indented(cut(event.text.trimEnd(), OUTPUT_LIMIT), event.is_error ? '< failed: ' : '< ');
    case 'usage':
      return null;
    case 'rate_limited':
      return `[usage limit${event.resets_at === undefined ? '' : ` until ${event.resets_at}`}]`;
    case 'permission_requested':
      return `[permission denied: ${event.text}]`;
    case 'question':
      return `? ${event.text}`;
    case 'error':
      return `[error, ${event.class}: ${event.message}]`;
    case 'ended':
      return `[${event.reason}]`;
    case 'raw':
      return event.stream === 'stderr' ? `! ${event.text}` : event.text;
  }
}

const cut = (text: string, limit: number): string => (text.length > limit ? `${text.slice(0, limit)} [${text.length - limit} characters more]` : text);

const indented = (text: string, mark: string): string => mark + text.replaceAll('\n', '\n  ');
