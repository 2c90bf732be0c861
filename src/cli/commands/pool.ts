import type { Command } from 'commander';
import { Argument } from 'commander';
import { invoke } from '../invoke.ts';
import type { GlobalOptions } from '../invoke.ts';
import { wholeNumber } from '../options.ts';
import { printable } from '../render/format.ts';

type Flags = Readonly<Record<string, unknown>>;
const globals = (self: Command): GlobalOptions => self.optsWithGlobals<GlobalOptions>();
const render = () => import('../render/pool.ts');

/** Many agents at once: work units, what they wait for, and where they conflict. */
export function addPoolCommands(program: Command): void {
  program
    .command('inject')
    .argument('[chunk...]', 'chunks: x, plans/x or plans/x/')
    .description('submit chunks as work units, all or none')
    .option('--future', 'chunks that are FUTURE, sorted by what they depend on; with none named, all of them')
    .option('--partial', 'take those that are fit, and name the others')
    .option('--priority <n>', 'instead of what the chunks say', wholeNumber(-1_000_000))
    .action(async (chunks: readonly string[], flags: Flags, self: Command) => {
      const { renderInject } = await render();
      await invoke({ operation: 'pool.unit.inject', input: { chunks, future: flags['future'] === true, partial: flags['partial'] === true, priority: flags['priority'] ?? null }, options: globals(self), render: renderInject });
    });

  program
    .command('ps')
    .description('work units that are live')
    .option('--all', 'also those at their end, newest first')
    .option('--limit <n>', 'with --all: so many', wholeNumber(1))
    .option('--offset <n>', 'with --all: after so many', wholeNumber(0))
    .action(async (flags: Flags, self: Command) => {
      const { renderUnits } = await render();
      await invoke({ operation: 'pool.unit.list', input: { all: flags['all'] === true, limit: flags['limit'], offset: flags['offset'] }, options: globals(self), render: renderUnits });
    });

  program
    .command('queue')
    .description('what is at work, what waits for what, and what is about to land')
    .action(async (_flags: Flags, self: Command) => {
      const { renderQueue } = await render();
      await invoke({ operation: 'pool.queue.show', input: {}, options: globals(self), render: renderQueue });
    });

  addUnitCommands(program);
  addConflictCommands(program);

  program
    .command('tail')
    .argument('<unit>', 'the chunk')
    .description("what a unit's agent says")
    .option('-f, --follow', 'go on until the unit is at its end')
    .action(async (unit: string, flags: Flags, self: Command) => {
      const { renderTail } = await render();
      await invoke({
        operation: 'pool.output.tail',
        input: { unit, follow: flags['follow'] === true },
        options: globals(self),
        stream: 'tail.finished',
        render: renderTail,
        onEvent: (event, output) => {
          if (event.type === 'output') output.result(printable(String(event['text'])));
        },
      });
    });

  const worktree = program.command('worktree').description('worktrees of work units');
  worktree
    .command('list')
    .description('which there are, and whose')
    .action(async (_flags: Flags, self: Command) => {
      const { renderWorktrees } = await render();
      await invoke({ operation: 'pool.worktree.list', input: {}, options: globals(self), render: renderWorktrees });
    });
  worktree
    .command('prune')
    .description('take away those of units at their end, where nothing would be lost')
    .action(async (_flags: Flags, self: Command) => {
      const { renderPrune } = await render();
      await invoke({ operation: 'pool.worktree.prune', input: {}, options: globals(self), render: renderPrune });
    });
}

function addUnitCommands(program: Command): void {
  const unit = program.command('unit').description('one work unit');
  unit
    .command('show')
    .argument('<unit>', 'the chunk')
    .description('what is known of it: attempts and what happened')
    .action(async (name: string, _flags: Flags, self: Command) => {
      const { renderUnit } = await render();
      await invoke({ operation: 'pool.unit.show', input: { unit: name }, options: globals(self), render: renderUnit });
    });
  unit
    .command('cancel')
    .argument('<unit>', 'the chunk')
    .description('give it up; its work is kept under refs/orchestrator/backup')
    .option('--reason <text>', 'why')
    .action(async (name: string, flags: Flags, self: Command) => {
      const { renderCancel } = await render();
      await invoke({ operation: 'pool.unit.cancel', input: { unit: name, reason: flags['reason'] }, options: globals(self), render: renderCancel });
    });
  const steps = [
    ['retry', 'let it go on, after it failed or while it needs attention'],
    ['block', 'hold it back before it starts'],
    ['unblock', 'let it start again'],
  ] as const;
  for (const [step, description] of steps) {
    unit
      .command(step)
      .argument('<unit>', 'the chunk')
      .description(description)
      .action(async (name: string, _flags: Flags, self: Command) => {
        const { renderChanged } = await render();
        await invoke({ operation: `pool.unit.${step}`, input: { unit: name }, options: globals(self), render: renderChanged });
      });
  }
  unit
    .command('prioritize')
    .argument('<unit>', 'the chunk')
    .argument('<priority>', 'a whole number; more is earlier', wholeNumber(-1_000_000))
    .description('set its priority')
    .action(async (name: string, priority: number, _flags: Flags, self: Command) => {
      const { renderChanged } = await render();
      await invoke({ operation: 'pool.unit.prioritize', input: { unit: name, priority }, options: globals(self), render: renderChanged });
    });
}

function addConflictCommands(program: Command): void {
  program
    .command('conflicts')
    .description('work units that touch the same things, and what that means')
    .option('--all', 'also of units at their end')
    .action(async (flags: Flags, self: Command) => {
      const { renderConflicts } = await render();
      await invoke({ operation: 'pool.conflict.list', input: { all: flags['all'] === true }, options: globals(self), render: renderConflicts });
    });
  program
    .command('resolve')
    .argument('<a>', 'a chunk')
    .argument('<b>', 'another one')
    .addArgument(new Argument('<verdict>', 'what holds').choices(['independent', 'serialize']))
    .description('say whether two work units may be at work together')
    .action(async (a: string, b: string, verdict: string, _flags: Flags, self: Command) => {
      const { renderPair } = await render();
      await invoke({ operation: 'pool.conflict.resolve', input: { a, b, verdict }, options: globals(self), render: renderPair });
    });
  program
    .command('analyze')
    .argument('<a>', 'a chunk')
    .argument('<b>', 'another one')
    .description('what the oracle thinks of two chunks, and why')
    .action(async (a: string, b: string, _flags: Flags, self: Command) => {
      const { renderAnalysis } = await render();
      await invoke({ operation: 'pool.conflict.analyze', input: { a, b }, options: globals(self), render: renderAnalysis });
    });
}
