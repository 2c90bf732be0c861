import { CommanderError } from 'commander';
import { exitCodeOf, failureOf } from '../base/failure.ts';
import { outputOf, printUsageFailure, renderFailure } from './invoke.ts';
import { buildProgram } from './program.ts';

/** Runs one command line (`argv` without node and script) and sets the exit code. Nothing else ends the process. */
export async function main(argv: readonly string[]): Promise<void> {
  // A reader that went away (`| head`) is no error of ours.
  process.stdout.on('error', ignoreClosedPipe);
  process.stderr.on('error', ignoreClosedPipe);
  const options = { json: argv.includes('--json') };
  try {
    await buildProgram().parseAsync([...argv], { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return;
      const said = error.code === 'commander.help' ? 'No command was given.' : error.message;
      const [message = '', ...rest] = said.replace(/^error: /, '').split('\n');
      printUsageFailure([message, ...rest].join(' ').trim(), 'orchestrator --help', options);
      return;
    }
    const failure = failureOf(error);
    const output = outputOf(options);
    if (options.json) output.json({ ok: false, error: failure });
    else output.notice(renderFailure(failure, output));
    process.exitCode = exitCodeOf(failure);
  }
}

function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}
