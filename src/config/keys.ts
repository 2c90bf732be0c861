import type { z } from 'zod';
import { Config } from './schema.ts';
import type { Path } from './tree.ts';

/** What the schema says about its own keys; nothing else lists them by hand. */

export interface ConfigKey {
  readonly path: readonly string[];
  readonly schema: z.ZodType;
  /** Has keys of its own that are listed too. */
  readonly section: boolean;
}

interface Definition {
  readonly type: string;
  readonly innerType?: z.ZodType;
  readonly shape?: Readonly<Record<string, z.ZodType>>;
  readonly valueType?: z.ZodType;
}

const definition = (schema: z.ZodType): Definition => schema._zod.def as unknown as Definition;

/** A schema without its default and the leave to be absent. */
function bare(schema: z.ZodType): z.ZodType {
  const { type, innerType } = definition(schema);
  return innerType !== undefined && ['prefault', 'default', 'optional', 'nullable'].includes(type) ? bare(innerType) : schema;
}

/** Every key and section, in the order of the page. */
export function configKeys(): readonly ConfigKey[] {
  return (cached ??= keysBelow(Config, []));
}
let cached: readonly ConfigKey[] | undefined;

function keysBelow(schema: z.ZodType, above: readonly string[]): ConfigKey[] {
  const { shape } = definition(bare(schema));
  return Object.entries(shape ?? {}).flatMap(([name, field]) => {
    const path = [...above, name];
    const below = keysBelow(field, path);
    return [{ path, schema: field, section: below.length > 0 }, ...below];
  });
}

/** The keys that a mapping at this path may have; undefined where any name will do. */
export function keysAt(path: Path): readonly string[] | undefined {
  let schema: z.ZodType | undefined = Config;
  for (const part of path) {
    const { shape, valueType }: Definition = definition(bare(schema));
    schema = shape === undefined ? valueType : Object.hasOwn(shape, part) ? shape[part] : undefined;
    if (schema === undefined) return undefined;
  }
  const { shape, type } = definition(bare(schema));
  return type === 'object' && shape !== undefined && !isLoose(bare(schema)) ? Object.keys(shape) : undefined;
}

const isLoose = (schema: z.ZodType): boolean => {
  const { catchall } = schema._zod.def as unknown as { readonly catchall?: z.ZodType };
  return catchall !== undefined && definition(catchall).type !== 'never';
};

/** The listed key that a written path belongs to: `agents.stub.kind` belongs to `agents`. Undefined for an unknown one. */
export function keyOf(path: Path): ConfigKey | undefined {
  const names = path.map(String);
  return configKeys()
    .filter((key) => key.path.length <= names.length && key.path.every((part, index) => part === names[index]))
    .toSorted((a, b) => b.path.length - a.path.length)[0];
}
