/** How long a run has waited for somebody else, the wait under way included: no budget of time counts it. Milliseconds. */
export interface Waits {
  total(): number;
  /** Begins a wait; the returned function ends it. Waits beside each other count as often. */
  begin(): () => void;
}

export function createWaits(): Waits {
  let ended = 0;
  const underWay = new Set<{ readonly since: number }>();
  return {
    total: () => [...underWay].reduce((sum, { since }) => sum + performance.now() - since, ended),
    begin() {
      const wait = { since: performance.now() };
      underWay.add(wait);
      return () => {
        if (underWay.delete(wait)) ended += performance.now() - wait.since;
      };
    },
  };
}
