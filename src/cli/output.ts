import { Chalk, supportsColor, supportsColorStderr } from 'chalk';
import type { ChalkInstance } from 'chalk';

/** How the person wants to be talked to. */
export interface OutputOptions {
  readonly json: boolean;
  readonly quiet: boolean;
  readonly verbose: boolean;
  readonly color: boolean | null;
}

/** Results go to stdout, progress and logs to stderr. The only place that writes to either. */
export interface Output {
  readonly options: OutputOptions;
  /** Colours for stdout, and for stderr. */
  readonly out: ChalkInstance;
  readonly err: ChalkInstance;
  result(text: string): void;
  json(document: unknown): void;
  /** Progress: silent with --quiet. */
  progress(text: string): void;
  /** Warnings and errors: never silent. */
  notice(text: string): void;
}

export function createOutput(options: OutputOptions): Output {
  const level = (stream: { isTTY?: boolean }, found: { level: number } | false): 0 | 1 | 2 | 3 => {
    if (options.color === false || process.env['NO_COLOR']) return 0;
    if (process.env['FORCE_COLOR'] !== undefined && process.env['FORCE_COLOR'] !== '0') return 1;
    return found === false || stream.isTTY !== true ? 0 : (found.level as 1 | 2 | 3);
  };
  const line = (text: string): string => (text.endsWith('\n') ? text : `${text}\n`);
  return {
    options,
    out: new Chalk({ level: level(process.stdout, supportsColor ? supportsColor : false) }),
    err: new Chalk({ level: level(process.stderr, supportsColorStderr ? supportsColorStderr : false) }),
    result: (text) => void (text !== '' && process.stdout.write(line(text))),
    json: (document) => void process.stdout.write(`${JSON.stringify(document)}\n`),
    progress: (text) => void (!options.quiet && process.stderr.write(line(text))),
    notice: (text) => void process.stderr.write(line(text)),
  };
}
