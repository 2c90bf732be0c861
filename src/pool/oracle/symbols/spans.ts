import type { Tree, TreeCursor } from '@vscode/tree-sitter-wasm';
import { LEADING } from './rules.ts';
import type { SymbolRules } from './rules.ts';

/** One declaration in a text: offsets in UTF-16 units, rows from 0, the comments right above it included. */
export interface Span {
  /** `Outer::inner`. */
  readonly name: string;
  readonly start: number;
  readonly end: number;
  readonly start_row: number;
  readonly end_row: number;
}

interface Range {
  readonly start: number;
  readonly end: number;
  readonly start_row: number;
  readonly end_row: number;
}

/** What holds for the children of one node. */
interface Frame {
  readonly name: string;
  readonly in_function: boolean;
  /** The wrapper around the one declaration that comes. */
  readonly wrapper: Range | null;
  /** Comments just passed, that the next declaration takes as its own. */
  leading: Range | null;
}

/**
 * Every declaration of a tree, in the order of the text, each before those inside of it. Walks with a cursor and a stack
 * of its own: trees of broken or generated code can be deeper than the call stack.
 */
export function spansOf(tree: Tree, text: string, rules: SymbolRules): Span[] {
  const spans: Span[] = [];
  const cursor = tree.walk();
  const frames: Frame[] = [{ name: '', in_function: false, wrapper: null, leading: null }];
  try {
    let down = cursor.gotoFirstChild();
    if (!down) return spans;
    for (;;) {
      const inner = enter(cursor, frames[frames.length - 1] as Frame, text, rules, spans);
      down = inner !== null && cursor.gotoFirstChild();
      if (down && inner !== null) {
        frames.push(inner);
        continue;
      }
      while (!cursor.gotoNextSibling()) {
        if (!cursor.gotoParent() || frames.length === 1) return spans;
        frames.pop();
      }
    }
  } finally {
    cursor.delete();
  }
}

/** Looks at the cursor's node; the frame of its children, or null where there is nothing to find in it. */
function enter(cursor: TreeCursor, frame: Frame, text: string, rules: SymbolRules, spans: Span[]): Frame | null {
  if (!cursor.nodeIsNamed) return null;
  const type = cursor.nodeType;
  if (LEADING.has(type)) {
    const own = rangeOf(cursor);
    // A comment behind code on the same line belongs to that code.
    const alone = text.slice(text.lastIndexOf('\n', own.start - 1) + 1, own.start).trim() === '';
    frame.leading = alone || frame.leading !== null ? joined(frame.leading, own) : null;
    return null;
  }
  const { leading } = frame;
  frame.leading = null;
  const inner: Frame = { name: frame.name, in_function: frame.in_function || rules.functions.has(type), wrapper: null, leading: null };
  // Most nodes end here, so positions, which are dear to ask for, are asked for below.
  if (rules.wrappers.has(type)) return { ...inner, wrapper: single(cursor, rules) ? (frame.wrapper ?? joined(leading, rangeOf(cursor))) : null };
  const rule = Object.hasOwn(rules.symbols, type) ? rules.symbols[type] : undefined;
  if (rule === undefined || (rule.outer === true && frame.in_function)) return inner;
  const parts = rule.name(cursor.currentNode);
  if (parts === null || parts.length === 0) return inner;
  const name = [...(frame.name === '' ? [] : [frame.name]), ...parts].join('::');
  spans.push({ name, ...(frame.wrapper ?? joined(leading, rangeOf(cursor))) });
  return { ...inner, name };
}

function rangeOf(cursor: TreeCursor): Range {
  const { row: start_row } = cursor.startPosition;
  const { row, column } = cursor.endPosition;
  return { start: cursor.startIndex, end: cursor.endIndex, start_row, end_row: column === 0 && row > start_row ? row - 1 : row };
}

/** What comes after what leads to it, where no blank line parts them. */
function joined(leading: Range | null, own: Range): Range {
  return leading !== null && leading.end_row + 1 >= own.start_row ? { ...own, start: leading.start, start_row: leading.start_row } : own;
}

/** Whether a wrapper holds one declaration: of `const a = 1, b = 2` each has its own part only. */
function single(cursor: TreeCursor, rules: SymbolRules): boolean {
  return cursor.currentNode.namedChildren.filter((child) => child !== null && Object.hasOwn(rules.symbols, child.type)).length <= 1;
}
