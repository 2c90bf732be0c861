import { didYouMean } from '../base/suggest.ts';
import { accepts } from './check.ts';
import { configKeys, type ConfigKey } from './keys.ts';
import { normalise } from './normalise.ts';
import type { Problem } from './problem.ts';
import type { ReadLayer } from './parse-file.ts';
import { readYaml } from './read-yaml.ts';
import { isTree, overlay, pathKey, setAt, type Layer, type LayerName, type Path, type Place, type Tree, type Written } from './tree.ts';

const PREFIX = 'ORCHESTRATOR_';

/** Set by the orchestrator for agents, or for tests; an orchestrator that an agent starts inherits them. Never configuration. */
export const RESERVED_VARIABLES: readonly string[] = [
  'ORCHESTRATOR_ACTOR',
  'ORCHESTRATOR_ITERATION',
  'ORCHESTRATOR_PROMPT',
  'ORCHESTRATOR_TURN_ID',
  'ORCHESTRATOR_OUTCOME',
  'ORCHESTRATOR_STATE',
  'ORCHESTRATOR_WORKSPACE',
  'ORCHESTRATOR_UNIT',
  'ORCHESTRATOR_PHASE',
  'ORCHESTRATOR_ANSWER',
  'ORCHESTRATOR_PORT_BASE',
  'ORCHESTRATOR_ATTEMPT',
  'ORCHESTRATOR_TOKEN',
  'ORCHESTRATOR_CRASH_AT',
];

/** The variable that sets a key: `router.review_every_n` is `ORCHESTRATOR_ROUTER_REVIEW_EVERY_N`. */
export const variableOf = (path: readonly string[]): string => `${PREFIX}${path.join('_').toUpperCase()}`;

/** A value given from outside the file: by a variable or a flag, which `where` names. */
export interface Setting {
  readonly path: readonly string[];
  readonly value: unknown;
  readonly where: string;
}

/** The settings that the environment holds, and a warning for each `ORCHESTRATOR_` name that means nothing. An empty variable counts as absent. */
export function environmentSettings(env: Readonly<Record<string, string | undefined>>): { readonly settings: Setting[]; readonly warnings: string[] } {
  const names = Object.keys(env).filter((name) => name.startsWith(PREFIX) && !RESERVED_VARIABLES.includes(name));
  const keys = new Map(configKeys().map((key) => [variableOf(key.path), key]));
  const settings: Setting[] = [];
  const warnings: string[] = [];
  for (const name of names.toSorted()) {
    const key = keys.get(name);
    if (key === undefined) warnings.push(`${name} is no known variable and is ignored.${didYouMean(name, [...keys.keys()])}`);
    else if (env[name]?.trim()) settings.push({ path: key.path, value: env[name], where: name });
  }
  // Sections before their keys, so that the closer name wins.
  return { settings: settings.toSorted((a, b) => a.path.length - b.path.length), warnings };
}

/** A layer made of settings. Texts are read as the file would be: YAML, lists also with commas, mappings also as `a=b,c=d`. */
export function settingsLayer(name: LayerName, settings: readonly Setting[]): ReadLayer {
  let tree: Tree = {};
  const places = new Map<string, Written>();
  const problems: Problem[] = [];
  for (const { path, value, where } of settings) {
    const key = configKeys().find((known) => pathKey(known.path) === pathKey(path));
    if (key === undefined) throw new Error(`${where} sets ${path.join('.')}, which is no key of the configuration`);
    const place: Place = { where, file: null, line: null, column: null };
    const read = typeof value === 'string' ? readSetting(value, key, place) : { value, problems: [] };
    problems.push(...read.problems.map((problem) => ({ ...problem, path: path.join('.') })));
    if (read.problems.length > 0 || read.value === null || read.value === undefined) continue;
    const one = normalise(layerOfOne(name, path, read.value, place));
    tree = overlay(tree, one.tree);
    for (const [at, written] of one.places) places.set(at, written);
  }
  return { layer: { name, tree, places }, problems };
}

function layerOfOne(name: LayerName, path: readonly string[], value: unknown, place: Place): Layer {
  const tree: Tree = {};
  const places = new Map<string, Written>();
  setAt(tree, path, value);
  mark(places, path, value, { key: place, value: place });
  return { name, tree, places };
}

/** Every part of a setting stands where the setting does. */
function mark(places: Map<string, Written>, path: Path, value: unknown, written: Written): void {
  places.set(pathKey(path), written);
  if (Array.isArray(value)) value.forEach((item, index) => mark(places, [...path, index], item, written));
  else if (isTree(value)) for (const [name, below] of Object.entries(value)) mark(places, [...path, name], below, written);
}

/** The value that a text means for a key; where it fits in no way, its value as YAML, for the check to complain about. */
function readSetting(text: string, key: ConfigKey, place: Place): { readonly value: unknown; readonly problems: readonly Problem[] } {
  const flow = /^\s*[[{]/.test(text);
  if (!flow && accepts(key, text)) return { value: text, problems: [] };
  const pairs = flow ? null : pairsOf(text);
  if (pairs !== null && accepts(key, {})) return { value: pairs, problems: [] };
  const yaml = readYaml(text, () => place);
  if (flow && (yaml.problems.length > 0 || !accepts(key, yaml.value)) && accepts(key, text) && !accepts(key, [])) return { value: text, problems: [] };
  return yaml;
}

/** `a=b,c=d` as a mapping, or null. */
function pairsOf(text: string): Tree | null {
  const parts = text.split(',').map((part) => /^\s*([^=\s]+)\s*=\s*(.+?)\s*$/.exec(part));
  return parts.every((part) => part !== null) ? Object.fromEntries(parts.map((part) => [part[1], part[2]])) : null;
}
