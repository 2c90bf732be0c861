import { configKeys, keysAt } from './keys.ts';
import { complaintsOf, unknownKey, type Complaint, type Problem, type SchemaIssue } from './problem.ts';
import { Config } from './schema.ts';
import { layerOf, placeOf, shownPath, valueAt, type Layer, type Path, type Tree } from './tree.ts';

/** Without zod's compiled parsers: compiling them takes longer than the one parse that a start of the program needs. */
const ONCE = { jitless: true } as const;

export type Checked = { readonly ok: true; readonly value: Config } | { readonly ok: false; readonly complaints: readonly Complaint[] };

/** Checks laid-together layers against the schema and fills in defaults. */
export function checkTree(tree: Tree): Checked {
  const parsed = Config.safeParse(tree, ONCE);
  if (parsed.success) {
    const { workflow: _workflow, spec_bootstrap: _bootstrap, ...value } = parsed.data;
    return { ok: true, value };
  }
  const complaints = parsed.error.issues.flatMap((issue) => {
    const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
    return complaintsOf(issue as unknown as SchemaIssue, valueAt(tree, path));
  });
  return { ok: false, complaints };
}

/** Whether the schema of one key takes this value. */
export const accepts = (key: ReturnType<typeof configKeys>[number], value: unknown): boolean => key.schema.safeParse(value, ONCE).success;

/** A complaint as a problem of the layer at fault. */
export function problemOf(complaint: Complaint, layers: readonly Layer[]): Problem {
  const layer = layerOf(layers, complaint.path);
  const written = layer === undefined ? undefined : placeOf(layer, complaint.path);
  const nowhere = { where: 'configuration', file: null, line: null, column: null };
  // A part that is not written (a required key) is reported at the key that should hold it.
  const present = layer !== undefined && valueAt(layer.tree, complaint.path) !== undefined;
  const place = written === undefined ? nowhere : complaint.about === 'key' || !present ? written.key : written.value;
  return { ...place, path: shownPath(complaint.path), message: complaint.message };
}

/** Unknown keys among those without a value, which the schema never sees. */
export function unknownNulls(nulls: readonly Path[]): Complaint[] {
  return nulls.filter((path) => keysAt(path.slice(0, -1))?.includes(String(path.at(-1))) === false).map((path) => unknownKey(path));
}
