/** Time as a port, so that pure code takes it as data and tests choose it. */
export interface Clock {
  /** Wall clock; may jump. Only for stamps shown to people. */
  now(): Date;
  /** Milliseconds that only grow, from an arbitrary start. For every duration and deadline. */
  monotonic(): number;
}

export const systemClock: Clock = {
  now: () => new Date(),
  monotonic: () => performance.now(),
};

/** UTC with whole seconds: `2026-01-31T09:05:00Z`. */
export const utcSeconds = (at: Date): string => `${at.toISOString().slice(0, 19)}Z`;

/** UTC for file names: `20260131T090500Z`. */
export const utcCompact = (at: Date): string => utcSeconds(at).replaceAll(/[-:]/g, '');
