import type { AnyOperation, OperationName } from './operation.ts';

/** Loads one operation; called at most once. */
export type OperationLoader = () => Promise<AnyOperation>;

/** All operations of the product by name. Frozen from the start; each is loaded when it is first needed. */
export interface Registry {
  readonly names: readonly string[];
  /** The operation, or null where there is none of this name. A malformed declaration throws. */
  get(name: string): Promise<AnyOperation | null>;
  /** Every operation, sorted by name, checked as a whole: dependencies known, no cycle. */
  all(): Promise<readonly AnyOperation[]>;
}

const NAME = /^[a-z][a-z0-9]*\.[a-z][a-z0-9_]*\.[a-z][a-z0-9_]*$/;

/** Builds the registry. A malformed or duplicate name throws at once. */
export function createRegistry(entries: readonly (readonly [name: OperationName, load: OperationLoader])[]): Registry {
  const loaders = new Map<string, OperationLoader>();
  for (const [name, load] of entries) {
    if (!NAME.test(name)) throw new Error(`Operation name ${name} is not of the form domain.noun.verb`);
    if (loaders.has(name)) throw new Error(`Operation ${name} is registered twice`);
    loaders.set(name, load);
  }
  const loaded = new Map<string, Promise<AnyOperation>>();
  const get = async (name: string): Promise<AnyOperation | null> => {
    const load = loaders.get(name);
    if (load === undefined) return null;
    let operation = loaded.get(name);
    if (operation === undefined) {
      operation = load().then((found) => checked(name, found));
      loaded.set(name, operation);
    }
    return await operation;
  };
  const all = async (): Promise<readonly AnyOperation[]> => {
    const found = await Promise.all([...loaders.keys()].toSorted().map(async (name) => (await get(name)) as AnyOperation));
    for (const operation of found) {
      for (const dependency of dependenciesOf(operation)) {
        if (!loaders.has(dependency.name)) throw new Error(`${operation.name} depends on ${dependency.name}, which is not registered`);
      }
    }
    const cycle = findCycle(found);
    if (cycle !== null) throw new Error(`Operations depend on each other in a cycle: ${cycle.join(' -> ')}`);
    return found;
  };
  return Object.freeze({ names: Object.freeze([...loaders.keys()].toSorted()), get, all });
}

/** The operations that this one may call. */
export const dependenciesOf = (operation: AnyOperation): readonly AnyOperation[] => operation.cross_domain_deps as readonly AnyOperation[];

function checked(name: string, operation: AnyOperation): AnyOperation {
  if (operation.name !== name) throw new Error(`Operation ${operation.name} is registered as ${name}`);
  if (typeof operation.handler !== 'function') throw new Error(`Operation ${name} has no handler`);
  return operation;
}

/** A cycle among the operations' dependencies as a list of names, first and last the same; null when there is none. */
export function findCycle(operations: readonly AnyOperation[]): string[] | null {
  const done = new Set<string>();
  const visit = (operation: AnyOperation, path: readonly string[]): string[] | null => {
    const at = path.indexOf(operation.name);
    if (at >= 0) return [...path.slice(at), operation.name];
    if (done.has(operation.name)) return null;
    for (const dependency of dependenciesOf(operation)) {
      const cycle = visit(dependency, [...path, operation.name]);
      if (cycle !== null) return cycle;
    }
    done.add(operation.name);
    return null;
  };
  for (const operation of operations) {
    const cycle = visit(operation, []);
    if (cycle !== null) return cycle;
  }
  return null;
}
