import type { AgentKind } from '../contract.ts';

/** Hosts that an agent of a kind cannot do without: its model's server and where it logs in. */
const OF_KIND: Readonly<Partial<Record<AgentKind, readonly string[]>>> = {
  claude: ['*.anthropic.com', 'claude.ai', '*.claude.com'],
  codex: ['*.openai.com', 'chatgpt.com'],
  gemini: ['*.googleapis.com', 'accounts.google.com'],
  opencode: ['*.anthropic.com', '*.openai.com', '*.googleapis.com', 'opencode.ai', '*.opencode.ai', 'models.dev'],
};

/** The hosts of a kind, and those of addresses that a person set for it (`…_BASE_URL`). */
export function hostsOf(kind: AgentKind, env: Readonly<Record<string, string>>): string[] {
  const set = Object.entries(env).flatMap(([name, value]) => {
    // The whole place, port included: on this machine others listen, too.
    const url = name.endsWith('_BASE_URL') ? URL.parse(value) : null;
    return url === null || url.hostname === '' ? [] : [`${url.hostname}:${url.port || (url.protocol === 'http:' ? '80' : '443')}`];
  });
  return [...(OF_KIND[kind] ?? []), ...set];
}
