import { resolve } from 'node:path';
import type { Command } from 'commander';
import { invoke } from '../invoke.ts';
import type { GlobalOptions } from '../invoke.ts';

const globals = (self: Command): GlobalOptions => self.optsWithGlobals<GlobalOptions>();

/** What waits for a person, and the tools by which agents ask. */
export function addAttentionCommands(program: Command): void {
  program
    .command('attention')
    .description('what waits for you: questions of agents, conflicts, and what is blocked')
    .action(async (_flags: unknown, self: Command) => {
      const { renderAttention } = await import('../render/attention.ts');
      await invoke({ operation: 'pool.attention.list', input: {}, options: globals(self), render: renderAttention });
    });

  program
    .command('answer')
    .argument('<unit>', 'the work unit or the turn that asks')
    .argument('<text>', 'your answer')
    .description('answer a question; the agent goes on with it')
    .action(async (unit: string, text: string, _flags: unknown, self: Command) => {
      const { renderAnswer } = await import('../render/attention.ts');
      await invoke({ operation: 'pool.question.answer', input: { unit, text }, options: globals(self), render: renderAnswer });
    });

  program
    .command('mcp')
    .description('tools for agents, as an MCP server on stdio')
    .action(async (_flags: unknown, self: Command) => {
      const { serveMcp } = await import('../../server/mcp.ts');
      await serveMcp(resolve(globals(self).directory ?? '.'), program.version() ?? '');
    });
}
