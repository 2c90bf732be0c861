import { Command } from 'commander';
import { productVersion } from '../server/version.ts';
import { addAttentionCommands } from './commands/attention.ts';
import { addConfigCommands } from './commands/config.ts';
import { addDaemonCommands } from './commands/daemon.ts';
import { addLoopCommands } from './commands/loop.ts';
import { addOperationCommands } from './commands/operations.ts';
import { addPoolCommands } from './commands/pool.ts';
import { addRescueCommands } from './commands/rescue.ts';
import { addRunCommand } from './commands/run.ts';
import { addWorkspaceCommands } from './commands/workspace.ts';

/** The whole command line. Building it loads no operation; a command loads its own when it is run. */
export function buildProgram(): Command {
  const program = new Command('orchestrator');
  program
    .description('Lets coding agents work on a git repository: in turns, in parallel, under contracts.')
    .version(productVersion(), '-V, --version', 'print the version')
    .helpOption('-h, --help', 'show help')
    .option('-C, --directory <dir>', 'work there instead of here')
    .option('--config <file>', 'use this configuration file')
    .option('--json', 'print one JSON document (run, log -f: one event a line)')
    .option('--quiet', 'no progress, only results, warnings and errors')
    .option('--verbose', 'tell more')
    .option('--no-color', 'no colours (NO_COLOR and FORCE_COLOR are honoured too)')
    .showSuggestionAfterError(true)
    .allowExcessArguments(false)
    .configureHelp({ showGlobalOptions: false, helpWidth: 100 })
    .configureOutput({ outputError: () => undefined })
    .exitOverride();
  addWorkspaceCommands(program);
  addRunCommand(program);
  addLoopCommands(program);
  addAttentionCommands(program);
  addPoolCommands(program);
  addRescueCommands(program);
  addDaemonCommands(program);
  addConfigCommands(program);
  addOperationCommands(program);
  return program;
}
