import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The agents' real command lines: npm package and exact version, by the name of the command. */
export const TOOLS = {
  claude: { name: '@anthropic-ai/claude-code', version: '2.1.197' },
  codex: { name: '@openai/codex', version: '0.169.0' },
  gemini: { name: '@google/gemini-cli', version: '0.61.0' },
  opencode: { name: 'opencode-ai', version: '1.18.33' },
} as const;

/** Where they are installed, once for all runs of the tests. */
export const TOOLS_FOLDER = fileURLToPath(new URL('tools/', import.meta.url));
export const BIN = join(TOOLS_FOLDER, 'node_modules/.bin');
