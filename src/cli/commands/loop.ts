import { Option } from 'commander';
import type { Command } from 'commander';
import { invoke } from '../invoke.ts';
import type { GlobalOptions } from '../invoke.ts';
import { wholeNumber } from '../options.ts';
import { addRoutingOptions, routingInput } from './run.ts';

type Flags = Readonly<Record<string, unknown>>;
const globals = (self: Command): GlobalOptions => self.optsWithGlobals<GlobalOptions>();

/** Commands that look at the loop or steer it. */
export function addLoopCommands(program: Command): void {
  program
    .command('status')
    .description('where things stand: state, turn in flight, what comes next')
    .option('--watch', 'keep showing it')
    .action(async (flags: Flags, self: Command) => {
      const { renderStatus } = await import('../render/status.ts');
      const options = globals(self);
      if (flags['watch'] === true) {
        const { watchStatus } = await import('../watch-status.ts');
        return await watchStatus(options, renderStatus);
      }
      await invoke({ operation: 'loop.status.show', input: {}, options, render: renderStatus });
    });

  addRoutingOptions(program.command('next').description('which prompt the router would choose, and why')).action(async (flags: Flags, self: Command) => {
    const { renderNext } = await import('../render/status.ts');
    await invoke({ operation: 'loop.next.decide', input: routingInput(flags), options: globals(self), render: renderNext });
  });

  program
    .command('log')
    .description('turns, oldest first')
    .option('-f, --follow', 'keep showing new ones')
    .addOption(new Option('--actor <actor>', 'only of this actor').choices(['galph', 'ralph']))
    .option('--iteration <n>', 'only of this iteration', wholeNumber(1))
    .option('--transcript <turn>', 'what happened in one turn (its id, the beginning of it, or "last"), event by event')
    .action(async (flags: Flags, self: Command) => {
      const { renderLog, renderLogLine } = await import('../render/log.ts');
      const options = globals(self);
      if (flags['transcript'] !== undefined) {
        const { renderTranscript } = await import('../render/transcript.ts');
        return await invoke({ operation: 'loop.turn.transcript', input: { turn: flags['transcript'] }, options, render: renderTranscript });
      }
      const input = { actor: flags['actor'], iteration: flags['iteration'] };
      if (flags['follow'] !== true) return await invoke({ operation: 'loop.turn.list', input, options, render: renderLog });
      await invoke({
        operation: 'loop.turn.follow',
        input,
        options,
        stream: 'log.finished',
        render: () => '',
        onEvent: (event, output) => {
          if (event.type === 'turn') output.result(renderLogLine(event['turn'] as Parameters<typeof renderLogLine>[0], output));
        },
      });
    });

  program
    .command('why')
    .argument('<work>', 'a work unit, or the id of a turn, its beginning, or "last"')
    .description('the chain of causes of a turn or a work unit')
    .action(async (turn: string, _flags: Flags, self: Command) => {
      const { renderWhy } = await import('../render/why.ts');
      await invoke({ operation: 'pool.work.explain', input: { work: turn }, options: globals(self), render: renderWhy });
    });

  program
    .command('stop')
    .description('end the run at the next turn, or now')
    .option('--now', 'end the agent too; its work is kept')
    .option('--remote', 'reach runs on other machines through the remote')
    .option('--reason <text>', 'why; shown where the run ends')
    .action(async (flags: Flags, self: Command) => {
      const { renderStop } = await import('../render/control.ts');
      const input = { now: flags['now'], remote: flags['remote'], reason: flags['reason'] };
      await invoke({ operation: 'loop.run.stop', input, options: globals(self), render: renderStop });
    });

  program
    .command('handoff')
    .addArgument(program.createArgument('<actor>', 'whose turn is stamped').choices(['galph', 'ralph']))
    .addArgument(program.createArgument('<result>', 'how it ended').choices(['ok', 'fail']))
    .option('--no-push', 'do not push')
    .description('stamp a turn by hand, without an agent')
    .action(async (actor: string, result: string, flags: Flags, self: Command) => {
      const { renderHandoff } = await import('../render/control.ts');
      await invoke({ operation: 'loop.turn.stamp', input: { actor, result, push: flags['push'] }, options: globals(self), render: renderHandoff });
    });

  const state = program.command('state').description('the state file');
  state
    .command('show')
    .description('the state as it is read')
    .action(async (_flags: Flags, self: Command) => {
      const { renderState } = await import('../render/control.ts');
      await invoke({ operation: 'loop.state.show', input: {}, options: globals(self), render: renderState });
    });
  state
    .command('restore')
    .description('take back the last good version from git history')
    .action(async (_flags: Flags, self: Command) => {
      const { renderRestore } = await import('../render/control.ts');
      await invoke({ operation: 'loop.state.restore', input: {}, options: globals(self), render: renderRestore });
    });
}
