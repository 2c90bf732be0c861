import type { AgentAdapter } from '../adapter.ts';
import type { Permissions } from '../contract.ts';
import { codexParser } from './parse.ts';

const PERMISSIONS: Readonly<Record<Permissions, readonly string[]>> = {
  auto: ['--sandbox', 'workspace-write'],
  bypass: ['--dangerously-bypass-approvals-and-sandbox'],
  // It never asks in this mode, so that all it may do without asking is to look.
  ask: ['--sandbox', 'read-only'],
};

/** Codex. Flags and output as of version 0.169.0. */
export const codexAdapter: AgentAdapter = {
  kind: 'codex',
  structured: true,
  command({ agent }) {
    return {
      argv: [
        agent.bin ?? 'codex',
        'exec',
        '--json',
        ...(agent.model === undefined ? [] : ['-m', agent.model]),
        // The value is TOML; a JSON string is one, too.
        ...(agent.effort === undefined ? [] : ['-c', `model_reasoning_effort=${JSON.stringify(agent.effort)}`]),
        ...PERMISSIONS[agent.permissions],
        ...agent.args,
        '-',
      ],
      env: {},
    };
  },
  parser: codexParser,
};
