import { languageOf, parserOf } from './grammar.ts';
import { spansOf } from './spans.ts';
import type { Span } from './spans.ts';

/** A symbol and the lines of its text, from 1, both inclusive, the comments right above it among them. */
export interface SymbolSpan {
  /** `Outer::inner`; the same for all overloads, and for all impl blocks of a type. */
  readonly name: string;
  readonly start_line: number;
  readonly end_line: number;
}

/** UTF-16 units. Longer files are generated or vendored; parsing them would hold up everything else for a second. */
const LONGEST = 1_000_000;

/** The symbols of a file in the order of its text. Empty where its language has no grammar here, or it is too long; never an error. */
export async function symbolsOf(path: string, text: string): Promise<SymbolSpan[]> {
  const spans = await parse(path, text);
  return (spans ?? []).map(({ name, start_row, end_row }) => ({ name, start_line: start_row + 1, end_line: end_row + 1 }));
}

/**
 * What differs between two versions of a file (`''` = there is none), as `path#Outer::inner`, sorted: symbols whose own
 * text changed, came or went, innermost ones only. `path#` is text outside any symbol. Blank lines and blanks at the end
 * of a line do not count, nor does the order of symbols. Empty as in `symbolsOf`: nothing is known then.
 */
export async function changedSymbols(path: string, before: string, after: string): Promise<string[]> {
  if (before === after) return [];
  const [old, now] = [await parse(path, before), await parse(path, after)];
  if (old === null || now === null) return [];
  const [was, is] = [ownTexts(before, old), ownTexts(after, now)];
  const names = new Set([...was.keys(), ...is.keys()]);
  return [...names].filter((name) => was.get(name) !== is.get(name)).map((name) => `${path}#${name}`).toSorted();
}

async function parse(path: string, text: string): Promise<Span[] | null> {
  const language = languageOf(path);
  if (language === null || text.length > LONGEST) return null;
  const parser = await parserOf(language.grammar);
  const tree = parser?.parse(text);
  if (tree === null || tree === undefined) return null;
  try {
    return spansOf(tree, text, language.rules);
  } finally {
    tree.delete();
  }
}

/** Each symbol's text without that of the symbols inside of it; `''` has what is outside of all, and is always there. */
function ownTexts(text: string, spans: readonly Span[]): Map<string, string> {
  const own = new Map<string, string>([['', '']]);
  const open: Span[] = [];
  let at = 0;
  const take = (until: number): void => {
    const name = open.at(-1)?.name ?? '';
    own.set(name, (own.get(name) ?? '') + text.slice(at, until));
    at = Math.max(at, until);
  };
  const closeUntil = (start: number): void => {
    for (let last = open.at(-1); last !== undefined && last.end <= start; last = open.at(-1)) {
      take(last.end);
      open.pop();
    }
  };
  for (const span of spans) {
    closeUntil(span.start);
    take(span.start);
    open.push(span);
    if (!own.has(span.name)) own.set(span.name, '');
  }
  closeUntil(Infinity);
  take(text.length);
  for (const [name, mine] of own) own.set(name, plain(mine));
  return own;
}

/** Lines of commas and blanks are what is left of a list whose items are symbols. */
function plain(text: string): string {
  return text.split('\n').map((line) => line.trimEnd()).filter((line) => !/^[\s,;]*$/.test(line)).join('\n');
}
