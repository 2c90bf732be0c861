import { z } from 'zod';

/** JSON schema of one property, as far as it matters here. */
interface PropertySchema {
  readonly type?: string | readonly string[];
  readonly anyOf?: readonly PropertySchema[];
}

/**
 * An operation's input from query parameters: a text where the input wants one, else JSON; a list from a parameter that
 * is repeated. What does not fit is passed on as it is, so that the input's own check says what is wrong.
 */
export function queryInput(schema: z.ZodType, query: URLSearchParams): Record<string, unknown> {
  const { properties = {} } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as { properties?: Record<string, PropertySchema> };
  const input: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
  for (const name of new Set(query.keys())) {
    const property = Object.hasOwn(properties, name) ? properties[name] : undefined;
    const given = query.getAll(name);
    const [first = ''] = given;
    if (given.length > 1 || takes(property, 'array')) input[name] = given.length === 1 && first.startsWith('[') ? read(first) : given;
    else input[name] = takes(property, 'string') ? first : read(first);
  }
  return input;
}

function takes(property: PropertySchema | undefined, type: string): boolean {
  if (property === undefined) return false;
  const types = Array.isArray(property.type) ? property.type : [property.type];
  return types.includes(type) || (property.anyOf ?? []).some((each) => takes(each, type));
}

function read(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
