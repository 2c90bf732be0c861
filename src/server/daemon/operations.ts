import { existsSync, realpathSync } from 'node:fs';
import { z } from 'zod';
import { fail, ok } from '../../base/failure.ts';
import type { Result } from '../../base/failure.ts';
import { findWorkspace } from '../../config/find-workspace.ts';
import { loadConfig } from '../../config/load-config.ts';
import { askToEnd } from '../../process/ask-to-end.ts';
import type { OperationContext } from '../../spine/operation.ts';
import { defineOperation } from '../../spine/operation.ts';
import { LOGIN } from '../http/login.ts';
import { daemonNotRunning } from './failures.ts';
import { daemonPlaces } from './places.ts';
import type { DaemonPlaces } from './places.ts';
import { runningDaemon } from './record.ts';
import { foundRunning, hostOf, portOf, startInBackground } from './start.ts';

/** What a daemon takes to end beside its agents' grace. Milliseconds. */
const STOPPING_MS = 20_000;
const USUAL_GRACE_MS = 10_000;

const shared = { transaction: 'none', cross_domain_deps: [], surfaces: ['cli'], callers: ['operator', 'system'], starts_work: false } as const;

interface Here {
  readonly workspace: string;
  readonly file: string | null;
  readonly places: DaemonPlaces;
}

async function here(context: OperationContext): Promise<Result<Here>> {
  const found = await findWorkspace({ directory: context.directory, config: context.config_file, cwd: context.directory });
  if (!found.ok) return found;
  const workspace = realpathSync(found.value.workspace);
  return ok({ workspace, file: found.value.file, places: daemonPlaces(workspace) });
}

export const daemonStart = defineOperation({
  ...shared,
  name: 'server.daemon.start',
  summary: 'Start the daemon of this workspace',
  input: z.object({
    host: z.string().min(1).max(253).optional().describe('Default 127.0.0.1. Another machine is let in only with a token that was written beforehand.'),
    port: z.number().int().min(0).max(65_535).optional().describe('Default 8765; 0 takes any free one.'),
    foreground: z.boolean().default(false).describe('Do not go to the background; ends with SIGINT or SIGTERM.'),
  }),
  output: z.object({
    pid: z.number(),
    url: z.string(),
    started_at: z.string(),
    found: z.boolean().describe('It ran already.'),
    ended: z.boolean().describe('It ran in the foreground, and has ended.'),
  }),
  failures: ['branch_in_the_way', 'cannot_listen', 'daemon_not_up', 'daemon_running', 'not_a_repository', 'port_taken', 'store_corrupt', 'store_newer', 'store_unusable', 'target_missing', 'token_needed'],
  async handler(context, { host, port, foreground }) {
    const opened = await here(context);
    if (!opened.ok) return opened;
    const { workspace, places } = opened.value;
    const wanted = { host, port };
    const { environment, signal, clock, config_file } = context;
    const shown = ({ pid, url, started_at }: { pid: number; url: string; started_at: string }, found: boolean, ended: boolean) => ok({ pid, url, started_at, found, ended });
    if (!foreground) {
      const started = await startInBackground({ workspace, places, config_file, environment, wanted, signal });
      return started.ok ? shown(started.value.record, started.value.found, false) : started;
    }
    const running = foundRunning(places, workspace, wanted);
    if (running !== null) return running.ok ? shown(running.value.record, true, false) : running;
    // Loaded by the daemon alone: a command line that asks it something must not pay for its parts.
    const [{ runDaemon }, { openServices }] = await Promise.all([import('./run.ts'), import('./compose.ts')]);
    const ran = await runDaemon({
      workspace,
      config_file,
      host: hostOf(wanted),
      port: portOf(wanted),
      environment,
      clock,
      signal,
      openServices,
      onReady: ({ url, pid }) => context.emit({ type: 'daemon.ready', url, pid }),
    });
    return ran.ok ? shown(ran.value, false, true) : ran;
  },
});

export const daemonStop = defineOperation({
  ...shared,
  name: 'server.daemon.stop',
  summary: 'End the daemon of this workspace in good order',
  input: z.object({}),
  output: z.object({ stopped: z.boolean().describe('False where none ran.'), pid: z.number().nullable() }),
  failures: ['daemon_still_ending', 'not_a_repository'],
  async handler(context) {
    const opened = await here(context);
    if (!opened.ok) return opened;
    const { workspace, file, places } = opened.value;
    const record = runningDaemon(places, workspace);
    if (record === null) return ok({ stopped: false, pid: null });
    const loaded = await loadConfig({ file, workspace, env: context.environment, flags: [] });
    const patience = (loaded.ok ? loaded.value.config.limits.grace : USUAL_GRACE_MS) + STOPPING_MS;
    if (await askToEnd(record.pid, record.identity, patience, context.signal)) return ok({ stopped: true, pid: record.pid });
    return fail({
      code: 'daemon_still_ending',
      kind: 'timeout',
      message: `The daemon (process ${record.pid}) was told to end and has not yet, ${Math.round(patience / 1000)} s later.`,
      hint: `Wait for it, see ${places.log}, or end it at once with: kill -9 ${record.pid}. The next start takes up what it was doing.`,
      details: { pid: record.pid },
    });
  },
});

export const daemonStatus = defineOperation({
  ...shared,
  name: 'server.daemon.status',
  summary: 'Whether a daemon runs, where it listens, how its units stand',
  input: z.object({}),
  output: z.object({ running: z.boolean(), pid: z.number().nullable(), url: z.string().nullable(), started_at: z.string().nullable(), units: z.record(z.string(), z.number()) }),
  failures: ['not_a_repository'],
  async handler(context) {
    const opened = await here(context);
    if (!opened.ok) return opened;
    const { workspace, places } = opened.value;
    const record = runningDaemon(places, workspace);
    const units = await countUnits(places.store);
    if (!units.ok) context.emit({ type: 'warning', message: units.failure.message });
    return ok({ running: record !== null, pid: record?.pid ?? null, url: record?.url ?? null, started_at: record?.started_at ?? null, units: units.ok ? units.value : {} });
  },
});

/** Units by status; none where there is no store yet. */
async function countUnits(file: string): Promise<Result<Record<string, number>>> {
  if (!existsSync(file)) return ok({});
  const { openStore } = await import('../../store/store.ts');
  const opened = await openStore(file, { readonly: true });
  if (!opened.ok) return opened.failure.code === 'store_missing' ? ok({}) : opened;
  try {
    const rows = await opened.value.read(async ({ db }) => await db.selectFrom('units').select(['status', ({ fn }) => fn.countAll().as('count')]).groupBy('status').orderBy('status').execute());
    return ok(Object.fromEntries(rows.map(({ status, count }) => [status, Number(count)])));
  } finally {
    await opened.value.close();
  }
}

export const daemonUrl = defineOperation({
  ...shared,
  name: 'server.daemon.url',
  summary: 'A link that opens the daemon in a browser, once',
  input: z.object({}),
  output: z.object({ url: z.string().describe('Good for two minutes and one visit.') }),
  failures: ['daemon_not_running', 'daemon_unreachable'],
  runs_in: 'daemon',
  async handler(context) {
    const login = context.resource(LOGIN);
    return login === null ? fail(daemonNotRunning(context.directory)) : ok({ url: login.newLink() });
  },
});
