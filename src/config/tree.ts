/** What is written in one layer of configuration, before it is checked, and how layers are laid over each other. */

/** Plain data as YAML gives it. */
export type Tree = { [key: string]: unknown };

export type Path = readonly (string | number)[];

/** Where something is written: `orchestration.yaml:12`, `ORCHESTRATOR_X` or `--flag`; line and column count from 1. */
export interface Place {
  readonly where: string;
  readonly file: string | null;
  readonly line: number | null;
  readonly column: number | null;
}

/** Places of a key and of its value. */
export interface Written {
  readonly key: Place;
  readonly value: Place;
}

export type LayerName = 'file' | 'environment' | 'flag';

/** One layer: its data, and where each part of it is written, by `pathKey`. */
export interface Layer {
  readonly name: LayerName;
  readonly tree: Tree;
  readonly places: Map<string, Written>;
}

/** A path as the key of a map. Dots would not do: names of prompts have some. */
export const pathKey = (path: Path): string => JSON.stringify(path);

/** A path for people: `agents.stub.command[0]`. */
export const shownPath = (path: Path): string =>
  path.map((part, index) => (typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${part}`)).join('');

export const isTree = (value: unknown): value is Tree => typeof value === 'object' && value !== null && !Array.isArray(value);

/** `over` laid on `under`: mappings merge key by key, anything else replaces. Neither is changed. */
export function overlay(under: Tree, over: Tree): Tree {
  const merged: Tree = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const below = Object.hasOwn(merged, key) ? merged[key] : undefined;
    merged[key] = isTree(below) && isTree(value) ? overlay(below, value) : value;
  }
  return merged;
}

/** The value at a path through mappings, or undefined. */
export function valueAt(tree: unknown, path: Path): unknown {
  let value = tree;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}

/** Sets the value at a path of mappings, making those that are missing. */
export function setAt(tree: Tree, path: readonly string[], value: unknown): void {
  let at = tree;
  for (const part of path.slice(0, -1)) {
    const next = Object.hasOwn(at, part) ? at[part] : undefined;
    const child = isTree(next) ? next : {};
    at[part] = child;
    at = child;
  }
  const last = path.at(-1);
  if (last !== undefined) at[last] = value;
}

/** Paths of all that is no mapping, and of empty mappings. */
export function leaves(tree: Tree, above: readonly string[] = []): string[][] {
  return Object.entries(tree).flatMap(([key, value]) => {
    const path = [...above, key];
    return isTree(value) && Object.keys(value).length > 0 ? leaves(value, path) : [path];
  });
}

/** Where the deepest written part of a path stands in a layer. */
export function placeOf(layer: Layer, path: Path): Written | undefined {
  for (let length = path.length; length > 0; length -= 1) {
    const written = layer.places.get(pathKey(path.slice(0, length)));
    if (written !== undefined) return written;
  }
  return layer.places.get(pathKey([]));
}

/** How far a layer's mappings reach along a path, and whether the value in force there is this layer's. */
function reach(layer: Layer, path: Path): { readonly length: number; readonly decides: boolean } {
  let value: unknown = layer.tree;
  for (const [length, part] of path.entries()) {
    if (!isTree(value)) return { length, decides: true };
    if (!Object.hasOwn(value, part)) return { length, decides: false };
    value = value[part];
  }
  return { length: path.length, decides: true };
}

/** The layer to blame for a path: the uppermost that decides its value, else the one that knows most of it. */
export function layerOf(layers: readonly Layer[], path: Path): Layer | undefined {
  const upperFirst = layers.toReversed();
  const deciding = upperFirst.find((layer) => reach(layer, path).decides);
  if (deciding !== undefined) return deciding;
  const known = upperFirst.map((layer) => ({ layer, length: reach(layer, path).length }));
  return known.toSorted((a, b) => b.length - a.length)[0]?.layer;
}
