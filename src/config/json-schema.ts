import { z } from 'zod';
import { Config } from './schema.ts';

/** The part of JSON schema that the generated one uses. */
export interface JsonSchema {
  $schema?: string;
  $id?: string;
  title?: string;
  description?: string;
  type?: string;
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  anyOf?: JsonSchema[];
  items?: JsonSchema;
  properties?: Record<string, JsonSchema>;
  additionalProperties?: JsonSchema | boolean;
  required?: string[];
}

/**
 * JSON schema (draft 7, the one that YAML language servers know best) of what may be written in orchestration.yaml:
 * durations with their unit, lists also as texts with commas, short forms.
 */
export function configJsonSchema(): JsonSchema {
  const schema = z.toJSONSchema(Config, { io: 'input', target: 'draft-7', unrepresentable: 'any', override: ({ jsonSchema }) => tidy(jsonSchema as JsonSchema) }) as JsonSchema;
  const properties = schema.properties ?? {};
  orShort(properties, 'sandbox', { type: 'string', enum: ['auto', 'off', 'strict'] });
  const { additionalProperties } = properties['subsystems'] ?? {};
  if (properties['subsystems'] !== undefined && typeof additionalProperties === 'object') {
    properties['subsystems'].additionalProperties = { anyOf: [additionalProperties, { type: 'array', items: { type: 'string' } }, { type: 'string' }] };
  }
  return { ...schema, title: 'orchestration.yaml', description: 'Configuration of an orchestrator workspace.' };
}

/** Bounds that only repeat what a whole number is in JavaScript, and defaults of sections, which their keys tell better. */
function tidy(schema: JsonSchema): void {
  if (schema.maximum === Number.MAX_SAFE_INTEGER) delete schema.maximum;
  if (schema.default !== null && typeof schema.default === 'object' && !Array.isArray(schema.default)) delete schema.default;
}

/** Lets a section be written in a short form too. */
function orShort(properties: Record<string, JsonSchema>, name: string, short: JsonSchema): void {
  const section = properties[name];
  if (section === undefined) return;
  const { description, ...long } = section;
  properties[name] = { ...(description === undefined ? {} : { description }), anyOf: [short, long] };
}

/** The bytes of `docs/orchestration.schema.json`. */
export const configJsonSchemaText = (): string => `${JSON.stringify(configJsonSchema(), null, 2)}\n`;
