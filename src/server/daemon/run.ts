import { realpathSync } from 'node:fs';
import { join } from 'node:path';
import { getRequestListener } from '@hono/node-server';
import { authority, isLoopback, reachedAt } from '../../base/address.ts';
import { utcSeconds } from '../../base/clock.ts';
import type { Clock } from '../../base/clock.ts';
import { fail, ok } from '../../base/failure.ts';
import type { Result } from '../../base/failure.ts';
import { openRepository } from '../../git/repository.ts';
import { isHolderAlive, readHolder, takeLock } from '../../loop/lock.ts';
import { makeUntrackedFolder } from '../../loop/record.ts';
import { selfIdentity } from '../../process/identity.ts';
import { dispatch } from '../../spine/dispatch.ts';
import { FEED } from '../../spine/feed.ts';
import { createResources } from '../../spine/resource.ts';
import { STORE } from '../../spine/store-resource.ts';
import { openStore } from '../../store/store.ts';
import { createApp } from '../http/app.ts';
import { refuseRequest } from '../http/gate.ts';
import { closeServer, listen, refuseUpgrade, serve } from '../http/listen.ts';
import { LOGIN, createLogin } from '../http/login.ts';
import { refusal } from '../http/problem.ts';
import { operations } from '../operations.ts';
import { productVersion } from '../version.ts';
import { createHub } from '../ws/hub.ts';
import { daemonRunning, tokenNeeded } from './failures.ts';
import { openDaemonLog } from './log.ts';
import type { DaemonLog } from './log.ts';
import { daemonPlaces } from './places.ts';
import type { DaemonPlaces } from './places.ts';
import { removeRecord, runningDaemon, writeRecord } from './record.ts';
import type { DaemonRecord } from './record.ts';
import type { OpenServices } from './services.ts';
import { ensureToken, isStrong, readToken } from './token.ts';

export interface DaemonSettings {
  /** Absolute. */
  readonly workspace: string;
  readonly config_file: string | null;
  readonly host: string;
  /** 0 for any that is free. */
  readonly port: number;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Ends the daemon in good order. */
  readonly signal: AbortSignal;
  readonly openServices: OpenServices;
  /** Called once it can be reached. */
  readonly onReady: (record: DaemonRecord) => void;
}

/**
 * Runs the daemon of a workspace until it is told to end. Failures: `daemon_running`, `port_taken` (conflict),
 * `cannot_listen` (unavailable), `token_needed` (precondition), those of the store, those of a service's start.
 */
export async function runDaemon(settings: DaemonSettings): Promise<Result<DaemonRecord>> {
  const workspace = realpathSync(settings.workspace);
  const { host, clock, signal } = settings;
  // What is opened is closed in the reverse order, whatever happens between.
  await using closing = new AsyncDisposableStack();
  const places = daemonPlaces(workspace);
  if (!isLoopback(host) && !isStrong(readToken(places.token) ?? '')) return fail(tokenNeeded(host, places.token));
  makeUntrackedFolder(places.folder);
  const lock = await takeLock(places.lock, 'daemon');
  if (!lock.ok) return fail(daemonRunning(workspace, await holderOf(places), runningDaemon(places, workspace)?.url ?? null));
  closing.defer(() => lock.value.release());
  closing.defer(() => removeRecord(places));
  const repository = await openRepository(workspace);
  // To other hosts only a token is shown that was set on purpose, and that was asked for above.
  const token = ensureToken(places.token, repository.ok && isLoopback(host) ? join(repository.value.commonDirectory, 'orchestrator', 'daemon-token') : null);
  const log = openDaemonLog(places.log, [token]);
  closing.defer(() => log.close());
  const store = await openStore(places.store, { check: true });
  if (!store.ok) return logged(log, store);
  closing.defer(() => store.value.close());

  const listening = await listen(host, settings.port);
  if (!listening.ok) return logged(log, listening);
  const { server, port } = listening.value;
  closing.defer(() => closeServer(server));
  const version = productVersion();
  const url = `http://${authority(reachedAt(host), port)}`;
  const resources = createResources();
  const login = createLogin({ token, url, port, clock });
  const hub = createHub({ version, store: store.value, resources, log });
  closing.defer(() => hub.close());
  resources.lend(STORE, store.value);
  resources.lend(FEED, hub);
  resources.lend(LOGIN, login);
  let ready = false;
  const app = createApp({
    version,
    registry: operations,
    login,
    isReady: () => ready,
    log,
    dispatch: async (name, input, gone) =>
      await dispatch(operations, name, input, {
        caller: { kind: 'operator' },
        directory: workspace,
        config_file: settings.config_file,
        environment: settings.environment,
        clock,
        signal: AbortSignal.any([signal, gone]),
        emit: () => undefined,
        resources,
      }),
  });
  const notReady = refusal({ code: 'daemon_not_ready', kind: 'unavailable', message: 'The daemon is starting, or ending.' });
  serve(server, {
    refuse: (request) => refuseRequest((request.url ?? '/').split('?')[0] ?? '/', request.headers, { host, port, token, hasSession: login.hasSession }),
    request: getRequestListener(app.fetch, { overrideGlobalObjects: false }),
    upgrade: (request, socket, head) => (ready ? hub.upgrade(request, socket, head) : refuseUpgrade(socket, notReady)),
  });

  const services = await settings.openServices({ workspace, config_file: settings.config_file, store: store.value, resources, log, environment: settings.environment, clock });
  for (const service of services) {
    const started = await service.start();
    if (!started.ok) return logged(log, started);
    closing.defer(async () => {
      log.info(`${service.name} stops`);
      await service.stop();
    });
  }
  const record: DaemonRecord = { pid: process.pid, identity: selfIdentity(), workspace, host, port, url, version, started_at: utcSeconds(clock.now()) };
  closing.defer(tellBugs(log));
  closing.defer(() => void (ready = false));
  ready = true;
  writeRecord(places, record);
  log.info('the daemon runs', { url, pid: process.pid, version });
  settings.onReady(record);
  await aborted(signal);
  log.info('the daemon ends', { reason: String((signal.reason as { code?: unknown } | null)?.code ?? 'told to') });
  return ok(record);
}

function logged(log: DaemonLog, result: { readonly ok: false; readonly failure: Parameters<typeof fail>[0] }): typeof result {
  log.error(result.failure.message, { code: result.failure.code, hint: result.failure.hint });
  return result;
}

async function holderOf(places: DaemonPlaces): Promise<number> {
  const holder = await readHolder(places.lock);
  return holder !== null && isHolderAlive(holder) ? holder.pid : 0;
}

/** Bugs and warnings of the process go to the log too, which is all that is left of a daemon in the background. */
function tellBugs(log: DaemonLog): () => void {
  const onBug = (error: unknown): void => log.error(`The daemon dies of a bug: ${String(error)}`, { stack: (error as Error | undefined)?.stack });
  const onWarning = (warning: Error): void => log.warn(warning.message, { stack: warning.stack });
  process.on('uncaughtExceptionMonitor', onBug).on('warning', onWarning);
  return () => void process.off('uncaughtExceptionMonitor', onBug).off('warning', onWarning);
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return;
  await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}
