/** Runs tasks one after the other, in the order in which they came. */
export interface Queue {
  run<T>(task: () => Promise<T>): Promise<T>;
  /** Resolves once nothing is left that was put in so far. */
  drained(): Promise<void>;
}

export function createQueue(): Queue {
  let last: Promise<unknown> = Promise.resolve();
  return {
    run(task) {
      const result = last.then(task);
      last = result.catch(() => undefined);
      return result;
    },
    async drained() {
      await last;
    },
  };
}
