import { existsSync, realpathSync } from 'node:fs';
import { dirname, isAbsolute } from 'node:path';
import { fileURLToPath } from 'node:url';
import { within } from './plan.ts';

/** The folder that this program was installed in or checked out to. */
const OWN = fileURLToPath(new URL('../../..', import.meta.url)).replace(/\/$/, '');

/**
 * Folders of programs that lie in the machine's /tmp, of which a sandboxed agent sees nothing else: those of the command
 * line, and our own, which offers tools to agents. `own`: where we are installed.
 */
export function programFolders(argv: readonly string[], own: string = OWN): string[] {
  const files = [process.execPath, ...argv].filter((word) => isAbsolute(word) && existsSync(word)).flatMap((file) => [file, realpathSync(file)]);
  const folders = [packagesOf(own) ?? own, ...files.map((file) => packagesOf(file) ?? (within(file, own) ? own : dirname(file)))];
  return [...new Set(folders)].filter((folder) => folder !== '/tmp' && within(folder, '/tmp'));
}

/** The outermost `node_modules` that a path lies in: a package needs those beside it. */
function packagesOf(path: string): string | null {
  const at = `${path}/`.indexOf('/node_modules/');
  return at === -1 ? null : path.slice(0, at + '/node_modules'.length);
}
