import { randomBytes } from 'node:crypto';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { logText, secretValues } from '../agents/contract.ts';
import type { AgentResult, AgentSpec } from '../agents/contract.ts';
import { utcCompact } from '../base/clock.ts';
import { crashPoint } from '../base/crash-point.ts';
import { fail, ok } from '../base/failure.ts';
import type { Failure, Result } from '../base/failure.ts';
import { newId } from '../base/ids.ts';
import { createLogPair, digestOf, hideSecrets, loopSettings, makeFolder, makeUntrackedFolder, placesOf, readAgentFile, toolServer } from '../loop/contract.ts';
import type { LogFiles, LoopSettings } from '../loop/contract.ts';
import { beginAttempt, endAttempt } from './attempts.ts';
import type { Attempt } from './attempts.ts';
import { takeOpenQuestion, watchLiveQuestions, watchTouches } from './live-questions.ts';
import type { OpenQuestion } from './live-questions.ts';
import { PROMPTS, answerText, readPhasePrompt, renderPhasePrompt } from './phase-prompt.ts';
import { poolFolder } from './places.ts';
import type { PoolRuntime } from './runtime.ts';
import { bind, unbind, writeConflicts } from './unit-binding.ts';
import { parseUnitOutcome, unfit } from './unit-outcome.ts';
import type { UnitOutcome } from './unit-outcome.ts';
import type { Unit } from './unit.ts';
import type { UnitPlace } from './worktrees.ts';

/** What the tools of a unit's agent must find in their environment. */
const PASSED = ['ORCHESTRATOR_TURN_ID', 'ORCHESTRATOR_TOKEN', 'ORCHESTRATOR_UNIT'] as const;

export type AgentPhase = keyof typeof PROMPTS;

/** The loop's settings for a unit's worktree: limits, what may be committed, sandbox. */
export function unitSettings(pool: PoolRuntime, place: Pick<UnitPlace, 'repository' | 'workspace'>): LoopSettings {
  const settings = loopSettings({ config: pool.config(), workspace: place.workspace, repository: place.repository, config_file: join(place.workspace, 'orchestration.yaml'), mode: 'combined', agentFlags: { agent: null, roles: {}, prompts: {} }, commits: true });
  // Refs that are not its own are not to be moved: the target, other units' branches, what is kept.
  const refs = join(pool.repository.commonDirectory, 'refs');
  const branches = [...pool.units.live.values()].filter((unit) => unit.worktree !== place.repository.root).map((unit) => unit.branch);
  const others = [join(refs, 'orchestrator'), ...[pool.target, ...branches].map((branch) => join(refs, 'heads', branch))];
  // Not to be seen: store, token and the worktrees of others, which is all that lies beside its own.
  const sandbox = { ...settings.sandbox, hidden: [poolFolder(pool.workspace)], frozen: [...settings.sandbox.frozen, ...others] };
  // Scripts and prompts are the person's, not what an agent has made of them in its worktree.
  return { ...settings, sandbox, agent: pool.agentConfig(), prompts_dir: join(pool.workspace, pool.config().prompts_dir) };
}

const ACTORS: Readonly<Record<AgentPhase, string>> = { PLAN: 'galph', IMPLEMENT: 'ralph', REVIEW: 'galph' };

/** The agent for a phase: the chunk's own, else as for turns (`agent.prompts`, `agent.roles`, `agent.default`). */
export async function agentFor(pool: PoolRuntime, phase: AgentPhase, named: string | null): Promise<Result<AgentSpec>> {
  const config = pool.agentConfig();
  return await pool.agents.choose({ prompt: PROMPTS[phase], actor: ACTORS[phase], flags: { agent: null, roles: {}, prompts: named === null ? {} : { [PROMPTS[phase]]: named } }, frontMatter: null, config });
}

/** An agent that has run for a phase. */
export interface PhaseCall {
  readonly result: AgentResult;
  readonly report: Result<UnitOutcome> | null;
  readonly attempt: Attempt;
  /** Asked through our tools, and not answered in time. */
  readonly open: OpenQuestion | null;
  /** A budget that it used up. */
  readonly overspent: Failure | null;
}

/** Calls the agent of a phase in the unit's worktree and waits for its end. Failures come before any process. */
export async function callForPhase(pool: PoolRuntime, unit: Unit, phase: AgentPhase, place: UnitPlace, options: { readonly base: string; readonly ports: number; readonly agent: AgentSpec; readonly conflicts: readonly string[]; readonly signal: AbortSignal }): Promise<Result<PhaseCall>> {
  const { clock } = pool;
  const settings = unitSettings(pool, place);
  const prompt = readPhasePrompt(settings.prompts_dir, phase);
  if (!prompt.ok) return prompt;
  const rendered = renderPhasePrompt(prompt.value, unit, phase, options.conflicts);
  if (!rendered.ok) return rendered;
  const problem = await sandboxRefusal(pool, settings.sandbox.mode);
  if (problem !== null) return fail(problem);

  const places = placesOf(place.repository, place.workspace);
  const at = clock.now();
  const id = newId('turn', at);
  makeUntrackedFolder(places.scratch);
  for (const folder of [places.control, places.attempt, places.outcomes]) makeFolder(folder);
  const outcome = join(places.outcomes, `${id}.json`);
  rmSync(outcome, { recursive: true, force: true });
  pool.agents.reset(places.attempt);
  const logs = unitLogs(join(pool.workspace, pool.config().logs_dir), unit.chunk, phase, at);
  const token = randomBytes(24).toString('base64url');
  const tools = (await pool.agents.takesTools(options.agent.kind)) ? toolServer(place.workspace, PASSED) : undefined;
  const agent = { name: options.agent.name, kind: options.agent.kind };
  const attempt: Attempt = {
    id, chunk: unit.chunk, phase, agent, scratch: places.attempt, outcome, workspace: place.workspace, log: logs.text, transcript: logs.events, base: options.base,
    token: digestOf(token), started_at: at.toISOString(), ended_at: null, exit_code: null, usage: null, failure: null,
  };
  await beginAttempt(pool.store, attempt);
  const { question_wait } = settings.limits;
  bind(places, { unit: unit.chunk, attempt: id, phase, token: attempt.token, outcome, branch: unit.branch, target: unit.target, base: options.base, notes: unit.notes, question_wait });
  writeConflicts(places, options.conflicts);
  pool.at_work.set(unit.chunk, places);
  const unwatch = watchTouches(places, () => void pool.verdicts.refresh(unit.chunk));
  const goesOn = unit.session !== null && unit.session.phase === phase && unit.session.agent === agent.name ? unit.session : null;
  const variables = {
    ORCHESTRATOR_ACTOR: ACTORS[phase],
    ORCHESTRATOR_ITERATION: String(unit.attempt),
    ORCHESTRATOR_ATTEMPT: String(unit.attempt),
    ORCHESTRATOR_PROMPT: prompt.value.path,
    ORCHESTRATOR_TURN_ID: id,
    ORCHESTRATOR_OUTCOME: outcome,
    ORCHESTRATOR_STATE: join(place.repository.root, settings.state_file),
    ORCHESTRATOR_WORKSPACE: place.workspace,
    ORCHESTRATOR_UNIT: unit.chunk,
    ORCHESTRATOR_PHASE: phase,
    ORCHESTRATOR_PORT_BASE: String(options.ports),
    ORCHESTRATOR_TOKEN: token,
    ...(unit.answer === null ? {} : { ORCHESTRATOR_ANSWER: unit.answer.text }),
  };
  const questions = watchLiveQuestions(pool, unit.chunk, id, places, question_wait, tools !== undefined);
  const budget = pool.spending.watch(id, settings);
  const result = await pool.agents.run(
    {
      agent: options.agent,
      prompt: goesOn !== null && unit.answer !== null ? Buffer.from(answerText(unit.answer)) : rendered.value,
      workspace: place.workspace,
      variables,
      scratch: places.attempt,
      logs,
      sandbox: settings.sandbox,
      pass_env: settings.pass_env,
      ...(tools === undefined ? {} : { tools }),
      ...(budget.max_cost_usd === undefined ? {} : { max_cost_usd: budget.max_cost_usd }),
      ...(goesOn === null ? {} : { resume: { session_id: goesOn.id, used: goesOn.used } }),
      limits: { turn_timeout_ms: prompt.value.frontMatter?.timeout ?? settings.limits.turn_timeout, stall_timeout_ms: settings.limits.stall_timeout, grace_ms: settings.limits.grace, max_log_bytes: settings.limits.max_log_bytes },
    },
    {
      hold: questions,
      onStarted: () => crashPoint('unit-agent-running'),
      onEvent(event) {
        if (event.type === 'usage') budget.onUsage({ input_tokens: event.input_tokens, output_tokens: event.output_tokens, cost_usd: event.cost_usd });
        const text = logText(event);
        if (text !== null) pool.broadcast({ type: 'unit.output', unit: unit.chunk, data: { attempt: id, text } });
      },
    },
    AbortSignal.any([options.signal, budget.signal]),
  );
  const overspent = budget.end(result.usage, result.agent_ms);
  questions.close();
  unwatch();
  unbind(places);
  pool.at_work.delete(unit.chunk);
  crashPoint('unit-agent-exited');
  const ended: Attempt = { ...attempt, ended_at: clock.now().toISOString(), exit_code: result.exit_code, usage: result.usage, failure: result.failure === null ? null : { code: result.failure.code, message: result.failure.message } };
  const report = readReport(outcome, secretValues({ ...process.env, ...options.agent.env }));
  await endAttempt(pool.store, ended);
  rmSync(outcome, { recursive: true, force: true });
  return ok({ result, report, attempt: ended, open: takeOpenQuestion(places, id), overspent });
}

export function readReport(path: string, secrets: readonly string[]): Result<UnitOutcome> | null {
  const read = readAgentFile(path);
  if (!read.ok) return fail(unfit(read.failure.message));
  return read.value === null ? null : parseUnitOutcome(hideSecrets(read.value, secrets));
}

/** Units work in the sandbox, unless a person has written down that they do not. */
export async function sandboxRefusal(pool: Pick<PoolRuntime, 'agents'>, mode: 'auto' | 'off' | 'strict') {
  if (mode === 'off') return null;
  const problem = await pool.agents.sandboxProblem();
  if (problem === null) return null;
  return { code: 'sandbox_missing', kind: 'precondition', message: `Work units need the sandbox: ${problem}.`, hint: 'Install bubblewrap, or write down in orchestration.yaml that agents may work without: sandbox: off' } as const;
}

/** `<logs>/orchestrator-<chunk>/<phase>_<UTC>.log`, and its `.jsonl`. */
function unitLogs(logs: string, chunk: string, phase: AgentPhase, at: Date): LogFiles {
  makeUntrackedFolder(logs);
  const folder = join(logs, `orchestrator-${chunk}`);
  makeFolder(folder);
  return createLogPair(folder, `${phase.toLowerCase()}_${utcCompact(at)}`);
}
