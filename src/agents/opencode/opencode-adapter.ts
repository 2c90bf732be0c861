import { join } from 'node:path';
import { TOOL_PATIENCE_MS, TOOL_SERVER, freedom, jsonObject } from '../adapter.ts';
import type { AgentAdapter, CommandRequest } from '../adapter.ts';
import { opencodeParser } from './parse.ts';

/** OpenCode. Flags, configuration and output as of version 1.18.33. */
export const opencodeAdapter: AgentAdapter = {
  kind: 'opencode',
  structured: true,
  resumes: true,
  takes_tools: true,
  state(env) {
    const home = env['HOME'] ?? '/nonexistent';
    return [
      join(env['XDG_DATA_HOME'] ?? join(home, '.local/share'), 'opencode'),
      join(env['XDG_STATE_HOME'] ?? join(home, '.local/state'), 'opencode'),
      join(env['XDG_CACHE_HOME'] ?? join(home, '.cache'), 'opencode'),
      join(env['XDG_CONFIG_HOME'] ?? join(home, '.config'), 'opencode'),
    ];
  },
  settings(env) {
    const folder = join(env['XDG_CONFIG_HOME'] ?? join(env['HOME'] ?? '/nonexistent', '.config'), 'opencode');
    return ['opencode.json', 'opencode.jsonc', 'config.json', 'AGENTS.md', 'plugin', 'plugins', 'command', 'commands', 'agent', 'agents', 'tool', 'tools'].map((name) => join(folder, name));
  },
  command(request) {
    const { agent, resume } = request;
    const config = configOf(request);
    return {
      argv: [
        agent.bin ?? 'opencode',
        'run',
        '--format',
        'json',
        ...(resume === undefined ? [] : ['--session', resume.session_id]),
        ...(agent.model === undefined ? [] : ['--model', agent.model]),
        ...(agent.effort === undefined ? [] : ['--variant', agent.effort]),
        ...(freedom(request) === 'all' ? ['--auto'] : []),
        ...agent.args,
      ],
      env: {
        // Nobody would see what it says of a new version, and it must not change in the midst of a run.
        OPENCODE_DISABLE_AUTOUPDATE: '1',
        ...(config === null ? {} : { OPENCODE_CONFIG_CONTENT: JSON.stringify(config) }),
      },
    };
  },
  parser: opencodeParser,
};

// Of itself it asks for next to nothing. A request that nobody answers ends its turn, so what it may not do is denied.
const DENIED = {
  all: null,
  edits: { bash: 'deny', webfetch: 'deny', external_directory: 'deny' },
  asks: { edit: 'deny', bash: 'deny', webfetch: 'deny', external_directory: 'deny' },
} as const;

/** What we add to the person's configuration for this call; null where it is nothing. */
function configOf(request: CommandRequest): Record<string, unknown> | null {
  const { allowed_tools = [], tools, env } = request;
  const denied = DENIED[freedom(request)];
  const permission = denied === null ? null : { ...denied, ...Object.fromEntries(allowed_tools.map((name) => [name, 'allow'])) };
  if (permission === null && tools === undefined) return null;
  // The person's own, which this variable would otherwise hide.
  const given = jsonObject(env['OPENCODE_CONFIG_CONTENT'] ?? '') ?? {};
  const server = tools === undefined ? null : { type: 'local', command: tools.argv, environment: Object.fromEntries(tools.pass.map((name) => [name, `{env:${name}}`])), timeout: TOOL_PATIENCE_MS };
  return {
    ...given,
    ...(permission === null ? {} : { permission: { ...objectOf(given['permission']), ...permission } }),
    ...(server === null ? {} : { mcp: { ...objectOf(given['mcp']), [TOOL_SERVER]: server } }),
  };
}

const objectOf = (value: unknown): object => (typeof value === 'object' && value !== null ? value : {});
