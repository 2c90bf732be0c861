import type { Command } from 'commander';
import { invoke, printUsageFailure } from '../invoke.ts';
import type { GlobalOptions } from '../invoke.ts';

const globals = (self: Command): GlobalOptions => self.optsWithGlobals<GlobalOptions>();

/** `ops`: the registry that is behind every command. */
export function addOperationCommands(program: Command): void {
  const ops = program.command('ops').description('the operations behind every command');
  ops
    .command('list')
    .description('every operation')
    .action(async (_flags: unknown, self: Command) => {
      const { renderOperations } = await import('../render/operations.ts');
      await invoke({ operation: 'spine.operation.list', input: {}, options: globals(self), render: renderOperations });
    });
  ops
    .command('show')
    .argument('<name>', 'name of an operation')
    .description('one operation: input, output, failures')
    .action(async (name: string, _flags: unknown, self: Command) => {
      const { renderOperation } = await import('../render/operations.ts');
      await invoke({ operation: 'spine.operation.show', input: { name }, options: globals(self), render: renderOperation });
    });
  ops
    .command('call')
    .argument('<name>', 'name of an operation')
    .option('--input <json>', 'its input', '{}')
    .description('dispatch an operation by name')
    .action(async (name: string, flags: { input: string }, self: Command) => {
      let input: unknown;
      try {
        input = JSON.parse(flags.input);
      } catch (error) {
        return printUsageFailure(`--input is not valid JSON: ${error instanceof Error ? error.message : String(error)}`, `orchestrator ops show ${name}`, globals(self));
      }
      await invoke({ operation: name, input, options: globals(self), render: (data: unknown) => JSON.stringify(data, null, 2) });
    });
  ops
    .command('graph')
    .option('--pairing', 'by pairs of domains, with gaps')
    .description('which operation serves which domain, and who calls it')
    .action(async (flags: { pairing?: boolean }, self: Command) => {
      const { renderGraph } = await import('../render/operations.ts');
      await invoke({ operation: 'spine.operation.graph', input: { pairing: flags.pairing === true }, options: globals(self), render: renderGraph });
    });
}
