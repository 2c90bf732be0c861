import { randomBytes } from 'node:crypto';
import { rmSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { AgentRequest, AgentResult, AgentSpec, ToolServer, Usage } from '../agents/contract.ts';
import { crashPoint } from '../base/crash-point.ts';
import { ok } from '../base/failure.ts';
import type { Failure, Result } from '../base/failure.ts';
import { contextBlock } from './context-block.ts';
import { digestOf } from './binding.ts';
import { changedControls, controlMarks } from './control-watch.ts';
import { NOTHING_USED } from './budget.ts';
import type { Spent } from './budget.ts';
import type { Journal } from './journal.ts';
import { callName } from './ledger.ts';
import { costLeft, watchBudget } from './live-budget.ts';
import { writeJournalForAgent } from './journal.ts';
import { holdForQuestions } from './question-hold.ts';
import { readPrompt, renderPrompt } from './prompt.ts';
import type { Prompt } from './prompt.ts';
import { createLogFiles, makeFolder, makeUntrackedFolder } from './record.ts';
import type { LogFiles } from './record.ts';
import type { LoopRuntime } from './runtime.ts';
import { takeSnapshot } from './snapshot.ts';
import type { Snapshot } from './snapshot.ts';
import type { OrchestrationState } from './state.ts';

/** A prompt made ready for an agent: nothing has been started yet. */
export interface PreparedCall {
  readonly prompt: Prompt;
  readonly spec: AgentSpec;
  readonly request: Omit<AgentRequest, 'logs'>;
  readonly outcome: string;
}

/** Chooses the agent for a prompt (`agent`: that one), renders the prompt and lays out the attempt's folders. Failures dispatch nothing. */
export async function prepareCall(runtime: LoopRuntime, journal: Journal, state: OrchestrationState, promptName: string, agent: string | null = null): Promise<Result<PreparedCall>> {
  const { settings, places, workspace } = runtime;
  const read = readPrompt(settings.prompts_dir, promptName);
  if (!read.ok) return read;
  const prompt = read.value;
  const chosen = await runtime.agents.choose({
    prompt: promptName,
    actor: journal.actor,
    flags: agent === null ? settings.agentFlags : { agent, roles: {}, prompts: { [promptName]: agent } },
    frontMatter: prompt.frontMatter?.agent ?? null,
    config: settings.agent,
  });
  if (!chosen.ok) return chosen;
  // A model of one agent means nothing to the one that takes its place.
  const model = agent === null ? prompt.frontMatter?.model : undefined;
  const spec: AgentSpec = model === undefined ? chosen.value : { ...chosen.value, model };

  const attempt = `${journal.turn_id}-${journal.attempt}`;
  const outcome = join(places.outcomes, `${attempt}.json`);
  makeUntrackedFolder(places.scratch);
  for (const folder of [places.attempt, places.outcomes]) makeFolder(folder);
  rmSync(outcome, { recursive: true, force: true });
  runtime.agents.reset(places.attempt);

  const variables = {
    ...runtime.agentVariables,
    ORCHESTRATOR_ACTOR: journal.actor,
    ORCHESTRATOR_ITERATION: String(journal.iteration),
    ORCHESTRATOR_PROMPT: prompt.path,
    ORCHESTRATOR_TURN_ID: journal.turn_id,
    ORCHESTRATOR_ATTEMPT: String(journal.attempt),
    ORCHESTRATOR_OUTCOME: outcome,
    ORCHESTRATOR_STATE: join(runtime.repository.root, settings.state_file),
    ORCHESTRATOR_WORKSPACE: workspace,
  };
  const rendered = renderPrompt(prompt, promptVariables(runtime, journal, promptName), await contextOf(runtime, prompt, state));
  if (!rendered.ok) return rendered;
  const request: PreparedCall['request'] = {
    agent: spec,
    prompt: rendered.value,
    workspace,
    variables,
    scratch: places.attempt,
    sandbox: settings.sandbox,
    pass_env: settings.pass_env,
    ...(prompt.frontMatter?.allowed_tools === undefined ? {} : { allowed_tools: prompt.frontMatter.allowed_tools }),
    limits: {
      turn_timeout_ms: prompt.frontMatter?.timeout ?? settings.limits.turn_timeout,
      stall_timeout_ms: settings.limits.stall_timeout,
      grace_ms: settings.limits.grace,
      max_log_bytes: settings.limits.max_log_bytes,
    },
  };
  return ok({ prompt, spec, request, outcome });
}

const contextOf = async (runtime: LoopRuntime, prompt: Prompt, state: OrchestrationState): Promise<string> =>
  prompt.frontMatter?.context === true ? await contextBlock(runtime, state) : '';

/** The names that `{{…}}` may use. */
function promptVariables(runtime: LoopRuntime, journal: Journal, prompt: string): Record<string, string> {
  const { settings, workspace } = runtime;
  return {
    actor: journal.actor,
    iteration: String(journal.iteration),
    attempt: String(journal.attempt),
    prompt,
    branch: runtime.branch,
    workspace,
    turn_id: journal.turn_id,
    run_id: runtime.run_id,
    state_file: relative(workspace, join(runtime.repository.root, settings.state_file)),
    input_file: relative(workspace, settings.input_file),
    findings_file: relative(workspace, settings.findings_file),
    prompts_dir: relative(workspace, settings.prompts_dir),
  };
}

/** An agent that has run, with what belongs to its record. */
export interface FinishedCall {
  readonly result: AgentResult;
  /** Null where none was started. */
  readonly logs: LogFiles | null;
  /** Set where the orchestrator itself ended the agent: a signal, a stop, a budget. */
  readonly cut: Failure | null;
  /** A budget that its last report used up: the work counts, and the run ends after it. */
  readonly overspent: Failure | null;
  /** The checkout as it was when the agent had exited; null where it must be looked at once more. */
  readonly after: Snapshot | null;
}

/** The calls before in the same turn. */
export interface EarlierCalls {
  /** Gone on with, so that the turn's log is one. */
  readonly logs: LogFiles | null;
  readonly usage: Usage;
  readonly agent_ms: number;
  readonly last: FinishedCall;
}

/** Runs the prepared agent: log files, journal, process, live budget. The journal names the agent before it starts. */
export async function callAgent(runtime: LoopRuntime, journal: Journal, call: PreparedCall, spent: Spent, options: { readonly routing?: boolean; readonly earlier?: EarlierCalls | null } = {}): Promise<{ journal: Journal; call: FinishedCall }> {
  const { clock, settings, places, ledger } = runtime;
  const { routing = false, earlier = null } = options;
  const at = clock.now();
  makeUntrackedFolder(settings.logs_dir);
  const logs = earlier?.logs ?? createLogFiles(settings.logs_dir, { branch: runtime.branch, actor: journal.actor, iteration: journal.iteration, at, prompt: call.prompt.name });
  const token = randomBytes(24).toString('base64url');
  const tools = !routing && (await runtime.agents.takesTools(call.spec.kind)) ? toolServer(runtime.workspace) : undefined;
  const from = statSync(logs.events, { throwIfNoEntry: false })?.size ?? 0;
  const current: Journal = {
    ...journal,
    agent: {
      name: call.spec.name,
      kind: call.spec.kind,
      scratch: call.request.scratch,
      outcome: call.outcome,
      log: logs.text,
      transcript: logs.events,
      from,
      started_at: at.toISOString(),
      token: digestOf(token),
    },
  };
  if (earlier !== null) runtime.agents.reset(places.attempt);
  const journalled = writeJournalForAgent(places, current);
  // Told where it is waited for, below.
  journalled.catch(() => undefined);
  const { routed } = current;
  if (!routing && call.request.resume === undefined) runtime.emit({
    type: 'turn.started',
    turn_id: journal.turn_id,
    actor: journal.actor,
    iteration: journal.iteration,
    attempt: journal.attempt,
    prompt: call.prompt.name,
    source: routed?.source ?? 'deterministic',
    reason: routed?.reason ?? '',
    agent: call.spec.name,
    log: relative(runtime.workspace, logs.text),
  });

  const key = { call: callName(journal, from, routing), run: journal.run_id, turn_id: journal.turn_id };
  const turn = { ...settings.turn_budget, max_cost_usd: call.prompt.frontMatter?.max_cost_usd ?? settings.turn_budget.max_cost_usd };
  const limits = { turn, run: settings.budget, day: settings.day_budget, before: spent, earlier: { usage: earlier?.usage ?? NOTHING_USED, agent_ms: earlier?.agent_ms ?? 0 }, ledger };
  const max_cost_usd = costLeft(limits);
  const budget = watchBudget({ ...limits, call: key, waits: runtime.waits });
  const { turn_id, actor } = journal;
  const asked = ({ question, options: choices }: { question: string; options: string[] | null }): void => runtime.emit({ type: 'question.asked', turn_id, actor, question, options: choices });
  const questions = holdForQuestions({ places, wait_ms: settings.limits.question_wait, onAsked: asked, beginWait: () => runtime.waits.begin() }, tools === undefined ? null : turn_id);
  let looking: Promise<Snapshot | null> | null = null;
  const controls = controlMarks(runtime.repository.commonDirectory);
  const result = await runtime.agents.run(
    { ...call.request, logs, variables: { ...call.request.variables, ORCHESTRATOR_TOKEN: token }, ...(tools === undefined ? {} : { tools }), ...(max_cost_usd === undefined ? {} : { max_cost_usd }) },
    {
      hold: questions,
      onStarted(pid) {
        runtime.emit({ type: 'agent.started', turn_id: journal.turn_id, pid });
        if (!routing) crashPoint('agent-running');
      },
      // Git looks at the checkout while the agent's last output is read and its processes are looked for.
      onExited() {
        if (!routing) looking = takeSnapshot(runtime.repository.git, runtime.repository.root).catch(() => null);
      },
      onEvent(event) {
        runtime.emit({ type: 'agent.event', turn_id: journal.turn_id, event });
        if (event.type === 'usage') budget.onUsage({ input_tokens: event.input_tokens, output_tokens: event.output_tokens, cost_usd: event.cost_usd });
      },
    },
    AbortSignal.any([runtime.signal, budget.signal, ...(runtime.handOff === null ? [] : [runtime.handOff.lost])]),
  );
  budget.close();
  questions.close();
  const costed = [settings.budget, settings.day_budget, turn].some((limits) => limits.max_cost_usd !== null);
  if (costed && result.usage.cost_usd === null && result.usage.input_tokens > 0) runtime.emit({ type: 'warning', message: `${call.spec.name} does not tell what it costs, so that max_cost_usd does not count it; budget.max_tokens does.` });
  ledger.note({ ...key, usage: result.usage, agent_ms: result.agent_ms, turn: !routing && earlier === null });
  if (!routing) crashPoint('agent-exited');
  await journalled;
  const overspent = budget.spent();
  const cutBy = [runtime.signal, runtime.handOff?.lost].find((signal) => signal?.aborted === true);
  const aborted = cutBy !== undefined && result.ended_early === 'aborted' ? (cutBy.reason as Failure) : null;
  const seen = await looking;
  for (const file of changedControls(controls, controlMarks(runtime.repository.commonDirectory))) {
    runtime.emit({ type: 'warning', message: `${file} was changed during the turn. Our own git calls are not led by it; look at it before you use git here.` });
  }
  // What was still there after the exit may have gone on changing files.
  const after = result.left_behind || result.ended_early !== null ? null : seen;
  // Work that was finished is paid for: a budget that its last report used up ends the run after this turn.
  const done = overspent !== null && aborted === null && (result.said_done || result.failure === null);
  const counted = done ? { ...result, failure: null } : result;
  return { journal: current, call: { result: counted, logs, cut: aborted ?? (done ? null : overspent), overspent: done ? overspent : null, after } };
}

/** Variables of a turn that its tools need: whose they are, and where what is reported goes. */
const PASSED = ['ORCHESTRATOR_TURN_ID', 'ORCHESTRATOR_ATTEMPT', 'ORCHESTRATOR_TOKEN'] as const;

/** The server of our tools for an agent that works in `workspace`. */
export const toolServer = (workspace: string, passed: readonly string[] = PASSED): ToolServer => ({ argv: [process.execPath, fileURLToPath(new URL('../../bin/orchestrator.js', import.meta.url)), '-C', workspace, 'mcp'], pass: passed });

/** Removes an attempt's outcome once its turn is on record; doctor names one that cannot be removed. */
export function clearAttempt(journal: Journal): void {
  if (journal.agent === null) return;
  try {
    rmSync(journal.agent.outcome, { recursive: true, force: true });
  } catch {
    // The turn is done and on record: a file that stays is no reason to fail it.
  }
}
