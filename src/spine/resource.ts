/**
 * What a long-lived process lends to the operations that run in it: the pool of a daemon, its store. A command line has
 * none of them. Each is declared once, next to its type, and looked up by that declaration.
 */
export interface Resource<T> {
  readonly name: string;
  /** For the types alone; never there. */
  readonly lent?: T;
}

export const defineResource = <T>(name: string): Resource<T> => Object.freeze({ name });

/** The resources of one process. */
export interface Resources {
  lend<T>(resource: Resource<T>, value: T): void;
  /** Null where this process has none. */
  find<T>(resource: Resource<T>): T | null;
}

export function createResources(): Resources {
  const lent = new Map<Resource<unknown>, unknown>();
  return {
    lend(resource, value) {
      if (lent.has(resource)) throw new Error(`The resource ${resource.name} is lent twice`);
      lent.set(resource, value);
    },
    find: <T>(resource: Resource<T>) => (lent.get(resource) ?? null) as T | null,
  };
}
