/**
 * Runs inside a sandbox that has no network: offers the gate's socket on a port of the loopback, and runs the agent beside
 * it. Its end is the agent's.
 *
 *   node relay.ts <socket> <port> -- <program> <argument>…
 */
import { spawn } from 'node:child_process';
import { connect, createServer } from 'node:net';
import { constants } from 'node:os';

const [socket = '', port = '0', , program = '', ...args] = process.argv.slice(2);

const server = createServer((client) => {
  const gate = connect(socket);
  client.pipe(gate).pipe(client);
  gate.on('error', () => client.destroy());
  client.on('error', () => gate.destroy());
});
server.listen(Number(port), '127.0.0.1', () => {
  const child = spawn(program, args, { stdio: 'inherit' });
  // The whole group is told to end; the agent decides when that is.
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => undefined);
  child.once('error', () => process.exit(127));
  child.once('exit', (code, signal) => process.exit(code ?? 128 + constants.signals[signal ?? 'SIGKILL']));
});
