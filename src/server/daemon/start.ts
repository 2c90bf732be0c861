import { existsSync, readFileSync, renameSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { isLoopback } from '../../base/address.ts';
import { FAILURE_KINDS, fail, ok } from '../../base/failure.ts';
import type { Failure, FailureKind, Result } from '../../base/failure.ts';
import { newNonce } from '../../base/ids.ts';
import { isHolderAlive, readHolder } from '../../loop/lock.ts';
import { makeUntrackedFolder } from '../../loop/record.ts';
import { askToEnd } from '../../process/ask-to-end.ts';
import { startDetached } from '../../process/detached.ts';
import type { Detached } from '../../process/detached.ts';
import { processIdentity } from '../../process/identity.ts';
import { askDaemon } from '../ask-daemon.ts';
import { daemonRunning } from './failures.ts';
import type { DaemonPlaces } from './places.ts';
import { runningDaemon } from './record.ts';
import type { DaemonRecord } from './record.ts';

/** From its start until a daemon has to answer. Milliseconds. */
const PATIENCE_MS = 60_000;
const PAUSE_MS = 20;
/** Starts, where each finds another daemon that cannot be found afterwards. */
const ATTEMPTS = 3;
/** Of its log, what is told when it did not come up. Lines. */
const TAIL = 10;
const DEFAULT_PORT = 8765;
const DEFAULT_HOST = '127.0.0.1';

const LAUNCHER = fileURLToPath(new URL('../../../bin/orchestrator.js', import.meta.url));

/** Where a daemon is to listen; what is left out does not matter where one runs already. */
export interface WantedAddress {
  readonly host: string | undefined;
  /** 0 for any. */
  readonly port: number | undefined;
}

export interface StartRequest {
  readonly workspace: string;
  readonly places: DaemonPlaces;
  readonly config_file: string | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly wanted: WantedAddress;
  readonly signal: AbortSignal;
}

export interface Started {
  readonly record: DaemonRecord;
  /** It ran already. */
  readonly found: boolean;
}

export const hostOf = ({ host }: WantedAddress): string => host ?? DEFAULT_HOST;
export const portOf = ({ port }: WantedAddress): number => port ?? DEFAULT_PORT;

/** What a daemon that runs already means to who wants one there; null where none runs. */
export function foundRunning(places: DaemonPlaces, workspace: string, { host, port }: WantedAddress): Result<Started> | null {
  const record = runningDaemon(places, workspace);
  if (record === null) return null;
  const same = (host === undefined || host === record.host || (isLoopback(host) && isLoopback(record.host))) && (port === undefined || port === 0 || port === record.port);
  return same ? ok({ record, found: true }) : fail(daemonRunning(workspace, record.pid, record.url));
}

/** Starts a daemon in the background and waits until it answers. Its own failure is passed on, with the end of its log. */
export async function startInBackground(request: StartRequest): Promise<Result<Started>> {
  const { places, workspace, wanted, signal } = request;
  const until = performance.now() + PATIENCE_MS;
  for (let attempt = 1; ; attempt++) {
    const found = foundRunning(places, workspace, wanted);
    if (found !== null) return found;
    const started = await launch(request, until);
    if (started.ok || started.failure.code !== 'daemon_running' || attempt === ATTEMPTS) return started;
    // Somebody else was a moment quicker; theirs is about to answer, or about to end.
    while (foundRunning(places, workspace, wanted) === null && (await isLocked(places))) {
      if (performance.now() > until || signal.aborted) return started;
      await delay(PAUSE_MS);
    }
  }
}

async function launch(request: StartRequest, until: number): Promise<Result<Started>> {
  const { places, workspace, config_file, environment, wanted } = request;
  makeUntrackedFolder(places.folder);
  const config = config_file === null ? [] : ['--config', config_file];
  const argv = [process.execPath, LAUNCHER, '-C', workspace, ...config, '--json', 'daemon', 'start', '--foreground', '--host', hostOf(wanted), '--port', String(portOf(wanted))] as const;
  // Of its own until it is up: who starts one at the same moment must not write over its last words.
  const output = `${places.output}.${newNonce()}`;
  const child = startDetached([...argv], { cwd: workspace, env: environment, output_file: output });
  try {
    return await whenUp(request, child, output, until);
  } finally {
    if (existsSync(output)) renameSync(output, places.output);
  }
}

async function whenUp({ places, workspace, signal }: StartRequest, child: Detached, output: string, until: number): Promise<Result<Started>> {
  const notUp = (why: string): Result<Started> => fail(daemonNotUp(places, output, why));
  const { pid } = child;
  if (pid === undefined) return notUp('it could not be started');
  const identity = processIdentity(pid);
  const ended = { yes: false };
  void child.exited.then(
    () => (ended.yes = true),
    () => (ended.yes = true),
  );
  for (;;) {
    const record = runningDaemon(places, workspace);
    if (record?.pid === pid && (await askDaemon(record, { method: 'GET', path: '/health' })).ok) return ok({ record, found: false });
    if (ended.yes) {
      // It found somebody else's, who was a moment quicker, and had nothing to do.
      const other = runningDaemon(places, workspace);
      return failureIn(output) ?? (other === null ? notUp('it ended') : fail(daemonRunning(workspace, other.pid, other.url)));
    }
    if (signal.aborted || performance.now() > until) {
      await askToEnd(pid, identity, 5000);
      return signal.aborted ? fail(signal.reason as Failure) : notUp(`it did not answer within ${PATIENCE_MS / 1000} s and was told to end`);
    }
    await delay(PAUSE_MS);
  }
}

async function isLocked(places: DaemonPlaces): Promise<boolean> {
  const holder = await readHolder(places.lock);
  return holder !== null && isHolderAlive(holder);
}

const Envelope = z.object({
  ok: z.literal(false),
  error: z.object({ code: z.string(), kind: z.enum(Object.keys(FAILURE_KINDS) as [FailureKind, ...FailureKind[]]), message: z.string(), hint: z.string().optional(), details: z.record(z.string(), z.unknown()).optional() }),
});

/** The failure that a daemon printed before it ended; null where it printed none. */
function failureIn(output: string): Result<never> | null {
  for (const line of lastLines(output).toReversed()) {
    try {
      const parsed = Envelope.safeParse(JSON.parse(line));
      if (parsed.success) return fail(parsed.data.error as Failure);
    } catch {
      // Not the document.
    }
  }
  return null;
}

function daemonNotUp(places: DaemonPlaces, output: string, why: string): Failure {
  const lines = [...lastLines(output), ...lastLines(places.log)].slice(-TAIL);
  return {
    code: 'daemon_not_up',
    kind: 'unavailable',
    message: [`The daemon is not up: ${why}.`, ...lines].join('\n'),
    hint: `Look into ${places.log} and ${places.output}, or start it with --foreground.`,
    details: { log: places.log, output: places.output },
  };
}

const lastLines = (file: string): string[] => (existsSync(file) ? readFileSync(file, 'utf8').trimEnd().split('\n').slice(-TAIL) : []).filter((line) => line !== '');
