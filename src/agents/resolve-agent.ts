import { isAbsolute, join } from 'node:path';
import { fail, ok } from '../base/failure.ts';
import type { Failure, Result } from '../base/failure.ts';
import { didYouMean } from '../base/suggest.ts';
import { AGENT_KINDS } from './contract.ts';
import type { AgentChoice, AgentConfig, AgentKind, AgentSpec } from './contract.ts';

/** Finds a program as the agent will be started; null when there is none. */
export type FindProgram = (name: string) => string | null;

/** What `auto` looks for, in this order. */
const AUTO: readonly AgentKind[] = ['claude', 'codex', 'gemini', 'opencode'];

/** The name of the agent that plays a prompt. The first that is given wins: command line by prompt, by role, front matter, configuration by prompt, by role, default. */
export function chosenName({ prompt, actor, flags, frontMatter, config }: AgentChoice): string {
  return flags.prompts[prompt] ?? flags.roles[actor] ?? frontMatter ?? config.prompts[prompt] ?? config.roles[actor] ?? flags.agent ?? config.default;
}

/** The agent that plays a prompt, with its program found. Failures: `agent_unknown` (invalid), `agent_not_found` (precondition). */
export function resolveAgent(choice: AgentChoice, find: FindProgram): Result<AgentSpec> {
  const named = specOf(chosenName(choice), choice.config, find);
  if (!named.ok) return named;
  const spec = named.value;
  const program = programOf(spec);
  if (program !== null && find(program) === null) {
    const failure = notFound(`The program ${program} of the agent ${spec.name} was not found.`);
    const own = 'A name with a slash is a path from the workspace, any other is looked for on PATH; it must be executable (chmod +x). See agents: in orchestration.yaml.';
    return fail(spec.command !== undefined ? { ...failure, hint: own } : failure);
  }
  return ok(spec);
}

/** The entry of `agents:` by its name; the kinds' own names need none, and `auto` is the first one installed. */
export function specOf(name: string, config: AgentConfig, find: FindProgram): Result<AgentSpec> {
  if (name === 'auto' && config.agents['auto'] === undefined) {
    const first = AUTO.find((kind) => find(config.agents[kind]?.bin ?? kind) !== null);
    if (first !== undefined) return specOf(first, config, find);
    return fail(notFound(`No agent was found: none of ${AUTO.join(', ')} is on PATH.`));
  }
  const entry = config.agents[name];
  const kind = entry?.kind ?? AGENT_KINDS.find((each) => each === name);
  if (kind === undefined || (entry === undefined && (kind === 'command' || kind === 'acp'))) {
    const known = ['auto', ...AGENT_KINDS, ...Object.keys(config.agents)];
    const message = kind !== undefined ? `The agent "${kind}" has no command line.` : `There is no agent ${JSON.stringify(name)}.${didYouMean(name, known)}`;
    return fail({ code: 'agent_unknown', kind: 'invalid', message, hint: 'Describe it in orchestration.yaml under agents:, e.g. { kind: command, command: ["./agent.sh"] }.' });
  }
  const script = entry?.script ?? 'script.yaml';
  return ok({
    name,
    kind,
    args: entry?.args ?? [],
    env: entry?.env ?? {},
    permissions: entry?.permissions ?? 'auto',
    ...(entry?.model === undefined ? {} : { model: entry.model }),
    ...(entry?.effort === undefined ? {} : { effort: entry.effort }),
    ...(entry?.bin === undefined ? {} : { bin: entry.bin }),
    ...(entry?.command === undefined ? {} : { command: entry.command }),
    ...(kind === 'scripted' ? { script: isAbsolute(script) ? script : join(config.workspace, script) } : {}),
  });
}

/** The program that must be there for an agent; null where it is one of our own. */
export function programOf(spec: AgentSpec): string | null {
  if (spec.kind === 'command' || spec.kind === 'acp') return spec.command?.[0] ?? '';
  return spec.kind === 'scripted' ? null : (spec.bin ?? spec.kind);
}

const notFound = (message: string): Failure => ({
  code: 'agent_not_found',
  kind: 'precondition',
  message,
  hint: 'Install one (npm install -g with @anthropic-ai/claude-code, @openai/codex, @google/gemini-cli or opencode-ai), name a command of your own in orchestration.yaml, or see it work without one: orchestrator demo',
});
