import { ANY_DEPTH, segmentsMeet } from './path-pattern.ts';
import type { PathPattern, Segment } from './path-pattern.ts';

interface Node {
  readonly literals: Map<string, Node>;
  readonly wild: Map<string, { readonly segment: Segment; readonly node: Node }>;
  /** Behind a double star. */
  deep: Node | null;
  /** How often each owner's pattern ends here. */
  readonly owners: Map<string, number>;
}

const nodeOf = (): Node => ({ literals: new Map(), wild: new Map(), deep: null, owners: new Map() });

/** Paths and globs by their segments: which owners' meet a given one, without looking at the others. */
export class PathTrie {
  readonly #root = nodeOf();

  add(pattern: PathPattern, owner: string): void {
    let node = this.#root;
    for (const segment of pattern.segments) node = childOf(node, segment);
    node.owners.set(owner, (node.owners.get(owner) ?? 0) + 1);
  }

  /** Takes back one `add`; branches that become empty go. */
  remove(pattern: PathPattern, owner: string): void {
    const walk = (node: Node, at: number): boolean => {
      const segment = pattern.segments[at];
      if (segment === undefined) {
        const left = (node.owners.get(owner) ?? 1) - 1;
        if (left > 0) node.owners.set(owner, left);
        else node.owners.delete(owner);
      } else {
        const child = existing(node, segment);
        if (child !== null && walk(child, at + 1)) drop(node, segment);
      }
      return node.owners.size === 0 && node.deep === null && node.literals.size === 0 && node.wild.size === 0;
    };
    walk(this.#root, 0);
  }

  /** Adds the owners of every pattern that some path may have in common with this one. */
  collect(pattern: PathPattern, into: Set<string>): void {
    const { segments } = pattern;
    // A node behind a double star takes any segment and stays where it is.
    const seen = new Map<Node, Set<number>>();
    const visit = (node: Node, at: number, stays: boolean): void => {
      const places = seen.get(node) ?? new Set<number>();
      if (places.has(at)) return;
      seen.set(node, places.add(at));
      const segment = segments[at];
      if (segment === undefined) for (const owner of node.owners.keys()) into.add(owner);
      if (node.deep !== null) visit(node.deep, at, true);
      if (segment === undefined) return;
      if (segment === ANY_DEPTH) {
        visit(node, at + 1, stays);
        for (const child of node.literals.values()) visit(child, at, false);
        for (const { node: child } of node.wild.values()) visit(child, at, false);
        return;
      }
      if (stays) visit(node, at + 1, true);
      if (typeof segment === 'string') {
        const child = node.literals.get(segment);
        if (child !== undefined) visit(child, at + 1, false);
      } else for (const [name, child] of node.literals) if (segmentsMeet(segment, name)) visit(child, at + 1, false);
      for (const { segment: theirs, node: child } of node.wild.values()) if (segmentsMeet(segment, theirs)) visit(child, at + 1, false);
    };
    visit(this.#root, 0, false);
  }

  /** Whether nothing is in it any more. */
  get empty(): boolean {
    const { deep, literals, wild, owners } = this.#root;
    return deep === null && literals.size + wild.size + owners.size === 0;
  }
}

function existing(node: Node, segment: Segment): Node | null {
  if (segment === ANY_DEPTH) return node.deep;
  return (typeof segment === 'string' ? node.literals.get(segment) : node.wild.get(segment.text)?.node) ?? null;
}

function childOf(node: Node, segment: Segment): Node {
  const before = existing(node, segment);
  if (before !== null) return before;
  const made = nodeOf();
  if (segment === ANY_DEPTH) node.deep = made;
  else if (typeof segment === 'string') node.literals.set(segment, made);
  else node.wild.set(segment.text, { segment, node: made });
  return made;
}

function drop(node: Node, segment: Segment): void {
  if (segment === ANY_DEPTH) node.deep = null;
  else if (typeof segment === 'string') node.literals.delete(segment);
  else node.wild.delete(segment.text);
}
