import { fail, type Failure } from '../base/failure.ts';
import { didYouMean, suggest } from '../base/suggest.ts';
import { configKeys, keysAt } from './keys.ts';
import { pathKey, shownPath, type Path, type Place } from './tree.ts';
import { shown } from './value.ts';

/** One thing that is wrong with the configuration. `file`, `line` and `column` are null where it is not in a file. */
export interface Problem extends Place {
  /** Dotted path of the key, or empty where it is about the whole. */
  readonly path: string;
  readonly message: string;
}

/** `orchestration.yaml:3:5`, or the variable or flag. */
export const placeShown = (place: Place): string =>
  place.file === null || place.line === null ? place.where : `${place.file}:${place.line}:${place.column ?? 1}`;

const MOST_SHOWN = 20;

/** The failure that reports all problems at once, first line first. */
export function configInvalid(problems: readonly Problem[]): { readonly ok: false; readonly failure: Failure } {
  const unique = [...new Map(problems.map((problem) => [pathKey([placeShown(problem), problem.path, problem.message]), problem])).values()];
  const lines = unique.slice(0, MOST_SHOWN).map((problem) => `${placeShown(problem)}: ${problem.message}`);
  if (unique.length > MOST_SHOWN) lines.push(`and ${unique.length - MOST_SHOWN} more`);
  return fail({
    code: 'config_invalid',
    kind: 'invalid',
    message: lines.length === 1 ? lines.join('') : `The configuration has ${unique.length} problems:\n${lines.join('\n')}`,
    hint: 'docs/configuration.md lists every key; `orchestrator config schema` prints the schema for editors.',
    details: { problems: unique.slice(0, 200) },
  });
}

/** The parts of a zod issue that are read here. */
export interface SchemaIssue {
  readonly code: string;
  readonly path: readonly PropertyKey[];
  readonly message: string;
  readonly keys?: readonly string[];
  readonly expected?: string;
  readonly minimum?: number | bigint;
  readonly maximum?: number | bigint;
}

/** What an issue says, in a person's words. `about` tells whether the key is wrong or its value. */
export interface Complaint {
  readonly path: Path;
  readonly message: string;
  readonly about: 'key' | 'value';
}

/** An issue of the schema as complaints; `found` is the value at its path. */
export function complaintsOf(issue: SchemaIssue, found: unknown): Complaint[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  if (issue.code === 'unrecognized_keys') return (issue.keys ?? []).map((key) => unknownKey([...path, key]));
  return [{ path, message: `${shownPath(path) || 'The file'} ${wording(issue, found)}`, about: 'value' }];
}

const EXPECTED: Readonly<Record<string, string>> = {
  int: 'a whole number',
  number: 'a number',
  object: 'a mapping of keys to values',
  record: 'a mapping of names to values',
};

function wording(issue: SchemaIssue, found: unknown): string {
  if (issue.code === 'custom') return issue.message;
  if (issue.code === 'too_small') return `must be at least ${issue.minimum}, not ${String(found)}`;
  if (issue.code === 'too_big') return `must be at most ${issue.maximum}, not ${String(found)}`;
  return `must be ${EXPECTED[issue.expected ?? ''] ?? issue.expected ?? 'something else'}, not ${shown(found)}`;
}

/** An unknown key, with the key that was meant: one of the same mapping, else one of that name elsewhere. */
export function unknownKey(path: Path): Complaint {
  const name = String(path.at(-1));
  const here = keysAt(path.slice(0, -1)) ?? [];
  const near = suggest(name, here);
  const elsewhere = near === undefined ? configKeys().filter((key) => key.path.at(-1) === name || key.path.join('_') === name) : [];
  const hint = elsewhere.length > 0 ? ` Did you mean "${elsewhere.map((key) => key.path.join('.')).join('" or "')}"?` : didYouMean(name, here);
  return { path, message: `unknown key "${shownPath(path)}".${hint}`, about: 'key' };
}
