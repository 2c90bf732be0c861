import type { Failure } from '../base/failure.ts';

/** The failure that a signal to the process means. A closed terminal counts as SIGTERM. */
export function signalFailure(signal: 'SIGINT' | 'SIGTERM' | 'SIGHUP'): Failure {
  return {
    code: signal.toLowerCase(),
    kind: signal === 'SIGINT' ? 'interrupted' : 'terminated',
    message: `Ended by ${signal}.`,
    hint: 'What was done so far is kept; the next run repeats the turn.',
  };
}
