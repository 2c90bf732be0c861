import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { jsonObject, rawLine } from '../adapter.ts';
import type { AgentAdapter } from '../adapter.ts';
import { AgentEvent } from '../event.ts';

/** The player stands beside this file: as source in a checkout, as JavaScript once built. */
function playerPath(): string {
  const source = fileURLToPath(new URL('player.ts', import.meta.url));
  return existsSync(source) ? source : fileURLToPath(new URL('player.js', import.meta.url));
}

/** Plays a YAML script; its output is the event vocabulary itself. */
export const scriptedAdapter: AgentAdapter = {
  kind: 'scripted',
  structured: true,
  resumes: true,
  takes_tools: true,
  state: () => [],
  command: ({ agent, resume, tools }) => ({
    argv: [process.execPath, playerPath(), agent.script ?? 'script.yaml', ...agent.args],
    env: { ...(resume === undefined ? {} : { SCRIPTED_SESSION: resume.session_id }), ...(tools === undefined ? {} : { SCRIPTED_TOOLS: JSON.stringify(tools) }) },
  }),
  parser: () => ({
    line(text) {
      const object = jsonObject(text);
      if (object === null) return text.trim() === '' ? [] : [rawLine(text)];
      const event = AgentEvent.safeParse(object);
      return event.success ? [event.data] : [rawLine(text)];
    },
    end: () => [],
  }),
};
