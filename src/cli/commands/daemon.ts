import type { Command } from 'commander';
import { invoke } from '../invoke.ts';
import type { GlobalOptions } from '../invoke.ts';
import { wholeNumber } from '../options.ts';

type Flags = Readonly<Record<string, unknown>>;
const globals = (self: Command): GlobalOptions => self.optsWithGlobals<GlobalOptions>();

/** `daemon`: the process that works on many units at once. */
export function addDaemonCommands(program: Command): void {
  const daemon = program.command('daemon').description('the process that works on many units at once');
  daemon
    .command('start')
    .option('--port <n>', 'listen on this port; 0 takes any free one (default: 8765)', wholeNumber(0))
    .option('--host <address>', 'listen on this address; other machines need a token that you wrote beforehand (default: 127.0.0.1)')
    .option('--foreground', 'do not go to the background')
    .description('start it, and print where it listens')
    .action(async (flags: Flags, self: Command) => {
      const { renderStart, renderReady } = await import('../render/daemon.ts');
      const input = { port: flags['port'], host: flags['host'], foreground: flags['foreground'] };
      await invoke({
        operation: 'server.daemon.start',
        input,
        options: globals(self),
        render: renderStart,
        onEvent: (event, output) => {
          if (event.type === 'daemon.ready') output.progress(renderReady(String(event['url']), Number(event['pid'])));
        },
      });
    });
  daemon
    .command('stop')
    .description('end it in good order, agents and all; their work is kept')
    .action(async (_flags: Flags, self: Command) => {
      const { renderStop } = await import('../render/daemon.ts');
      await invoke({ operation: 'server.daemon.stop', input: {}, options: globals(self), render: renderStop });
    });
  daemon
    .command('status')
    .description('whether it runs, and how its units stand')
    .action(async (_flags: Flags, self: Command) => {
      const { renderStatus } = await import('../render/daemon.ts');
      await invoke({ operation: 'server.daemon.status', input: {}, options: globals(self), render: renderStatus });
    });
  daemon
    .command('url')
    .description('a link that opens it in a browser: good for two minutes and one visit')
    .action(async (_flags: Flags, self: Command) => {
      await invoke({ operation: 'server.daemon.url', input: {}, options: globals(self), render: ({ url }: { url: string }) => url });
    });
}
