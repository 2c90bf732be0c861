import { EARLIER_KEYS } from './schema.ts';
import { keyOf } from './keys.ts';
import { leaves, type Tree } from './tree.ts';

/**
 * Keys that are accepted, checked and shown, but do nothing in this version. A key leaves this list in the change that
 * makes it work.
 */
const NO_EFFECT: readonly string[] = [
  'budget.turn.max_turns',
  'governance',
  'knowledge',
  'sequences',
  'telemetry',
];

const COVERED = ['tracked_output_globs', 'tracked_output_extensions'];

/** Whether a key, or the section that it is in, does nothing in this version. */
export const hasNoEffect = (dotted: string): boolean => NO_EFFECT.some((key) => dotted === key || dotted.startsWith(`${key}.`));

/** One warning for each key of a layer that is accepted without doing anything. */
export function warningsOf(tree: Tree): string[] {
  const keys = leaves(tree).map((path) => keyOf(path)?.path.join('.') ?? path.join('.'));
  return [...new Set(keys)].flatMap((key) => {
    if (EARLIER_KEYS.some((earlier) => earlier === key)) return [`${key} belongs to an earlier runner and is ignored`];
    if (COVERED.includes(key)) return [`${key} has no effect: commit.galph and commit.ralph say what turns may commit`];
    return hasNoEffect(key) ? [`${key} is accepted but has no effect in this version`] : [];
  });
}
