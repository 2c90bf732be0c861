import type { AgentAdapter } from '../adapter.ts';

/** Any program: the prompt on stdin, its words on stdout, its exit code for an answer. */
export const commandAdapter: AgentAdapter = {
  kind: 'command',
  structured: false,
  resumes: false,
  takes_tools: false,
  state: () => [],
  command({ agent }) {
    const [program, ...args] = agent.command ?? [];
    if (program === undefined) throw new Error(`Agent "${agent.name}" has no command`);
    return { argv: [program, ...args, ...agent.args], env: {} };
  },
  parser: () => ({
    line: (text) => [{ type: 'message', text }],
    end: () => [],
  }),
};
