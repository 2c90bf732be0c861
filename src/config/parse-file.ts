import { open } from 'node:fs/promises';
import { relative } from 'node:path';
import { fail, ok, type Result } from '../base/failure.ts';
import { checkTree, problemOf, unknownNulls } from './check.ts';
import { normalise } from './normalise.ts';
import type { Problem } from './problem.ts';
import { readYaml } from './read-yaml.ts';
import { isTree, pathKey, type Layer } from './tree.ts';

/** Files of people have a few kilobytes; more is a mistake or an attack, and the parser would take seconds. */
const MOST_BYTES = 1024 * 1024;

/** A layer as it was read, with what is wrong with it by itself. */
export interface ReadLayer {
  readonly layer: Layer;
  readonly problems: readonly Problem[];
}

/**
 * The layer of an orchestration.yaml, from its text; `file` is its name in messages. Every problem is reported with
 * line and column: syntax, keys given twice, unknown keys, wrong values. An empty file is an empty layer.
 */
export function parseText(text: string, file: string): ReadLayer {
  const place = (line: number, column: number) => ({ where: `${file}:${line}`, file, line, column });
  const { value, places, nulls, problems } = readYaml(text, place);
  const start = place(1, 1);
  places.set(pathKey([]), { key: start, value: start });
  const empty: Layer = { name: 'file', tree: {}, places };
  if (value === null || value === undefined) return { layer: empty, problems };
  if (!isTree(value)) return { layer: empty, problems: [...problems, { ...start, path: '', message: 'must be a mapping of keys to values' }] };
  const layer = normalise({ name: 'file', tree: value, places });
  const checked = checkTree(layer.tree);
  const wrong = checked.ok ? [] : checked.complaints.map((complaint) => problemOf(complaint, [layer]));
  return { layer, problems: [...problems, ...wrong, ...nullProblems(nulls, layer)].toSorted(byPlace) };
}

const nullProblems = (nulls: Parameters<typeof unknownNulls>[0], layer: Layer): Problem[] => unknownNulls(nulls).map((complaint) => problemOf(complaint, [layer]));

const byPlace = (a: Problem, b: Problem): number => (a.line ?? 0) - (b.line ?? 0) || (a.column ?? 0) - (b.column ?? 0);

/** Reads and parses the file at an absolute path. Fails with `config_unreadable` where that is impossible. */
export async function parseFile(path: string, workspace: string): Promise<Result<ReadLayer>> {
  const text = await readText(path);
  if (!text.ok) return text;
  const inside = relative(workspace, path);
  return ok(parseText(text.value, inside.startsWith('..') ? path : inside));
}

/** The text of a configuration file: UTF-8, at most 1 MiB. */
export async function readText(path: string): Promise<Result<string>> {
  const unreadable = (why: string) => fail({ code: 'config_unreadable', kind: 'invalid', message: `Cannot read ${path}: ${why}`, details: { file: path } });
  try {
    await using handle = await open(path, 'r');
    const facts = await handle.stat();
    if (!facts.isFile()) return unreadable('it is not a file');
    if (facts.size > MOST_BYTES) return unreadable(`it has ${facts.size} bytes; ${MOST_BYTES} are the most`);
    const bytes = await handle.readFile();
    return ok(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (error) {
    if (error instanceof TypeError) return unreadable('it is not UTF-8');
    const { code } = error as NodeJS.ErrnoException;
    return unreadable(code === 'ENOENT' ? 'there is no such file' : code === 'EACCES' ? 'permission denied' : (error as Error).message);
  }
}
