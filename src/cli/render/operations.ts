import type { Output } from '../output.ts';
import { table } from './format.ts';

interface OperationFacts {
  readonly name: string;
  readonly summary: string;
  readonly transaction: string;
  readonly cross_domain_deps: readonly string[];
  readonly surfaces: readonly string[];
  readonly failures: readonly string[];
}

export const renderOperations = ({ operations }: { operations: readonly OperationFacts[] }): string => table(operations.map(({ name, summary }) => [name, summary]));

export function renderOperation(operation: OperationFacts & { input: unknown; output: unknown }, output: Output): string {
  const rows: [string, string][] = [
    ['summary', operation.summary],
    ['transaction', operation.transaction],
    ['surfaces', operation.surfaces.join(', ')],
    ['calls', operation.cross_domain_deps.join(', ') || 'no other domain'],
    ['failures', operation.failures.join(', ') || 'none of its own'],
  ];
  const schema = (name: string, value: unknown): string => `${output.out.bold(name)}\n${JSON.stringify(value, null, 2)}`;
  return [output.out.bold(operation.name), table(rows, '  '), schema('input', operation.input), schema('output', operation.output)].join('\n');
}

interface Graph {
  readonly domains: readonly { readonly domain: string; readonly operations: readonly string[] }[];
  readonly edges: readonly { readonly from: string; readonly to: string }[];
  readonly pairs?: readonly { readonly caller: string; readonly serves: string; readonly operations: readonly string[] }[];
  readonly gaps: readonly string[];
}

export function renderGraph(graph: Graph, output: Output): string {
  const lines: string[] = [];
  if (graph.pairs === undefined) {
    for (const { domain, operations } of graph.domains) {
      lines.push(output.out.bold(domain));
      for (const name of operations) {
        const calls = graph.edges.filter((edge) => edge.from === name).map((edge) => edge.to);
        lines.push(`  ${name}${calls.length > 0 ? ` -> ${calls.join(', ')}` : ''}`);
      }
    }
  } else for (const pair of graph.pairs) lines.push(`${pair.caller} -> ${pair.serves}`, ...pair.operations.map((each) => `  ${each}`));
  lines.push(graph.gaps.length === 0 ? 'Every operation can be reached.' : `Reached by nothing: ${graph.gaps.join(', ')}`);
  return lines.join('\n');
}
