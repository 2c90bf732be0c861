import { join } from 'node:path';
import { freedom } from '../adapter.ts';
import type { AgentAdapter } from '../adapter.ts';
import { geminiHome, geminiHomeFolder, stateFolder } from './home.ts';
import { geminiParser } from './parse.ts';

// `auto_edit` edits without asking; what else it would ask for is denied, as no one is there.
const PERMISSIONS = {
  all: ['--approval-mode', 'yolo'],
  edits: ['--approval-mode', 'auto_edit'],
  asks: ['--approval-mode', 'default'],
} as const;

/** Gemini CLI. Flags and output as of version 0.61.0. */
export const geminiAdapter: AgentAdapter = {
  kind: 'gemini',
  structured: true,
  resumes: true,
  takes_tools: true,
  state: (env) => [stateFolder(env)],
  ownState: (scratch) => [geminiHomeFolder(scratch)],
  settings: (env) => ['settings.json', 'GEMINI.md', 'extensions', 'commands', 'policies'].map((name) => join(stateFolder(env), name)),
  command(request) {
    const { agent, allowed_tools = [], resume } = request;
    const home = geminiHome(request);
    return {
      argv: [
        agent.bin ?? 'gemini',
        '--output-format',
        'stream-json',
        // Whoever started us in this folder trusts it; without this it would not even read the workspace's own settings.
        '--skip-trust',
        ...(resume === undefined ? [] : ['--resume', resume.session_id]),
        ...(agent.model === undefined ? [] : ['--model', agent.model]),
        ...(allowed_tools.length === 0 ? [] : ['--allowed-tools', allowed_tools.join(',')]),
        ...PERMISSIONS[freedom(request)],
        ...agent.args,
      ],
      // Without it, it runs itself a second time as a child, which takes longer and hides its end from signals.
      env: { GEMINI_CLI_NO_RELAUNCH: 'true', ...(home === null ? {} : { GEMINI_CLI_HOME: geminiHomeFolder(request.scratch) }) },
      ...(home === null ? {} : { files: { [join(geminiHomeFolder(request.scratch), '.gemini', 'settings.json')]: home.settings }, links: home.links }),
    };
  },
  parser: geminiParser,
};
