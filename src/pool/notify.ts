import { hideSecrets } from '../loop/contract.ts';
import { findProgram } from '../process/find-program.ts';
import { runProgram } from '../process/run-program.ts';
import type { PoolRuntime } from './runtime.ts';
import { argvOf } from './setup.ts';
import type { Unit } from './unit.ts';

/** Tells a person that a unit needs them: on the desktop, by a webhook, by a command. */
export interface Notifier {
  stop(): Promise<void>;
}

const TIMEOUT_MS = 10_000;

export function createNotifier(pool: PoolRuntime): Notifier {
  let last = -Infinity;
  const held: Unit[] = [];
  let timer: NodeJS.Timeout | undefined;
  const running = new Set<Promise<void>>();

  const send = (): void => {
    const units = held.splice(0);
    if (units.length === 0) return;
    last = pool.clock.monotonic();
    const task = tell(pool, units).catch((error: unknown) => pool.log.warn('nobody could be notified', { error: String(error) }));
    running.add(task);
    void task.finally(() => running.delete(task));
  };
  const off = pool.units.onChange((unit, before) => {
    const asks = (unit.question?.live ?? null) !== null && (before?.question?.live ?? null) === null;
    const stuck = (unit.status === 'NEEDS_ATTENTION' || unit.status === 'FAILED') && before?.status !== unit.status;
    if (!asks && !stuck) return;
    held.push(unit);
    // Many at once are one message.
    const wait = Math.max(0, last + pool.config().notify.min_interval - pool.clock.monotonic());
    clearTimeout(timer);
    timer = setTimeout(send, wait).unref();
  });
  return {
    async stop() {
      off();
      clearTimeout(timer);
      // What was held back is told now: the next start says nothing of it.
      send();
      await Promise.all(running);
    },
  };
}

async function tell(pool: PoolRuntime, units: readonly Unit[]): Promise<void> {
  const { desktop, webhook, command } = pool.config().notify;
  const items = units.map((unit) => ({ unit: unit.chunk, kind: unit.status === 'FAILED' ? 'FAILED' : (unit.kind ?? 'QUESTION'), attention_reason: hideSecrets(unit.attention_reason ?? unit.failure?.message ?? 'Its agent asks, and waits'), question: unit.question === null ? null : hideSecrets(unit.question.question) }));
  const [first] = items;
  if (first === undefined) return;
  const title = items.length === 1 ? `${first.unit} needs you (${first.kind ?? 'QUESTION'})` : `${items.length} work units need you`;
  const text = items.map((item) => `${item.unit}: ${item.question ?? item.attention_reason}`).join('\n').slice(0, 1000);
  const env = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '', ...(process.env['DBUS_SESSION_BUS_ADDRESS'] === undefined ? {} : { DBUS_SESSION_BUS_ADDRESS: process.env['DBUS_SESSION_BUS_ADDRESS'] }), ...(process.env['DISPLAY'] === undefined ? {} : { DISPLAY: process.env['DISPLAY'] }) };
  const program = findProgram('notify-send', process.env['PATH'], pool.workspace);
  if (desktop && program !== null) await runProgram([program, title, text], { cwd: pool.workspace, env, timeout_ms: TIMEOUT_MS });
  if (webhook !== undefined) {
    await fetch(webhook, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ title, items }), signal: AbortSignal.timeout(TIMEOUT_MS), redirect: 'error' });
  }
  if (command !== undefined) {
    const ran = await runProgram(argvOf(command), { cwd: pool.workspace, env: { ...env, ORCHESTRATOR_NOTIFY_TITLE: title, ORCHESTRATOR_NOTIFY_TEXT: text, ORCHESTRATOR_NOTIFY_JSON: JSON.stringify({ items }) }, timeout_ms: TIMEOUT_MS });
    if (!ran.ok) pool.log.warn('notify.command', { failure: ran.failure });
  }
}
