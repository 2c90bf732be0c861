import type { AgentAdapter } from '../adapter.ts';
import type { Permissions } from '../contract.ts';
import { claudeParser } from './parse.ts';

// `acceptEdits` lets it edit the workspace and run harmless commands; what else it asks for is denied, as no one is there.
const PERMISSIONS: Readonly<Record<Permissions, readonly string[]>> = {
  auto: ['--permission-mode', 'acceptEdits'],
  bypass: ['--dangerously-skip-permissions'],
  ask: ['--permission-mode', 'default'],
};

/** Claude Code. Flags and output as of version 2.1.197. */
export const claudeAdapter: AgentAdapter = {
  kind: 'claude',
  structured: true,
  command({ agent, allowed_tools = [] }) {
    return {
      argv: [
        agent.bin ?? 'claude',
        '-p',
        '--output-format',
        'stream-json',
        '--verbose',
        ...(agent.model === undefined ? [] : ['--model', agent.model]),
        ...(agent.effort === undefined ? [] : ['--effort', agent.effort]),
        // Takes all words up to the next flag, so it must not stand last.
        ...(allowed_tools.length === 0 ? [] : ['--allowedTools', ...allowed_tools]),
        ...PERMISSIONS[agent.permissions],
        ...agent.args,
      ],
      // It refuses to skip permissions as root unless told that it is in a sandbox.
      env: agent.permissions === 'bypass' && process.getuid?.() === 0 ? { IS_SANDBOX: '1' } : {},
    };
  },
  parser: claudeParser,
};
