import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';

/**
 * Absolute path of the program that a name stands for, as a shell would find it: a name with a slash is a path from
 * `cwd`, any other is looked for in `path` (the value of PATH). Null when there is no executable file.
 */
export function findProgram(name: string, path: string | undefined, cwd: string): string | null {
  if (name === '') return null;
  if (name.includes('/')) return executable(resolve(cwd, name));
  for (const folder of (path ?? '').split(delimiter)) {
    // An empty part of PATH means the current directory. A workspace must not be able to bring its own `claude`.
    if (folder === '') continue;
    const found = executable(join(resolve(cwd, folder), name));
    if (found !== null) return found;
  }
  return null;
}

function executable(path: string): string | null {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile() ? path : null;
  } catch {
    return null;
  }
}
