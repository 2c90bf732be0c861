import { z } from 'zod';
import { fail, ok } from '../base/failure.ts';
import { didYouMean } from '../base/suggest.ts';
import { defineOperation } from './operation.ts';
import type { AnyOperation } from './operation.ts';
import { dependenciesOf } from './registry.ts';
import type { Registry } from './registry.ts';

const OperationFacts = z.object({
  name: z.string(),
  summary: z.string(),
  transaction: z.enum(['none', 'read', 'write']),
  cross_domain_deps: z.array(z.string()),
  surfaces: z.array(z.string()),
  failures: z.array(z.string()),
});

const factsOf = (operation: AnyOperation): z.infer<typeof OperationFacts> => ({
  name: operation.name,
  summary: operation.summary,
  transaction: operation.transaction,
  cross_domain_deps: dependenciesOf(operation).map((dependency) => dependency.name),
  surfaces: [...operation.surfaces],
  failures: [...operation.failures],
});

const domainOf = (name: string): string => name.slice(0, name.indexOf('.'));

/** The operations about operations; they read the registry that they are part of. */
export function spineOperations(registry: () => Registry): AnyOperation[] {
  const shared = { failures: [], transaction: 'none', cross_domain_deps: [], surfaces: ['cli', 'http', 'mcp'], callers: ['operator', 'agent', 'system'], starts_work: false } as const;
  const list = defineOperation({
    ...shared,
    name: 'spine.operation.list',
    summary: 'Every operation of the product',
    input: z.object({}),
    output: z.object({ operations: z.array(OperationFacts) }),
    handler: async () => ok({ operations: (await registry().all()).map(factsOf) }),
  });
  const show = defineOperation({
    ...shared,
    name: 'spine.operation.show',
    summary: 'One operation with the JSON schemas of its input and output',
    input: z.object({ name: z.string() }),
    output: OperationFacts.extend({ callers: z.array(z.string()), starts_work: z.boolean(), input: z.unknown(), output: z.unknown() }),
    failures: ['unknown_operation'],
    async handler(_context, { name }) {
      const operation = await registry().get(name);
      if (operation === null) {
        return fail({ code: 'unknown_operation', kind: 'unknown', message: `There is no operation ${JSON.stringify(name)}.${didYouMean(name, registry().names)}`, hint: 'orchestrator ops list' });
      }
      const schema = (type: z.ZodType, io: 'input' | 'output'): unknown => z.toJSONSchema(type, { io, unrepresentable: 'any' });
      return ok({ ...factsOf(operation), callers: [...operation.callers], starts_work: operation.starts_work, input: schema(operation.input, 'input'), output: schema(operation.output, 'output') });
    },
  });
  const graph = defineOperation({
    ...shared,
    name: 'spine.operation.graph',
    summary: 'Which operation serves which domain, who calls it, and where nothing does',
    input: z.object({ pairing: z.boolean().default(false) }),
    output: z.object({
      domains: z.array(z.object({ domain: z.string(), operations: z.array(z.string()) })),
      edges: z.array(z.object({ from: z.string(), to: z.string() })),
      pairs: z.array(z.object({ caller: z.string(), serves: z.string(), operations: z.array(z.string()) })).optional(),
      /** Operations that no surface and no other operation can reach. */
      gaps: z.array(z.string()),
    }),
    async handler(_context, { pairing }) {
      const operations = await registry().all();
      const edges = operations.flatMap((operation) => dependenciesOf(operation).map((dependency) => ({ from: operation.name, to: dependency.name })));
      const domains = [...new Set(operations.map((operation) => domainOf(operation.name)))].map((domain) => ({
        domain,
        operations: operations.map((operation) => operation.name).filter((name) => domainOf(name) === domain),
      }));
      const called = new Set<string>(edges.map((edge) => edge.to));
      const gaps = operations.filter((operation) => operation.surfaces.length === 0 && !called.has(operation.name)).map((operation) => operation.name);
      if (!pairing) return ok({ domains, edges, gaps });
      const pairs = new Map<string, string[]>();
      for (const { from, to } of edges) {
        const key = `${domainOf(from)} ${domainOf(to)}`;
        pairs.set(key, [...(pairs.get(key) ?? []), `${from} -> ${to}`]);
      }
      const shown = [...pairs].map(([key, names]) => {
        const [caller = '', serves = ''] = key.split(' ');
        return { caller, serves, operations: names };
      });
      return ok({ domains, edges, pairs: shown, gaps });
    },
  });
  return [list, show, graph];
}
