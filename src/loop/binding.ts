import { createHash, timingSafeEqual } from 'node:crypto';
import { fail, ok } from '../base/failure.ts';
import type { Result } from '../base/failure.ts';
import { readJournal } from './journal.ts';
import type { Journal } from './journal.ts';
import type { Places } from './places.ts';

/** What is written down of a token. */
export const digestOf = (token: string): string => createHash('sha256').update(token).digest('hex');

/** Whether whoever has this environment shows the token of a digest; in a time that tells nothing of where they differ. */
export function showsToken(environment: Readonly<Record<string, string | undefined>>, digest: string | null): boolean {
  const shown = Buffer.from(digestOf(environment['ORCHESTRATOR_TOKEN'] ?? ''));
  const expected = Buffer.from(digest ?? '');
  return expected.length === shown.length && timingSafeEqual(expected, shown);
}

/**
 * The turn in flight, if whoever has this environment was started for it: by turn, attempt and token. Failure `not_bound`: a
 * call from a turn that is over, or from nobody's.
 */
export function boundTurn(places: Places, environment: Readonly<Record<string, string | undefined>>): Result<Journal> {
  const journal = readJournal(places);
  const turn = journal.ok ? journal.value : null;
  const bound = turn !== null && turn.turn_id === environment['ORCHESTRATOR_TURN_ID'] && String(turn.attempt) === environment['ORCHESTRATOR_ATTEMPT'] && showsToken(environment, turn.agent?.token ?? null);
  if (bound) return ok(turn);
  return fail({ code: 'not_bound', kind: 'precondition', message: 'These tools belong to a turn of the loop, and this caller was not started for the one in flight.', hint: 'They are passed to an agent by orchestrator run, for that call alone.' });
}
