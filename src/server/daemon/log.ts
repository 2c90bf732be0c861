import { pino } from 'pino';
import { findSecrets } from '../../base/secrets.ts';
import { openRotatingFile } from './rotating-file.ts';

type Details = Readonly<Record<string, unknown>>;

/** The daemon's log: one JSON object a line. */
export interface DaemonLog {
  info(message: string, details?: Details): void;
  warn(message: string, details?: Details): void;
  error(message: string, details?: Details): void;
}

/** Two files of this size at most. */
const LIMIT_BYTES = 5 * 1024 * 1024;

/** Opens the log. `secrets` and whatever looks like a credential are written as `***`. */
export function openDaemonLog(path: string, secrets: readonly string[]): DaemonLog & { close(): void } {
  const file = openRotatingFile(path, LIMIT_BYTES);
  const write = (line: string): void => {
    try {
      file.write(hidden(line, secrets));
    } catch {
      // A full disk: the work is worth more than its log.
    }
  };
  const log = pino({ base: null, timestamp: () => `,"time":"${new Date().toISOString()}"`, formatters: { level: (level) => ({ level }) } }, { write });
  return {
    info: (message, details = {}) => log.info(details, message),
    warn: (message, details = {}) => log.warn(details, message),
    error: (message, details = {}) => log.error(details, message),
    close: () => file.close(),
  };
}

function hidden(line: string, secrets: readonly string[]): string {
  let text = line;
  for (const secret of secrets) text = text.replaceAll(secret, '***');
  for (const { index, length } of findSecrets(text, 'log').toReversed()) text = `${text.slice(0, index)}***${text.slice(index + length)}`;
  return text;
}
