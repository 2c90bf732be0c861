import { createRequire } from 'node:module';
import type { Parser } from '@vscode/tree-sitter-wasm';
import { GO, JAVA, PYTHON, RUST, SCRIPT } from './rules.ts';
import type { SymbolRules } from './rules.ts';

interface Language {
  /** As in the name of the grammar's file. */
  readonly grammar: string;
  readonly rules: SymbolRules;
}

const BY_EXTENSION: Readonly<Record<string, Language>> = {
  ...of('typescript', SCRIPT, 'ts', 'mts', 'cts'),
  ...of('tsx', SCRIPT, 'tsx'),
  ...of('javascript', SCRIPT, 'js', 'mjs', 'cjs', 'jsx'),
  ...of('python', PYTHON, 'py', 'pyi'),
  ...of('go', GO, 'go'),
  ...of('rust', RUST, 'rs'),
  ...of('java', JAVA, 'java'),
};

function of(grammar: string, rules: SymbolRules, ...extensions: string[]): Record<string, Language> {
  return Object.fromEntries(extensions.map((extension) => [extension, { grammar, rules }]));
}

/** The language of a path by its ending, or null: such a file has no symbols. */
export function languageOf(path: string): Language | null {
  const extension = /\.([a-z]+)$/i.exec(path)?.[1]?.toLowerCase() ?? '';
  return Object.hasOwn(BY_EXTENSION, extension) ? (BY_EXTENSION[extension] ?? null) : null;
}

const parsers = new Map<string, Promise<Parser | null>>();

/**
 * The parser of a grammar, loaded when first asked for and kept: the runtime and a grammar take tens of milliseconds and
 * 0.2 to 1.5 MB each. null where it cannot be loaded, as symbols make the oracle sharper but it does without them.
 */
export function parserOf(grammar: string): Promise<Parser | null> {
  const before = parsers.get(grammar);
  if (before !== undefined) return before;
  const made = load(grammar).catch(() => null);
  parsers.set(grammar, made);
  return made;
}

async function load(grammar: string): Promise<Parser> {
  // CommonJS that Node finds no named exports in.
  const { Parser, Language } = (await import('@vscode/tree-sitter-wasm')).default;
  await Parser.init();
  const file = createRequire(import.meta.url).resolve(`@vscode/tree-sitter-wasm/wasm/tree-sitter-${grammar}.wasm`);
  return new Parser().setLanguage(await Language.load(file));
}
