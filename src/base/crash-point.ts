/** Where a turn can be cut short; every one has a test that kills the process there and starts again. */
export const CRASH_POINTS = [
  'before-claim',
  'after-claim',
  'agent-running',
  'agent-exited',
  'work-committed',
  'state-stamped',
  'before-push',
  'after-push',
] as const;

/** The same of work units in the pool. */
export const UNIT_CRASH_POINTS = [
  'unit-assigned',
  'unit-worktree',
  'unit-agent-running',
  'unit-agent-exited',
  'unit-committed',
  'unit-finished',
  'merge-prepared',
  'merge-landed',
  'unit-completed',
] as const;

export type CrashPoint = (typeof CRASH_POINTS)[number] | (typeof UNIT_CRASH_POINTS)[number];

/** Kills this process with SIGKILL when the environment names this point (`ORCHESTRATOR_CRASH_AT`); for the crash tests only. */
export function crashPoint(point: CrashPoint): void {
  if (process.env['ORCHESTRATOR_CRASH_AT'] === point) process.kill(process.pid, 'SIGKILL');
}
