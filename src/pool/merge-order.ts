/** The merge queue's decisions, pure: how many units are tried together, and which of them makes the gate red. */

/** As in Zuul: it begins with so many, grows by one with each success, and is halved by each failure. */
export const FIRST_WINDOW = 4;

export const nextWindow = (window: number, green: boolean): number => (green ? window + 1 : Math.max(1, Math.floor(window / 2)));

/** What is known of a batch: with the first `green` units the gate is green, with the first `red` it is not. */
export interface Search {
  readonly green: number;
  readonly red: number;
}

/** The next number of units to try, or null when the culprit is known: it is number `red`, counted from 1. */
export const nextProbe = ({ green, red }: Search): number | null => (red - green <= 1 ? null : green + Math.floor((red - green) / 2));

export const narrowed = (search: Search, tried: number, wasGreen: boolean): Search => (wasGreen ? { ...search, green: tried } : { ...search, red: tried });

/** Units in the order in which they came to the door; by name where that is the same. */
export function inOrder<T extends { readonly chunk: string; readonly updated_at: string }>(units: readonly T[]): T[] {
  return units.toSorted((a, b) => (a.updated_at === b.updated_at ? (a.chunk < b.chunk ? -1 : 1) : a.updated_at < b.updated_at ? -1 : 1));
}
