import { readFile, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { openAgents } from '../../agents/contract.ts';
import type { AgentConfig, Agents } from '../../agents/contract.ts';
import { fail, ok } from '../../base/failure.ts';
import { findWorkspace } from '../../config/find-workspace.ts';
import { loadConfig } from '../../config/load-config.ts';
import type { Config } from '../../config/schema.ts';
import { openGit } from '../../git/git.ts';
import { lookAtRemote, refusesOwnRefs } from '../../git/remote.ts';
import { openRepository } from '../../git/repository.ts';
import type { Repository } from '../../git/repository.ts';
import { indexLock, isHolderAlive, placesOf, readHolder, readJournal, stateShow } from '../../loop/contract.ts';
import type { Places } from '../../loop/contract.ts';
import { defineOperation } from '../../spine/operation.ts';

const Check = z.object({
  name: z.string(),
  status: z.enum(['ok', 'warning', 'failed', 'fixed']),
  message: z.string(),
  hint: z.string().optional(),
});
type Check = z.infer<typeof Check>;

/** `merge-tree --write-tree` came with git 2.38; remerge diffs with 2.35. */
const GIT_NEEDED = [2, 38] as const;

export const healthCheck = defineOperation({
  name: 'workspace.health.check',
  summary: 'Check git, remote, agents, configuration, state, locks',
  input: z.object({ fix: z.boolean().default(false) }),
  output: z.object({ checks: z.array(Check) }),
  failures: ['unhealthy'],
  transaction: 'none',
  cross_domain_deps: [stateShow],
  surfaces: ['cli', 'http'],
  callers: ['operator', 'system'],
  starts_work: false,
  async handler(context, input) {
    const checks: Check[] = [];
    const add = (check: Check): void => {
      checks.push(check);
      context.emit({ type: 'check', check });
    };
    add(await checkGit(context.directory));
    const found = await findWorkspace({ directory: context.directory, config: context.config_file, cwd: context.directory });
    if (!found.ok) {
      add({ name: 'workspace', status: 'failed', message: found.failure.message, ...hintOf(found.failure) });
      return finish(checks);
    }
    const { workspace, file } = found.value;
    const loaded = await loadConfig({ file, workspace, env: context.environment, flags: [] });
    if (!loaded.ok) add({ name: 'configuration', status: 'failed', message: loaded.failure.message, ...hintOf(loaded.failure) });
    else {
      const { warnings } = loaded.value;
      if (file === null) add({ name: 'configuration', status: 'warning', message: 'no orchestration.yaml; defaults hold', hint: 'orchestrator init' });
      else add({ name: 'configuration', status: warnings.length > 0 ? 'warning' : 'ok', message: warnings.length > 0 ? `${file}: ${warnings.join('; ')}` : file });
    }
    const repository = await openRepository(workspace);
    if (!repository.ok) {
      add({ name: 'repository', status: 'failed', message: repository.failure.message, ...hintOf(repository.failure) });
      return finish(checks);
    }
    add({ name: 'repository', status: 'ok', message: repository.value.root });
    if (loaded.ok) {
      const state = await context.call(stateShow, {});
      add(state.ok ? { name: 'state', status: 'ok', message: `${state.value.file}: iteration ${state.value.state.iteration}, ${state.value.state.expected_actor} is expected, ${state.value.state.status}` } : { name: 'state', status: 'failed', message: state.failure.message, ...hintOf(state.failure) });
      const { config } = loaded.value;
      add(await checkRemote(repository.value, config.sync.remote));
      const agents = await openAgents();
      for (const check of await checkAgents(agents, config, workspace)) add(check);
      add(await checkSandbox(agents, config));
    }
    const places = placesOf(repository.value, workspace);
    for (const check of await checkLeftovers(repository.value, places, input.fix)) add(check);
    return finish(checks);
  },
});

function finish(checks: Check[]) {
  const failed = checks.filter((check) => check.status === 'failed');
  if (failed.length === 0) return ok({ checks });
  return fail({
    code: 'unhealthy',
    kind: 'precondition',
    message: `${failed.length} of ${checks.length} checks failed: ${failed.map((check) => check.name).join(', ')}.`,
    ...(failed[0]?.hint === undefined ? {} : { hint: failed[0].hint }),
    details: { checks },
  });
}

const hintOf = ({ hint }: { hint?: string }): { hint?: string } => (hint === undefined ? {} : { hint });

async function checkGit(directory: string): Promise<Check> {
  try {
    const output = await openGit(directory).run(['version']);
    const [, major = '0', minor = '0'] = /(\d+)\.(\d+)/.exec(output) ?? [];
    const enough = Number(major) > GIT_NEEDED[0] || (Number(major) === GIT_NEEDED[0] && Number(minor) >= GIT_NEEDED[1]);
    return enough
      ? { name: 'git', status: 'ok', message: output.trim() }
      : { name: 'git', status: 'failed', message: `${output.trim()} is too old`, hint: `Install git ${GIT_NEEDED.join('.')} or newer.` };
  } catch (error) {
    return { name: 'git', status: 'failed', message: error instanceof Error ? error.message : String(error), hint: `Install git ${GIT_NEEDED.join('.')} or newer.` };
  }
}

async function checkRemote({ git }: Repository, name: string): Promise<Check> {
  const remote = await lookAtRemote(git, name);
  if (remote === null) return { name: 'remote', status: 'ok', message: `no remote ${name}; turns stay on this machine` };
  if (!remote.reachable) return { name: 'remote', status: 'warning', message: `${name} (${remote.url}) does not answer: ${remote.problem ?? ''}`, hint: 'Only --push and roles on several machines need it.' };
  if (!remote.atomic) return { name: 'remote', status: 'warning', message: `${name} (${remote.url}) takes no atomic pushes of refs/orchestrator/*: ${remote.problem ?? ''}`, hint: 'Hand-off between machines needs a remote that does.' };
  const refused = await refusesOwnRefs(git, name);
  if (refused !== null) return { name: 'remote', status: 'warning', message: `${name} (${remote.url}) refuses refs/orchestrator/*: ${refused}`, hint: 'Turns are claimed there: let its hooks and rules pass these refs, or use a remote that does.' };
  return { name: 'remote', status: 'ok', message: `${name} (${remote.url}) answers and takes atomic pushes of refs/orchestrator/*` };
}

async function checkAgents(agents: Agents, config: Config, workspace: string): Promise<Check[]> {
  const settings: AgentConfig = { default: config.agent.default, roles: config.agent.roles, prompts: config.agent.prompts, agents: config.agents, workspace };
  const flags = { agent: null, roles: {}, prompts: {} };
  const checks: Check[] = [];
  for (const [actor, prompt] of [['galph', config.supervisor_prompt], ['ralph', config.main_prompt], ['reviewer', config.reviewer_prompt]] as const) {
    const name = `agent of ${actor}`;
    const chosen = await agents.choose({ prompt, actor: actor === 'reviewer' ? 'galph' : actor, flags, frontMatter: null, config: settings });
    if (!chosen.ok) {
      checks.push({ name, status: 'failed', message: chosen.failure.message, ...hintOf(chosen.failure) });
      continue;
    }
    const { kind, bin } = chosen.value;
    const version = await agents.version(kind, bin);
    checks.push({ name, status: 'ok', message: `${chosen.value.name}${version === null ? '' : ` (${version.version}, ${version.path})`}` });
  }
  return checks;
}

async function checkSandbox(agents: Agents, { sandbox }: Config): Promise<Check> {
  const passed = sandbox.pass_env.includes('SSH_AUTH_SOCK') ? '; SSH_AUTH_SOCK is passed, so that agents may use your ssh keys' : '';
  if (sandbox.mode === 'off') return { name: 'sandbox', status: 'ok', message: `switched off${passed}` };
  const problem = await agents.sandboxProblem();
  if (problem === null) return { name: 'sandbox', status: 'ok', message: `bubblewrap works (mode ${sandbox.mode})${passed}` };
  const status = sandbox.mode === 'strict' ? 'failed' : 'warning';
  return { name: 'sandbox', status, message: `agents run without a sandbox: ${problem}${passed}`, hint: 'Install what is missing, run it all in a container, or write sandbox: off to say that you know.' };
}

/** Locks, journals and outcome files whose process is gone, and worktrees whose folder is. */
async function checkLeftovers(repository: Repository, places: Places, fix: boolean): Promise<Check[]> {
  const { git } = repository;
  const checks: Check[] = [];
  const index = await indexLock(repository);
  if (index !== null) {
    const busy = await gitAtWork();
    const mended = fix && !busy;
    if (mended) await rm(index, { force: true });
    const why = busy ? 'git is at work on this machine' : 'no git is at work on this machine';
    checks.push({ name: 'index lock', status: mended ? 'fixed' : 'failed', message: `${index} ${mended ? 'was removed' : 'exists'}; ${why}`, ...(mended ? {} : { hint: busy ? 'Wait for it, then ask again.' : 'orchestrator doctor --fix removes it.' }) });
  }
  const holder = await readHolder(places.lock);
  const alive = holder !== null && isHolderAlive(holder);
  if (holder !== null && !alive) {
    if (fix) await rm(places.lock, { force: true });
    checks.push({ name: 'lock', status: fix ? 'fixed' : 'warning', message: `a lock of process ${holder.pid}, which is gone${fix ? ', was removed' : ''}`, ...(fix ? {} : { hint: 'The next run takes it over; orchestrator doctor --fix removes it.' }) });
  } else checks.push({ name: 'lock', status: 'ok', message: alive ? `process ${holder?.pid ?? 0} is at work here` : 'no run is at work here' });

  const journal = readJournal(places);
  if (!journal.ok) checks.push({ name: 'journal', status: 'failed', message: journal.failure.message, ...hintOf(journal.failure) });
  else if (journal.value !== null && !alive) checks.push({ name: 'journal', status: 'warning', message: `${journal.value.actor}'s turn ${journal.value.turn_id} was cut short`, hint: 'The next run finishes or repeats it.' });

  const current = journal.ok ? (journal.value?.turn_id ?? null) : null;
  const stale = alive ? [] : (await listOf(places.outcomes)).filter((name) => current === null || !name.startsWith(current));
  if (stale.length > 0) {
    if (fix) await Promise.all(stale.map((name) => rm(join(places.outcomes, name), { recursive: true, force: true })));
    checks.push({ name: 'outcomes', status: fix ? 'fixed' : 'warning', message: `${stale.length} outcome files of turns that are over${fix ? ' were removed' : ''}`, ...(fix ? {} : { hint: 'orchestrator doctor --fix removes them.' }) });
  }

  const prunable = (await git.attempt(['worktree', 'list', '--porcelain'])).stdout.split('\n').filter((line) => line.startsWith('prunable')).length;
  if (prunable > 0) {
    if (fix) await git.run(['worktree', 'prune']);
    checks.push({ name: 'worktrees', status: fix ? 'fixed' : 'warning', message: `${prunable} worktrees whose folder is gone${fix ? ' were pruned' : ''}`, ...(fix ? {} : { hint: 'orchestrator doctor --fix prunes them.' }) });
  }
  return checks;
}

/** Whether any git process is at work on this machine; yes where that cannot be known. */
async function gitAtWork(): Promise<boolean> {
  const pids = (await listOf('/proc')).filter((name) => /^\d+$/.test(name));
  if (pids.length === 0) return true;
  const names = await Promise.all(pids.map((pid) => readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '')));
  return names.some((name) => name.trim() === 'git' || name.startsWith('git-'));
}

async function listOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch {
    return [];
  }
}
