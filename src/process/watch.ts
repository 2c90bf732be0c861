/** A moment on the monotonic clock (`performance.now()`), with what it means when it has passed. */
export interface Deadline<Reason extends string> {
  readonly at: number;
  readonly reason: Reason;
}

export interface Watch {
  /** To be called when a deadline may have come nearer. One that moves away needs no call. */
  refresh(): void;
  stop(): void;
}

/** setTimeout takes no more, and fires at once when given more. */
const LONGEST_TIMER = 2 ** 31 - 1;

/**
 * Calls `onDue` once the next deadline has passed. A deadline may move away as often as it likes (silence is measured
 * from the last output): the one timer looks when it fires and sets itself anew, so that output costs no timer.
 */
export function watchDeadlines<Reason extends string>(next: () => Deadline<Reason> | null, onDue: (reason: Reason) => void): Watch {
  let timer: NodeJS.Timeout | undefined;
  let look: NodeJS.Immediate | undefined;

  const arm = (): void => {
    clearTimeout(timer);
    const deadline = next();
    if (deadline === null) return;
    timer = setTimeout(fire, Math.min(Math.max(Math.ceil(deadline.at - performance.now()), 0), LONGEST_TIMER));
  };
  const fire = (): void => {
    // After a freeze of this process (a stopped shell, a lid closed) the timer fires before the output that waits in
    // the pipes was read. That output counts, so it goes first.
    look = setImmediate(() => {
      const deadline = next();
      if (deadline !== null && deadline.at <= performance.now()) onDue(deadline.reason);
      else arm();
    });
  };

  arm();
  return {
    refresh: arm,
    stop() {
      clearTimeout(timer);
      clearImmediate(look);
    },
  };
}
