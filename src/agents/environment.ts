import type { AgentKind } from './contract.ts';

/** Variables that every agent gets. What is not named here, secrets above all, is not passed. */
const COMMON = [
  'PATH', 'HOME', 'USER', 'SHELL', 'TERM', 'LANG', 'LC_*', 'TZ', 'TMPDIR', 'ORCHESTRATOR_*',
  'HTTP_PROXY', 'HTTPS_PROXY', 'NO_PROXY', 'ALL_PROXY', 'http_proxy', 'https_proxy', 'no_proxy', 'all_proxy',
  'SSL_CERT_FILE', 'SSL_CERT_DIR', 'NODE_EXTRA_CA_CERTS', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'GIT_SSL_CAINFO',
  'GIT_CONFIG_GLOBAL', 'GIT_AUTHOR_*', 'GIT_COMMITTER_*',
];

/** What each kind needs beside that. */
const OF_KIND: Readonly<Record<AgentKind, readonly string[]>> = {
  claude: ['ANTHROPIC_*', 'CLAUDE_*', 'IS_SANDBOX'],
  codex: ['OPENAI_*', 'CODEX_*'],
  gemini: ['GEMINI_*', 'GOOGLE_*'],
  opencode: ['OPENCODE_*', 'ANTHROPIC_*', 'OPENAI_*', 'GEMINI_*', 'GOOGLE_*'],
  acp: [],
  command: [],
  scripted: [],
};

export interface EnvironmentRequest {
  readonly inherited: Readonly<Record<string, string | undefined>>;
  readonly kind: AgentKind;
  /** `sandbox.pass_env`. */
  readonly pass: readonly string[];
  /** `env:` of the agent, then what its adapter adds. */
  readonly own: readonly Readonly<Record<string, string>>[];
}

/** These make git work on another repository than the agent's, whoever set them. */
const ELSEWHERE = ['GIT_DIR', 'GIT_WORK_TREE', 'GIT_INDEX_FILE', 'GIT_COMMON_DIR', 'GIT_OBJECT_DIRECTORY', 'GIT_ALTERNATE_OBJECT_DIRECTORIES', 'GIT_NAMESPACE', 'GIT_PREFIX'];

/** A switch of the crash tests, which is meant for this process alone. */
const OWN = 'ORCHESTRATOR_CRASH_AT';

/** The environment of an agent, to which a turn's own ORCHESTRATOR_* variables are added. */
export function agentEnvironment(request: EnvironmentRequest): Record<string, string> {
  const patterns = [...COMMON, ...OF_KIND[request.kind], ...request.pass];
  const names = new Set(patterns);
  const beginnings = patterns.filter((pattern) => pattern.endsWith('*')).map((pattern) => pattern.slice(0, -1));
  const env: Record<string, string> = {};
  for (const [name, value] of Object.entries(request.inherited)) {
    if (value !== undefined && name !== OWN && (names.has(name) || beginnings.some((beginning) => name.startsWith(beginning)))) env[name] = value;
  }
  Object.assign(env, ...request.own);
  for (const name of ELSEWHERE) delete env[name];
  return env;
}

