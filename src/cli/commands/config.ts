import type { Command } from 'commander';
import { invoke } from '../invoke.ts';
import type { GlobalOptions } from '../invoke.ts';

const globals = (self: Command): GlobalOptions => self.optsWithGlobals<GlobalOptions>();

/** `config` and `completion`. */
export function addConfigCommands(program: Command): void {
  const config = program.command('config').description('the configuration');
  config
    .command('show')
    .description('every value and where it comes from')
    .action(async (_flags: unknown, self: Command) => {
      const { renderConfig } = await import('../render/config.ts');
      await invoke({ operation: 'config.settings.show', input: {}, options: globals(self), render: renderConfig });
    });
  config
    .command('check')
    .description('whether the configuration is valid')
    .action(async (_flags: unknown, self: Command) => {
      const { renderConfigCheck } = await import('../render/config.ts');
      await invoke({ operation: 'config.settings.check', input: {}, options: globals(self), render: renderConfigCheck });
    });
  config
    .command('schema')
    .description('its JSON schema')
    .action(async (_flags: unknown, self: Command) => {
      await invoke({ operation: 'config.schema.show', input: {}, options: globals(self), render: (data: unknown) => JSON.stringify(data, null, 2) });
    });

  program
    .command('completion')
    .addArgument(program.createArgument('<shell>', 'which shell').choices(['bash', 'zsh', 'fish']))
    .description('print a completion script')
    .action(async (shell: 'bash' | 'zsh' | 'fish', _flags: unknown, self: Command) => {
      const { completionScript } = await import('../completion.ts');
      const { outputOf } = await import('../invoke.ts');
      const output = outputOf(globals(self));
      const script = completionScript(shell, program);
      if (output.options.json) output.json({ ok: true, data: { shell, script } });
      else output.result(script);
    });
}
