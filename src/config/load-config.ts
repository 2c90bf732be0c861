import { ok, type Result } from '../base/failure.ts';
import { checkTree, problemOf, type Checked } from './check.ts';
import { environmentSettings, settingsLayer } from './environment.ts';
import { configKeys } from './keys.ts';
import { warningsOf } from './no-effect.ts';
import { parseFile, type ReadLayer } from './parse-file.ts';
import { configInvalid, type Problem } from './problem.ts';
import { EARLIER_KEYS, swallowingFolders, type Config } from './schema.ts';
import { unknownAgents } from './schema-agents.ts';
import { leaves, overlay, placeOf, shownPath, type Layer, type LayerName, type Tree } from './tree.ts';

/** A value from the command line. `path` is dotted; a text is read as in the environment; undefined counts as absent. */
export interface FlagSetting {
  readonly path: string;
  readonly value: unknown;
  /** As typed: `--review-every`. */
  readonly flag: string;
}

/** Where a value comes from; `where` is `orchestration.yaml:12`, the variable or the flag. */
export interface Origin {
  readonly layer: 'default' | LayerName;
  readonly where?: string;
}

export interface LoadedConfig {
  /** Frozen all through. */
  readonly config: Config;
  /** Absolute path, or null where there is none and defaults hold. */
  readonly file: string | null;
  /** By dotted path, for every key that has a value or a default. */
  readonly provenance: ReadonlyMap<string, Origin>;
  readonly warnings: readonly string[];
}

export interface LoadRequest {
  /** Absolute path of orchestration.yaml, or null. */
  readonly file: string | null;
  /** Absolute; messages name the file relative to it. */
  readonly workspace: string;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly flags: readonly FlagSetting[];
}

/**
 * The configuration in force: defaults < file < environment < flags. Mappings merge key by key, lists are replaced.
 * Fails with `config_invalid` (all problems at once, each with the layer at fault) or `config_unreadable`.
 */
export async function loadConfig({ file, workspace, env, flags }: LoadRequest): Promise<Result<LoadedConfig>> {
  const fromFile = file === null ? null : await parseFile(file, workspace);
  if (fromFile !== null && !fromFile.ok) return fromFile;
  const { settings, warnings } = environmentSettings(env);
  const flagSettings = flags.filter(({ value }) => value !== undefined).map(({ path, value, flag }) => ({ path: path.split('.'), value, where: flag }));
  const read: ReadLayer[] = [
    ...(fromFile === null ? [] : [fromFile.value]),
    ...(settings.length > 0 ? [settingsLayer('environment', settings)] : []),
    ...(flagSettings.length > 0 ? [settingsLayer('flag', flagSettings)] : []),
  ];
  const laid = layTogether(read);
  if (laid.config === null) return configInvalid(laid.problems);
  const layers = read.map(({ layer }) => layer);
  return ok({
    config: deepFreeze(laid.config),
    file,
    provenance: provenanceOf(layers),
    warnings: [...new Set([...layers.flatMap((layer) => warningsOf(layer.tree)), ...warnings])],
  });
}

type Laid = { readonly config: Config } | { readonly config: null; readonly problems: readonly Problem[] };

/** Lays layer on layer and checks after each, so that a wrong value is reported even where an upper layer covers it. */
function layTogether(read: readonly ReadLayer[]): Laid {
  const problems: Problem[] = [];
  const layers: Layer[] = [];
  let tree: Tree = {};
  let checked: Checked | null = null;
  for (const { layer, problems: own } of read) {
    const over = overlay(tree, layer.tree);
    checked = checkTree(over);
    const wrong = checked.ok ? [] : checked.complaints.map((complaint) => problemOf(complaint, [...layers, layer]));
    problems.push(...own, ...wrong);
    if (own.length > 0 || wrong.length > 0) continue;
    tree = over;
    layers.push(layer);
  }
  checked ??= checkTree(tree);
  if (problems.length > 0 || !checked.ok) return { config: null, problems };
  const unknown = [...unknownAgents(checked.value), ...swallowingFolders(checked.value)].map(({ path, message }) => problemOf({ path, message: `${shownPath(path)} ${message}`, about: 'value' }, layers));
  return unknown.length > 0 ? { config: null, problems: unknown } : { config: checked.value };
}

function provenanceOf(layers: readonly Layer[]): ReadonlyMap<string, Origin> {
  const origins = new Map<string, Origin>();
  for (const key of configKeys()) {
    const earlier = EARLIER_KEYS.some((name) => name === key.path[0]);
    if (!key.section && !earlier) origins.set(key.path.join('.'), { layer: 'default' });
  }
  for (const layer of layers) {
    for (const path of leaves(layer.tree)) {
      const place = placeOf(layer, path)?.key;
      // A mapping of names is shown by its entries once it has some.
      for (let length = 1; length < path.length; length += 1) origins.delete(path.slice(0, length).join('.'));
      origins.set(path.join('.'), place === undefined ? { layer: layer.name } : { layer: layer.name, where: place.where });
    }
  }
  return origins;
}

function deepFreeze<T>(value: T): T {
  if (typeof value !== 'object' || value === null || Object.isFrozen(value)) return value;
  Object.values(value).forEach((part) => deepFreeze(part));
  return Object.freeze(value);
}
