import { isAlias, isMap, isScalar, isSeq, LineCounter, parseDocument, type Node } from 'yaml';
import type { Problem } from './problem.ts';
import { pathKey, shownPath, type Path, type Place, type Tree, type Written } from './tree.ts';

/**
 * YAML text to plain data with the place of each part. Own walk over the document, not its `toJS`: it reports every
 * duplicate key, keeps places, leaves prototypes alone, and its cost is bounded whatever the text (aliases of aliases,
 * 100,000 keys in one mapping, nesting without end).
 */
export interface YamlText {
  /** Keys whose value is null are left out. */
  readonly value: unknown;
  readonly places: Map<string, Written>;
  /** Keys that were left out because of their null. */
  readonly nulls: readonly Path[];
  readonly problems: readonly Problem[];
}

const MOST_NODES = 50_000;
const DEEPEST = 50;
/** Tags that the parser knows beyond YAML's core: they make objects that are no plain data. */
const FOREIGN_TAG = /^tag:yaml\.org,2002:(?!(str|int|float|bool|null|map|seq)$)/;

/** Reads YAML 1.2. Never throws; `place` makes a place of line and column, counted from 1. */
export function readYaml(text: string, place: (line: number, column: number) => Place): YamlText {
  const lines = new LineCounter();
  const at = (offset: number): Place => {
    const { line, col } = lines.linePos(offset);
    return place(Math.max(1, line), Math.max(1, col));
  };
  try {
    return new Walk(text, lines, at).result();
  } catch (error) {
    // The parser is recursive: nesting without end exhausts the stack.
    const message = error instanceof RangeError ? 'is nested too deeply' : `cannot be read: ${error instanceof Error ? error.message : String(error)}`;
    return { value: undefined, places: new Map(), nulls: [], problems: [{ ...at(0), path: '', message }] };
  }
}

class Walk {
  readonly #places = new Map<string, Written>();
  readonly #nulls: Path[] = [];
  readonly #problems: Problem[] = [];
  readonly #anchors = new Map<string, Node>();
  readonly #open = new Set<Node>();
  readonly #at: (offset: number) => Place;
  readonly #value: unknown;
  #nodes = 0;
  #aliases = 0;

  constructor(text: string, lineCounter: LineCounter, at: (offset: number) => Place) {
    this.#at = at;
    const document = parseDocument(text, { lineCounter, schema: 'core', customTags: [], uniqueKeys: false, prettyErrors: false, logLevel: 'error' });
    for (const fault of [...document.errors, ...document.warnings]) {
      this.#complain(fault.pos[0], [], fault.message.split('\n')[0] ?? 'not YAML');
    }
    if (document.directives?.yaml.explicit === true && document.directives.yaml.version !== '1.2') this.#complain(0, [], 'must be YAML 1.2');
    // What follows a syntax error is guesswork of the parser; complaints about it would mislead.
    this.#value = document.errors.length > 0 ? undefined : this.#read(document.contents, []);
  }

  result(): YamlText {
    return { value: this.#value, places: this.#places, nulls: this.#nulls, problems: this.#problems };
  }

  #complain(offset: number, path: Path, message: string): void {
    if (this.#problems.length < 200) this.#problems.push({ ...this.#at(offset), path: shownPath(path), message });
  }

  /** The value of a node; undefined where it has none because something is wrong with it. */
  #read(node: unknown, path: Path): unknown {
    if (isAlias(node)) return this.#follow(node.source, node.range?.[0] ?? 0, path);
    if (!isScalar(node) && !isMap(node) && !isSeq(node)) return null;
    const offset = node.range?.[0] ?? 0;
    this.#nodes += 1;
    if (this.#nodes === MOST_NODES) this.#complain(offset, path, `has more than ${MOST_NODES} parts`);
    if (path.length === DEEPEST) this.#complain(offset, path, 'is nested too deeply');
    if (this.#nodes >= MOST_NODES || path.length >= DEEPEST) return undefined;
    if (node.tag !== undefined && FOREIGN_TAG.test(node.tag)) return this.#complain(offset, path, `has the tag ${node.tag}, which is not supported`);
    if (node.anchor !== undefined && this.#aliases === 0) this.#anchors.set(node.anchor, node);
    if (isScalar(node)) return node.value;
    this.#open.add(node);
    const value = isSeq(node) ? node.items.map((item, index) => this.#readItem(item, [...path, index], offset)) : this.#readMap(node.items, path, offset);
    this.#open.delete(node);
    return value;
  }

  #follow(anchor: string, offset: number, path: Path): unknown {
    const target = this.#anchors.get(anchor);
    if (target === undefined) return this.#complain(offset, path, `there is no anchor &${anchor} above`);
    if (this.#open.has(target)) return this.#complain(offset, path, `*${anchor} holds itself`);
    this.#aliases += 1;
    const value = this.#read(target, path);
    this.#aliases -= 1;
    return value;
  }

  #readItem(item: unknown, path: Path, offset: number): unknown {
    const place = this.#at(offsetOf(item) ?? offset);
    this.#places.set(pathKey(path), { key: place, value: place });
    return this.#read(item, path);
  }

  #readMap(pairs: readonly { readonly key: unknown; readonly value: unknown }[], path: Path, above: number): Tree {
    const tree: Tree = {};
    const seen = new Map<string, Place>();
    for (const { key, value } of pairs) {
      const offset = offsetOf(key) ?? above;
      const name = isScalar(key) && ['string', 'number', 'boolean'].includes(typeof key.value) ? String(key.value) : null;
      if (name === null || name === '__proto__') {
        this.#complain(offset, path, name === null ? 'a key must be plain text' : `unknown key "${name}".`);
        continue;
      }
      const below = [...path, name];
      const first = seen.get(name);
      if (first !== undefined) {
        this.#complain(offset, below, `"${shownPath(below)}" is given twice, first in line ${first.line}`);
        continue;
      }
      const place = this.#at(offset);
      seen.set(name, place);
      this.#places.set(pathKey(below), { key: place, value: this.#at(offsetOf(value) ?? offset) });
      const read = this.#read(value, below);
      if (read === null) this.#nulls.push(below);
      else if (read !== undefined) tree[name] = read;
    }
    return tree;
  }
}

const offsetOf = (node: unknown): number | undefined => (isScalar(node) || isMap(node) || isSeq(node) || isAlias(node) ? node.range?.[0] : undefined);
