import { homedir } from 'node:os';
import { join, relative, resolve, sep } from 'node:path';
import type { AgentFlags } from '../agents/contract.ts';
import { globMatcher } from '../base/glob.ts';
import type { PathMatcher } from '../base/glob.ts';
import type { Config } from '../config/schema.ts';
import type { BudgetLimits } from './budget.ts';
import type { Repository } from '../git/repository.ts';
import { placesOf } from './places.ts';
import { commitPolicy } from './policy.ts';
import type { LoopSettings } from './runtime.ts';

/** How long a routing agent may take. */
const ROUTER_TIMEOUT_MS = 120_000;

export interface SettingsInput {
  readonly config: Config;
  /** Folder that the configuration's paths are relative to, absolute. */
  readonly workspace: string;
  /** The checkout that the workspace is in. */
  readonly repository: Pick<Repository, 'root' | 'gitDirectory' | 'commonDirectory'>;
  /** Absolute; null where there is none. */
  readonly config_file: string | null;
  readonly mode: 'combined' | 'role';
  readonly agentFlags: AgentFlags;
  readonly commits: boolean;
}

/** Works out what the loop needs from the configuration. */
export function loopSettings(input: SettingsInput): LoopSettings {
  const { config, workspace } = input;
  const { root } = input.repository;
  const prefix = relative(root, workspace).split(sep).join('/');
  const fromRoot = (path: string): string => (prefix === '' ? path : `${prefix}/${path}`);
  /** A matcher for paths of the workspace, applied to paths as git names them. What lies outside it never matches. */
  const within = (matcher: PathMatcher): PathMatcher => {
    if (prefix === '') return matcher;
    return (path) => path.startsWith(`${prefix}/`) && matcher(path.slice(prefix.length + 1));
  };
  const reserved = globMatcher([config.logs_dir, config.tmp_dir, '.orchestrator', config.state_file].map((path) => `/${path}`));
  const policy = commitPolicy({
    galph: config.commit.galph,
    ralph: config.commit.ralph,
    guard: config.commit.guard ?? (input.mode === 'role' ? 'fail' : 'warn'),
    max_file_bytes: config.commit.max_file_bytes,
    max_total_bytes: config.commit.max_total_bytes,
    doc_whitelist: config.doc_whitelist,
    report_extensions: config.report_extensions,
  });
  return {
    prompts_dir: join(workspace, config.prompts_dir),
    prompts: { galph: config.supervisor_prompt, ralph: config.main_prompt, reviewer: config.reviewer_prompt },
    router: {
      enabled: config.router.enabled,
      mode: config.router.mode,
      prompt: config.router.prompt ?? null,
      review_every_n: config.router.review_every_n,
      review_placement: config.router.review_placement,
      allowlist: config.router.allowlist,
    },
    router_timeout_ms: ROUTER_TIMEOUT_MS,
    state_file: fromRoot(config.state_file),
    input_file: join(workspace, config.input_file),
    findings_file: join(workspace, config.findings_file),
    logs_dir: join(workspace, config.logs_dir),
    isReserved: within(reserved),
    policy: { ...policy, galph: within(policy.galph), ralph: within(policy.ralph) },
    limits: config.limits,
    no_progress_limit: config.limits.no_progress_limit,
    agent: { default: config.agent.default, roles: config.agent.roles, prompts: config.agent.prompts, agents: config.agents, workspace },
    agentFlags: input.agentFlags,
    pass_env: config.sandbox.pass_env,
    sandbox: { mode: config.sandbox.mode, allow_hosts: config.sandbox.allow_hosts, write: config.sandbox.write.map(expand(workspace)), git: [...new Set([input.repository.gitDirectory, input.repository.commonDirectory])], control: placesOf(input.repository, workspace).control, frozen: notTheAgents(input) },
    budget: budgetOf(config.budget),
    turn_budget: budgetOf(config.budget.turn),
    day_budget: budgetOf(config.budget.day),
    usage_limit: { on_usage_limit: config.limits.on_usage_limit, max_limit_wait: config.limits.max_limit_wait ?? null, fallback: config.agent.fallback },
    remote: config.sync.remote,
    commits: input.commits,
  };
}

/** Of the workspace, what an agent may not write: configuration, logs, and a `.git` that is a file. */
function notTheAgents({ config, workspace, repository, config_file }: SettingsInput): string[] {
  const places = [join(workspace, config.logs_dir), join(repository.root, '.git'), config_file ?? join(workspace, 'orchestration.yaml')];
  return places.filter((path) => path !== repository.gitDirectory);
}

/** `~` is the home of whoever runs this; other paths are the workspace's. */
const expand = (workspace: string) => (path: string): string => (path === '~' || path.startsWith('~/') ? join(homedir(), path.slice(1)) : resolve(workspace, path));

type BudgetKeys = { readonly [K in keyof BudgetLimits]?: number | undefined };

const budgetOf = (keys: BudgetKeys): BudgetLimits => ({
  max_cost_usd: keys.max_cost_usd ?? null,
  max_tokens: keys.max_tokens ?? null,
  max_turns: keys.max_turns ?? null,
  max_duration: keys.max_duration ?? null,
});
