import { z } from 'zod';
import type { AnyOperation } from '../../spine/operation.ts';
import type { Registry } from '../../spine/registry.ts';
import { PROBLEM_TYPE, Problem } from './problem.ts';
import { isPublic, isTelling, routeOf } from './routes.ts';

type JsonObject = Record<string, unknown>;

/** The OpenAPI 3.1 document of every operation that is served over HTTP, made from their declarations. */
export async function openApi(registry: Registry, version: string): Promise<JsonObject> {
  const operations = (await registry.all()).filter(isPublic);
  const problem = { description: 'What went wrong', content: { [PROBLEM_TYPE]: { schema: { $ref: '#/components/schemas/Problem' } } } };
  const health = z.object({ ok: z.boolean(), version: z.string() });
  return {
    openapi: '3.1.0',
    info: {
      title: 'orchestrator',
      version,
      description: 'The daemon of one workspace. A success is the data itself; a failure is a problem document (RFC 9457) with a stable `code`. Events come over a WebSocket at `/ws`.',
      license: { name: 'MIT', identifier: 'MIT' },
    },
    servers: [{ url: '/' }],
    security: [{ token: [] }, { session: [] }],
    tags: [...new Set(operations.map(({ name }) => name.split('.')[0]))].map((name) => ({ name })),
    paths: {
      '/health': { get: { operationId: 'health', summary: 'Whether the daemon is ready', security: [], responses: { 200: json('Ready', health), 503: json('Starting, or ending', health) } } },
      ...Object.fromEntries(operations.map((operation) => [routeOf(operation.name), pathOf(operation, problem)])),
    },
    components: {
      schemas: { Problem: schemaOf(Problem, 'output') },
      securitySchemes: {
        token: { type: 'http', scheme: 'bearer', description: 'The content of .orchestrator/token' },
        session: { type: 'apiKey', in: 'cookie', name: 'orchestrator_<port>', description: 'Set by the link of `orchestrator daemon url`' },
      },
    },
  };
}

function pathOf(operation: AnyOperation, problem: JsonObject): JsonObject {
  const common = {
    summary: operation.summary,
    tags: [operation.name.split('.')[0]],
    responses: { 200: json('The data', operation.output), default: problem },
    'x-failure-codes': [...operation.failures].toSorted(),
  };
  const input = schemaOf(operation.input, 'input');
  const post = { operationId: operation.name, ...common, requestBody: { required: false, content: { 'application/json': { schema: input } } } };
  if (!isTelling(operation)) return { post };
  const required = (input['required'] ?? []) as string[];
  const parameters = Object.entries((input['properties'] ?? {}) as JsonObject).map(([name, schema]) => ({ name, in: 'query', required: required.includes(name), schema }));
  return { get: { operationId: `${operation.name}.get`, ...common, ...(parameters.length === 0 ? {} : { parameters }) }, post };
}

const json = (description: string, type: z.ZodType): JsonObject => ({ description, content: { 'application/json': { schema: schemaOf(type, 'output') } } });

function schemaOf(type: z.ZodType, io: 'input' | 'output'): JsonObject {
  // The dialect is that of OpenAPI 3.1 already.
  const { $schema: _, ...schema } = z.toJSONSchema(type, { io, unrepresentable: 'any' }) as JsonObject;
  return schema;
}
