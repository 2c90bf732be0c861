import type { Failure } from '../../base/failure.ts';

export const daemonNotRunning = (workspace: string): Failure => ({
  code: 'daemon_not_running',
  kind: 'unavailable',
  message: `No daemon runs for ${workspace}.`,
  hint: 'orchestrator daemon start',
  details: { workspace },
});

/** One runs already, elsewhere than was asked for or still on its way. `pid` 0: not known. */
export const daemonRunning = (workspace: string, pid: number, url: string | null): Failure => ({
  code: 'daemon_running',
  kind: 'conflict',
  message: `A daemon runs for ${workspace} already${pid === 0 ? '' : ` (process ${pid})`}${url === null ? '' : `, at ${url}`}.`,
  hint: 'Use that one, or end it first: orchestrator daemon stop',
  details: { workspace, pid, url },
});

export const portTaken = (address: string): Failure => ({
  code: 'port_taken',
  kind: 'conflict',
  message: `Something else listens on ${address} already.`,
  hint: 'Choose another port with --port, or any free one with --port 0.',
  details: { address },
});

export const cannotListen = (address: string, why: string): Failure => ({
  code: 'cannot_listen',
  kind: 'unavailable',
  message: `${address} cannot be listened on: ${why}.`,
  hint: 'Give an address of this machine to --host, and a port that this user may take to --port.',
  details: { address },
});

export const tokenNeeded = (host: string, file: string): Failure => ({
  code: 'token_needed',
  kind: 'precondition',
  message: `Listening on ${host} lets other machines in, which needs a token that was set on purpose.`,
  hint: `Write one first, e.g.: mkdir -p '${file.replace(/\/[^/]*$/, '')}' && (umask 077; openssl rand -hex 32 > '${file}')`,
  details: { host, file },
});
