import { z } from 'zod';
import { didYouMean } from '../base/suggest.ts';
import { choice, text } from './value.ts';
import { argumentList, argv, list } from './value-list.ts';
import { named, variables } from './value-map.ts';
import { pathInside } from './value-path.ts';

/** `agent:` and `agents:`, who plays what. */

/** Kinds of agent. The room of agents has an adapter for each; a test holds the two lists together. */
export const AGENT_KIND_NAMES = ['claude', 'codex', 'gemini', 'opencode', 'acp', 'command', 'scripted'] as const;

export const AgentEntry = z
  .strictObject({
    kind: choice(AGENT_KIND_NAMES).describe('What sort of agent this is. Required.'),
    model: text().exactOptional().describe("Model, in the agent's own words; its own default where left out."),
    effort: text().exactOptional().describe('How much thought, in the words of the agent kinds that know such a setting.'),
    args: argumentList().prefault([]).describe("Further arguments, one an item, after the orchestrator's own."),
    env: variables().prefault({}).describe("Environment variables for this agent, added to what its kind gets. Not the place for secrets: the file is committed."),
    bin: text().exactOptional().describe('Program to start in place of the one found on PATH.'),
    permissions: choice(['auto', 'bypass', 'ask'])
      .prefault('auto')
      .describe('`auto`: no prompts inside the sandbox, edits of the workspace only outside it. `bypass`: no prompts at all. `ask`: requests go to the operator (acp).'),
    command: argv().exactOptional().describe('Kinds `command` and `acp`, required there: the program and its arguments, never a shell string.'),
    script: text().exactOptional().describe('Kind `scripted`: YAML file that it plays, relative to the workspace.'),
  })
  .superRefine((entry, context) => {
    const complain = (key: string, message: string): void => context.addIssue({ code: 'custom', path: [key], message });
    const whole = entry.kind === 'command' || entry.kind === 'acp';
    if (whole && entry.command === undefined) complain('command', `is required for kind ${entry.kind}: ${entry.kind === 'acp' ? '["gemini", "--acp"]' : '["./agent.sh", "--fast"]'}`);
    if (!whole && entry.command !== undefined) complain('command', `is for the kinds command and acp only, not for ${entry.kind}; use bin and args`);
    if (entry.kind !== 'scripted' && entry.script !== undefined) complain('script', `is for kind scripted only, not for ${entry.kind}`);
    if (whole && entry.bin !== undefined) complain('bin', `is not for kind ${entry.kind}: the first item of command names the program`);
  });
export type AgentEntry = z.output<typeof AgentEntry>;

const agentsShape = z.record(z.string(), AgentEntry).superRefine((agents, context) => {
  for (const name of Object.keys(agents)) {
    const problem = name === 'auto' ? 'is taken: it means the first agent found' : /^[A-Za-z0-9][\w.-]*$/.test(name) ? null : 'must be letters, digits, dot, dash and underscore';
    if (problem !== null) context.addIssue({ code: 'custom', path: [name], message: problem });
  }
});

export const agents = agentsShape
  .prefault({})
  .describe("Agents by name. The kinds' own names need no entry; an entry of that name sets them up.");

const ROLES = ['galph', 'ralph'];
const roleProblem = (name: string): string | null => (ROLES.includes(name) ? null : `is no role; roles are galph and ralph.${didYouMean(name, ROLES)}`);
const promptProblem = (name: string): string | null => {
  const checked = pathInside(name, 'prompts_dir');
  return 'problem' in checked ? checked.problem : null;
};

export const agent = z
  .strictObject({
    default: text().prefault('auto').describe('Agent for everything that nothing else decides; `auto` takes the first of claude, codex, gemini and opencode that is installed.'),
    roles: named(roleProblem, { propertyNames: { enum: [...ROLES, 'supervisor', 'loop'] } })
      .prefault({})
      .describe("Agent by role: `galph` and `ralph`; an earlier runner's names `supervisor` and `loop` are taken too."),
    prompts: named(promptProblem).prefault({}).describe('Agent by prompt, relative to `prompts_dir`; outranks `roles`. A name without extension means `.md`.'),
    fallback: list().prefault([]).describe('Agents to go on with at a usage limit, in this order.'),
  })
  .prefault({})
  .describe('Which agent plays. The command line outranks the front matter of a prompt, that `prompts`, that `roles`, that `default`.');

/** A mention of an agent that neither is a kind nor has an entry, as path and message. */
export function unknownAgents(config: { readonly agent: z.output<typeof agent>; readonly agents: z.output<typeof agents> }): { path: (string | number)[]; message: string }[] {
  const known = [...AGENT_KIND_NAMES, ...Object.keys(config.agents), 'auto'];
  const mentions: [(string | number)[], string][] = [
    [['default'], config.agent.default],
    ...Object.entries(config.agent.roles).map(([role, name]): [string[], string] => [['roles', role], name]),
    ...Object.entries(config.agent.prompts).map(([prompt, name]): [string[], string] => [['prompts', prompt], name]),
    ...config.agent.fallback.map((name, index): [(string | number)[], string] => [['fallback', index], name]),
  ];
  return mentions
    .filter(([, name]) => !known.includes(name))
    .map(([path, name]) => ({ path: ['agent', ...path], message: `names agent "${name}", which is no agent kind and has no entry under agents.${didYouMean(name, known)}` }));
}
