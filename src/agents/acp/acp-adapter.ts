import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { freedom } from '../adapter.ts';
import type { AgentAdapter } from '../adapter.ts';
import { scriptedAdapter } from '../scripted/scripted-adapter.ts';
import type { AcpSettings } from './settings.ts';

/** The client stands beside this file: as source in a checkout, as JavaScript once built. */
function clientPath(): string {
  const source = fileURLToPath(new URL('client.ts', import.meta.url));
  return existsSync(source) ? source : fileURLToPath(new URL('client.js', import.meta.url));
}

/**
 * Any agent that speaks the Agent Client Protocol (version 1) on stdin and stdout. That is a conversation, which a
 * program of ours leads with it: to us that program is the agent, and its output is the event vocabulary itself.
 */
export const acpAdapter: AgentAdapter = {
  kind: 'acp',
  structured: true,
  resumes: true,
  takes_tools: true,
  // Which agent it is nobody knows: sandbox.write names its state.
  state: () => [],
  command(request) {
    const { agent, resume, tools, scratch } = request;
    const [program, ...args] = agent.command ?? [];
    if (program === undefined) throw new Error(`Agent "${agent.name}" has no command`);
    const settings: AcpSettings = {
      argv: [program, ...args, ...agent.args],
      freedom: freedom(request),
      ...(agent.model === undefined ? {} : { model: agent.model }),
      ...(agent.effort === undefined ? {} : { effort: agent.effort }),
      ...(resume === undefined ? {} : { session_id: resume.session_id }),
      ...(tools === undefined ? {} : { tools: { argv: [tools.argv[0], ...tools.argv.slice(1)], pass: [...tools.pass] } }),
    };
    const file = join(scratch, 'acp.json');
    return { argv: [process.execPath, clientPath(), file], env: {}, files: { [file]: JSON.stringify(settings) } };
  },
  parser: scriptedAdapter.parser,
};
