import type { Command } from 'commander';
import { invoke } from '../invoke.ts';
import type { GlobalOptions } from '../invoke.ts';

type Flags = Readonly<Record<string, unknown>>;
const globals = (self: Command): GlobalOptions => self.optsWithGlobals<GlobalOptions>();

/** Setting up and checking a workspace. */
export function addWorkspaceCommands(program: Command): void {
  program
    .command('init')
    .description('make this repository a workspace: configuration, prompts, state')
    .option('--agent <kind>', 'agent to use: claude, codex, or a name of your own')
    .option('--yes', 'ask nothing')
    .option('--no-commit', 'do not commit what was made')
    .action(async (flags: Flags, self: Command) => {
      const { renderInit } = await import('../render/workspace.ts');
      const { askToMakeRepository } = await import('../ask.ts');
      const options = globals(self);
      const make = flags['yes'] === true || (await askToMakeRepository(options));
      const input = { agent: flags['agent'], commit: flags['commit'] !== false, git_init: make };
      await invoke({ operation: 'workspace.setup.init', input, options, render: renderInit });
    });
  program
    .command('doctor')
    .description('check git, remote, agents, configuration, state, locks')
    .option('--fix', 'mend what can be mended safely')
    .action(async (flags: Flags, self: Command) => {
      const { renderDoctor, onDoctorEvent } = await import('../render/workspace.ts');
      await invoke({ operation: 'workspace.health.check', input: { fix: flags['fix'] }, options: globals(self), render: renderDoctor, onEvent: onDoctorEvent });
    });
  program
    .command('demo')
    .description('a throw-away workspace in which a scripted agent does a small real task in turns')
    .option('--keep', 'keep the workspace afterwards')
    .action(async (flags: Flags, self: Command) => {
      const { renderDemo, onDemoEvent } = await import('../render/demo.ts');
      await invoke({ operation: 'workspace.demo.play', input: { keep: flags['keep'] }, options: globals(self), render: renderDemo, onEvent: onDemoEvent });
    });

  program
    .command('skills')
    .description('instructions for agents about our tools')
    .command('install')
    .description('lay them where each kind of agent looks for them; never over a file of yours')
    .action(async (_flags: unknown, self: Command) => {
      const { renderSkills } = await import('../render/workspace.ts');
      await invoke({ operation: 'workspace.skills.install', input: {}, options: self.optsWithGlobals<GlobalOptions>(), render: renderSkills });
    });
}
