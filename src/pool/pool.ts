import { readFileSync } from 'node:fs';
import { watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import { basename, dirname, join, relative, sep } from 'node:path';
import { openAgents } from '../agents/contract.ts';
import type { Clock } from '../base/clock.ts';
import { fail, ok } from '../base/failure.ts';
import type { Result } from '../base/failure.ts';
import { loadConfig } from '../config/load-config.ts';
import type { Config } from '../config/schema.ts';
import { branchTip, checkedOutBranch } from '../git/head.ts';
import { resolveCommit } from '../git/history.ts';
import { commitIdentity } from '../git/identity.ts';
import { openRepository } from '../git/repository.ts';
import { loopSettings, placesOf } from '../loop/contract.ts';
import type { Places } from '../loop/contract.ts';
import type { Store } from '../store/store.ts';
import { createDispatcher } from './dispatcher.ts';
import type { Dispatcher } from './dispatcher.ts';
import { createDoneChunks } from './done-chunks.ts';
import { createMergeQueue } from './merge-queue.ts';
import type { MergeQueue } from './merge-queue.ts';
import { createNotifier } from './notify.ts';
import { poolFolder } from './places.ts';
import { createRadar } from './radar.ts';
import { GIT_MARK, endLeftProcesses, reconcile } from './reconcile.ts';
import type { PoolLog, PoolRuntime } from './runtime.ts';
import { openSpending } from './spending.ts';
import { writeConflicts } from './unit-binding.ts';
import { openUnitBook } from './unit-book.ts';
import { factsOfUnit } from './unit-facts.ts';
import { openVerdicts } from './verdicts.ts';

/** The pool of one workspace at work. */
export interface Pool {
  readonly runtime: PoolRuntime;
  readonly dispatcher: Dispatcher;
  readonly merges: MergeQueue;
  stop(): Promise<void>;
}

export interface PoolHost {
  readonly workspace: string;
  readonly config_file: string | null;
  readonly store: Store;
  readonly log: PoolLog;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly broadcast: PoolRuntime['broadcast'];
}

/** Git calls at the same time; more wait for a process of their own. */
const GIT_SERVERS = 3;

/** Opens the pool: what a crash left is put in order first, then units start. */
export async function openPool(host: PoolHost): Promise<Result<Pool>> {
  const file = host.config_file ?? join(host.workspace, 'orchestration.yaml');
  const load = () => loadConfig({ file: exists(file) ? file : null, workspace: host.workspace, env: host.environment, flags: [] });
  const loaded = await load();
  if (!loaded.ok) return loaded;
  // What is opened is closed in the reverse order, be it that opening fails half-way.
  await using opening = new AsyncDisposableStack();
  const agents = await openAgents({ ahead: false });
  opening.defer(() => agents.close());
  const left = await endLeftProcesses(host.store, agents, host.workspace);
  const git_env = { [GIT_MARK]: host.workspace, ...(await commitIdentity(host.workspace)) };
  const opened = await openRepository(host.workspace, git_env);
  if (!opened.ok) return opened;
  const repository = opened.value;
  opening.defer(repository.git.keepReady(join(poolFolder(host.workspace), 'git-input'), GIT_SERVERS));
  const target = loaded.value.config.pool.target ?? checkedOutBranch(repository);
  const refused = target === null ? 'The checkout is on no branch, and pool.target names none.' : (await resolveCommit(repository.git, `refs/heads/${target}`)) === null ? `The target branch ${target} has no commit.` : null;
  if (refused !== null || target === null) return fail({ code: 'target_missing', kind: 'precondition', message: refused ?? '', hint: 'Set pool.target in orchestration.yaml, or check a branch with a commit out.' });
  if ((await branchTip(repository, 'orchestrator')) !== null) {
    return fail({ code: 'branch_in_the_way', kind: 'precondition', message: 'There is a branch "orchestrator", beside which git can have none called orchestrator/<chunk>.', hint: 'Give it another name: git branch -m orchestrator <name>' });
  }
  let config: Config = loaded.value.config;
  const ended = new AbortController();
  opening.defer(() => ended.abort());
  agents.noteWorkspace(host.workspace);
  const units = await openUnitBook(host.store, host.clock);
  const spending = await openSpending(host.store, placesOf(repository, host.workspace).spent, host.clock);
  const wake = (): void => dispatcher?.wake();
  let dispatcher: Dispatcher | null = null;
  const verdicts = await openVerdicts({
    store: host.store,
    clock: host.clock,
    subsystems: config.subsystems,
    onAsk: () => config.pool.on_ask,
    factsOf: async (chunk) => {
      const unit = units.live.get(chunk);
      return unit === undefined ? null : await factsOfUnit(repository.git, unit.worktree === null ? host.workspace : join(unit.worktree, prefix), unit);
    },
    onChange: () => {
      tellConflicts();
      wake();
    },
  });
  const budgets = loopSettings({ config, workspace: host.workspace, repository, config_file: file, mode: 'combined', agentFlags: { agent: null, roles: {}, prompts: {} }, commits: true });
  const at_work = new Map<string, Places>();
  const tellConflicts = (): void => {
    for (const [chunk, places] of at_work) writeConflicts(places, verdicts.told(chunk));
  };
  const prefix = relative(repository.root, host.workspace).split(sep).join('/');
  const runtime: PoolRuntime = {
    workspace: host.workspace, config_file: host.config_file, repository, git_env, prefix, store: host.store, units, verdicts, spending, agents, at_work, clock: host.clock,
    config: () => config,
    agentConfig: () => ({ default: config.agent.default, roles: config.agent.roles, prompts: config.agent.prompts, agents: config.agents, workspace: host.workspace }),
    budgets: () => budgets,
    target, log: host.log, wake, signal: ended.signal, broadcast: host.broadcast,
  };
  const merges = createMergeQueue(runtime);
  const done = createDoneChunks(runtime);
  const unwatch = watchFile(file, async () => {
    const again = await load();
    if (!again.ok) return host.log.warn('the changed configuration cannot be used; the one before stays in force', { failure: again.failure });
    // What began under the old configuration ends under it; only the pool's own keys change while it runs.
    config = { ...config, pool: again.value.config.pool, notify: again.value.config.notify };
    verdicts.relink();
    host.log.info('the configuration of the pool was read again', { pool: config.pool });
    wake();
  });
  opening.defer(unwatch);
  const notifier = createNotifier(runtime);
  opening.defer(() => notifier.stop());
  const radar = createRadar(runtime);
  opening.defer(() => radar.stop());
  await reconcile(runtime, left);
  await verdicts.put((await Promise.all([...units.live.values()].map(async (unit) => await factsOfUnit(repository.git, unit.worktree === null ? host.workspace : join(unit.worktree, prefix), unit)))).filter((facts) => facts !== null));
  for (const unit of units.live.values()) if (unit.status === 'PENDING') await units.change(unit.chunk, { event: 'analysed', payload: {} });
  dispatcher = createDispatcher(runtime, merges, done);
  radar.start();
  wake();
  const opened_all = opening.move();
  return ok({
    runtime, dispatcher, merges,
    async stop() {
      ended.abort();
      await dispatcher?.stop();
      await spending.close();
      await opened_all.disposeAsync();
    },
  });
}

function exists(file: string): boolean {
  try {
    readFileSync(file);
    return true;
  } catch {
    return false;
  }
}

/** Calls `onChange` a moment after a file was written or replaced. */
function watchFile(file: string, onChange: () => Promise<void>): () => void {
  let timer: NodeJS.Timeout | undefined;
  let watcher: FSWatcher | null = null;
  try {
    // The folder, as an editor puts another file in its place.
    watcher = watch(dirname(file), { persistent: false }, (_event, name) => {
      if (name !== null && name !== basename(file)) return;
      clearTimeout(timer);
      timer = setTimeout(() => void onChange(), 50).unref();
    });
    watcher.on('error', () => undefined);
  } catch {
    // Without it, a restart reads the configuration again.
  }
  return () => {
    clearTimeout(timer);
    watcher?.close();
  };
}
