import type { Command } from 'commander';
import { invoke } from '../invoke.ts';
import type { GlobalOptions } from '../invoke.ts';

const globals = (self: Command): GlobalOptions => self.optsWithGlobals<GlobalOptions>();

const ID = ['<id>', 'id of a turn, or its beginning'] as const;

/** `rescue`: work that could not stay on its branch. */
export function addRescueCommands(program: Command): void {
  const rescue = program.command('rescue').description('work that was kept because it could not stay on its branch');
  rescue
    .command('list')
    .description('what is kept, here and on the remote')
    .action(async (_flags: unknown, self: Command) => {
      const { renderRescues } = await import('../render/rescue.ts');
      await invoke({ operation: 'bus.rescue.list', input: {}, options: globals(self), render: renderRescues });
    });
  rescue
    .command('show')
    .argument(...ID)
    .description('its commits and files')
    .action(async (id: string, _flags: unknown, self: Command) => {
      const { renderRescue } = await import('../render/rescue.ts');
      await invoke({ operation: 'bus.rescue.show', input: { id }, options: globals(self), render: renderRescue });
    });
  rescue
    .command('apply')
    .argument(...ID)
    .description('bring it onto the current branch, as commits')
    .action(async (id: string, _flags: unknown, self: Command) => {
      const { renderRescueApplied } = await import('../render/rescue.ts');
      await invoke({ operation: 'bus.rescue.apply', input: { id }, options: globals(self), render: renderRescueApplied });
    });
  rescue
    .command('drop')
    .argument(...ID)
    .option('--yes', 'also when the current branch does not have the work')
    .description('let it go, here and on the remote')
    .action(async (id: string, flags: { yes?: boolean }, self: Command) => {
      const { renderRescueDropped } = await import('../render/rescue.ts');
      await invoke({ operation: 'bus.rescue.drop', input: { id, yes: flags.yes }, options: globals(self), render: renderRescueDropped });
    });
}
