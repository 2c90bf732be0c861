import { join } from 'node:path';
import { TOOL_PATIENCE_MS, TOOL_SERVER, TOOL_START_MS, freedom } from '../adapter.ts';
import type { AgentAdapter } from '../adapter.ts';
import { codexParser } from './parse.ts';

const PERMISSIONS = {
  all: ['--dangerously-bypass-approvals-and-sandbox'],
  edits: ['--sandbox', 'workspace-write'],
  // It never asks in this mode, so that all it may do without asking is to look.
  asks: ['--sandbox', 'read-only'],
} as const;

/** A setting of its configuration. The value is TOML; JSON strings, numbers, booleans and lists of strings are that, too. */
const setting = (name: string, value: string | number | boolean | readonly string[]): string[] => ['-c', `${name}=${JSON.stringify(value)}`];

/** Codex. Flags and output as of version 0.169.0. */
export const codexAdapter: AgentAdapter = {
  kind: 'codex',
  structured: true,
  resumes: true,
  takes_tools: true,
  state: (env) => [env['CODEX_HOME'] ?? join(env['HOME'] ?? '/nonexistent', '.codex')],
  settings(env) {
    const folder = env['CODEX_HOME'] ?? join(env['HOME'] ?? '/nonexistent', '.codex');
    return ['config.toml', 'hooks.json', 'AGENTS.md', 'prompts', 'rules'].map((name) => join(folder, name));
  },
  command(request) {
    const { agent, resume, tools } = request;
    const server = `mcp_servers.${TOOL_SERVER}`;
    return {
      argv: [
        agent.bin ?? 'codex',
        'exec',
        '--json',
        ...(agent.model === undefined ? [] : ['-m', agent.model]),
        ...(agent.effort === undefined ? [] : setting('model_reasoning_effort', agent.effort)),
        ...(tools === undefined
          ? []
          : [
              ...setting(`${server}.command`, tools.argv[0]),
              ...setting(`${server}.args`, tools.argv.slice(1)),
              ...setting(`${server}.env_vars`, tools.pass),
              // Without its sandbox switched off it would refuse to call them, since there is nobody to ask.
              ...setting(`${server}.default_tools_approval_mode`, 'approve'),
              // It would wait for a second, and then begin without them and without a word.
              ...setting(`${server}.required`, true),
              ...setting(`${server}.startup_timeout_sec`, TOOL_START_MS / 1000),
              ...setting(`${server}.tool_timeout_sec`, TOOL_PATIENCE_MS / 1000),
            ]),
        ...PERMISSIONS[freedom(request)],
        ...agent.args,
        ...(resume === undefined ? [] : ['resume', resume.session_id]),
        '-',
      ],
      env: {},
    };
  },
  parser: codexParser,
};
