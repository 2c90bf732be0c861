import { join } from 'node:path';
import { TOOL_PATIENCE_MS, TOOL_SERVER, TOOL_START_MS, freedom } from '../adapter.ts';
import type { AgentAdapter } from '../adapter.ts';
import { claudeParser } from './parse.ts';

// `acceptEdits` lets it edit the workspace and run harmless commands; what else it asks for is denied, as no one is there.
const PERMISSIONS = {
  all: ['--dangerously-skip-permissions'],
  edits: ['--permission-mode', 'acceptEdits'],
  asks: ['--permission-mode', 'default'],
} as const;

/** Claude Code. Flags and output as of version 2.1.197. */
export const claudeAdapter: AgentAdapter = {
  kind: 'claude',
  structured: true,
  resumes: true,
  takes_tools: true,
  state(env) {
    const home = env['HOME'] ?? '/nonexistent';
    return env['CLAUDE_CONFIG_DIR'] === undefined ? [join(home, '.claude'), join(home, '.claude.json'), join(home, '.cache/claude-cli-nodejs')] : [env['CLAUDE_CONFIG_DIR']];
  },
  settings(env) {
    const folder = env['CLAUDE_CONFIG_DIR'] ?? join(env['HOME'] ?? '/nonexistent', '.claude');
    return ['settings.json', 'settings.local.json', 'CLAUDE.md', 'hooks', 'plugins', 'commands', 'agents', 'skills', 'output-styles'].map((name) => join(folder, name));
  },
  command(request) {
    const { agent, allowed_tools = [], resume, tools } = request;
    const free = freedom(request);
    const allowed = [...allowed_tools, ...(tools === undefined ? [] : [`mcp__${TOOL_SERVER}`])];
    // It would ask the model before a server has started, and keep tools back from it until it looks for them.
    const servers = tools === undefined ? {} : { [TOOL_SERVER]: { command: tools.argv[0], args: tools.argv.slice(1), env: Object.fromEntries(tools.pass.map((name) => [name, `\${${name}}`])), alwaysLoad: true } };
    return {
      argv: [
        agent.bin ?? 'claude',
        '-p',
        '--output-format',
        'stream-json',
        '--verbose',
        ...(resume === undefined ? [] : ['--resume', resume.session_id]),
        ...(agent.model === undefined ? [] : ['--model', agent.model]),
        ...(agent.effort === undefined ? [] : ['--effort', agent.effort]),
        // It tells its cost only at the end; so it has to watch it itself.
        ...(request.max_cost_usd === undefined ? [] : ['--max-budget-usd', String(request.max_cost_usd)]),
        // The person's own servers are kept: only ours is added.
        ...(tools === undefined ? [] : ['--mcp-config', JSON.stringify({ mcpServers: servers })]),
        // Takes all words up to the next flag, so it must not stand last.
        ...(allowed.length === 0 ? [] : ['--allowedTools', ...allowed]),
        ...PERMISSIONS[free],
        ...agent.args,
      ],
      env: {
        // It refuses to skip permissions as root unless told that it is in a sandbox.
        ...(free === 'all' && process.getuid?.() === 0 ? { IS_SANDBOX: '1' } : {}),
        ...(tools === undefined ? {} : { MCP_TOOL_TIMEOUT: String(TOOL_PATIENCE_MS), MCP_CONNECT_TIMEOUT_MS: String(TOOL_START_MS), MCP_TIMEOUT: String(TOOL_START_MS) }),
      },
    };
  },
  parser: claudeParser,
};
