import { readFile } from 'node:fs/promises';
import { formatState, freshState } from '../loop/contract.ts';

/** What `init` lays down. */

/** Folder of the package's own prompts, which are also the templates. */
const PROMPTS = new URL('../../prompts/', import.meta.url);

export const promptTemplate = (name: 'supervisor.md' | 'main.md' | 'reviewer.md'): Promise<string> => readFile(new URL(name, PROMPTS), 'utf8');

export const stateTemplate = (): string => formatState(freshState());

/** Lines that keep our own files out of git. */
export const IGNORED = ['/logs/', '/tmp/', '/.orchestrator/'] as const;

const ENTRIES: Partial<Record<string, string>> = {
  command: 'agents:\n  command:\n    kind: command\n    command: ["./agent.sh"]   # argv; it gets the prompt on stdin\n\n',
  scripted: 'agents:\n  scripted:\n    kind: scripted\n    script: script.yaml\n\n',
};

/** The first orchestration.yaml of a workspace. */
export function configTemplate(agent: string, version: string): string {
  return `# yaml-language-server: $schema=https://unpkg.com/orchestrator@${version}/docs/orchestration.schema.json
# Every key with its default: orchestrator config show

agent:
  default: ${agent}              # claude, codex, command or a name from agents:; auto = the first one installed
  # roles: { galph: claude, ralph: codex }

${ENTRIES[agent] ?? ''}router:
  enabled: true
  review_every_n: 5           # the reviewer plays in every 5th iteration; 0 = never

limits:
  turn_timeout: 60m
  stall_timeout: 10m

# budget:
#   max_cost_usd: 20
`;
}
