import { readFileSync } from 'node:fs';
import { Command } from 'commander';
import { addAttentionCommands } from './commands/attention.ts';
import { addConfigCommands } from './commands/config.ts';
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
    .version(version(), '-V, --version', 'print the version')
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
  addConfigCommands(program);
  addOperationCommands(program);
  return program;
}

/** Version of the package that this file belongs to. */
function version(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}
