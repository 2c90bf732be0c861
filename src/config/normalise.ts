import { isTree, pathKey, type Layer, type Tree, type Written } from './tree.ts';

/** Roles in the words of an earlier runner. */
const ROLE_ALIASES: Readonly<Record<string, string>> = { supervisor: 'galph', loop: 'ralph' };

/**
 * Puts the short and old ways of writing into the one shape that the schema knows, so that layers merge key by key
 * however each was written: `sandbox: off` -> `sandbox: {mode: off}`; `subsystems: {web: [globs]}` -> `{globs: [...]}`;
 * roles `supervisor` and `loop`; prompts without extension; an empty `router.prompt`, which is none.
 */
export function normalise(layer: Layer): Layer {
  const tree: Tree = { ...layer.tree };
  const places = new Map(layer.places);
  const move = (from: readonly string[], to: readonly string[]): void => {
    const written = places.get(pathKey(from));
    if (written !== undefined) places.set(pathKey(to), written);
  };

  if (tree['sandbox'] !== undefined && !isTree(tree['sandbox']) && !Array.isArray(tree['sandbox'])) {
    tree['sandbox'] = { mode: tree['sandbox'] };
    move(['sandbox'], ['sandbox', 'mode']);
  }
  if (isTree(tree['subsystems'])) {
    tree['subsystems'] = mapEntries(tree['subsystems'], (name, value) => {
      if (!Array.isArray(value) && typeof value !== 'string') return [name, value];
      move(['subsystems', name], ['subsystems', name, 'globs']);
      moveItems(places, ['subsystems', name], ['subsystems', name, 'globs']);
      return [name, { globs: value }];
    });
  }
  if (isTree(tree['agent'])) {
    const agent: Tree = { ...tree['agent'] };
    const rename = (key: 'roles' | 'prompts', newName: (name: string) => string): void => {
      if (!isTree(agent[key])) return;
      agent[key] = mapEntries(agent[key], (name, value) => {
        if (newName(name) !== name) move(['agent', key, name], ['agent', key, newName(name)]);
        return [newName(name), value];
      });
    };
    rename('roles', (name) => (Object.hasOwn(ROLE_ALIASES, name) ? (ROLE_ALIASES[name] ?? name) : name));
    rename('prompts', (name) => (/\.[^./]+$/.test(name) || name === '' ? name : `${name}.md`));
    tree['agent'] = agent;
  }
  if (isTree(tree['router']) && tree['router']['prompt'] === '') {
    const { prompt: _none, ...rest } = tree['router'];
    tree['router'] = rest;
  }
  return { name: layer.name, tree, places };
}

const mapEntries = (tree: Tree, change: (name: string, value: unknown) => [string, unknown]): Tree =>
  Object.fromEntries(Object.entries(tree).map(([name, value]) => change(name, value)));

/** Items of a list that moved keep their places. */
function moveItems(places: Map<string, Written>, from: readonly string[], to: readonly string[]): void {
  for (let index = 0; ; index += 1) {
    const written = places.get(pathKey([...from, index]));
    if (written === undefined) return;
    places.set(pathKey([...to, index]), written);
  }
}
