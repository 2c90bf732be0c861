import { mkdirSync, readFileSync, readdirSync, existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { replaceFile } from '../../base/replace-file.ts';

/** The workspaces that this machine has seen at work: an agent of one must not look into another. */
const Known = z.object({ schema_version: z.literal(1), workspaces: z.array(z.string()) });

const fileOf = (store: string): string => join(store, 'workspaces.json');

function read(store: string): string[] {
  try {
    const parsed = Known.safeParse(JSON.parse(readFileSync(fileOf(store), 'utf8')));
    return parsed.success ? parsed.data.workspaces : [];
  } catch {
    return [];
  }
}

/** Notes a workspace; a store that cannot be written is no reason to stop. */
export function noteWorkspace(store: string, workspace: string): void {
  const known = read(store);
  if (known.includes(workspace)) return;
  try {
    mkdirSync(dirname(fileOf(store)), { recursive: true, mode: 0o700 });
    const workspaces = [...known.filter((each) => existsSync(each)), workspace];
    replaceFile(fileOf(store), `${JSON.stringify({ schema_version: 1, workspaces }, null, 1)}\n`, { mode: 0o600 });
  } catch {
    // Siblings are still found by their configuration.
  }
}

/** Other workspaces: those that were at work here before, and folders beside this one that are set up as such. */
export function otherWorkspaces(store: string, workspace: string): string[] {
  const parent = dirname(workspace);
  let beside: string[] = [];
  try {
    beside = readdirSync(parent, { withFileTypes: true }).filter((entry) => entry.isDirectory() && existsSync(join(parent, entry.name, 'orchestration.yaml'))).map((entry) => join(parent, entry.name));
  } catch {
    // A parent that cannot be read hides nothing.
  }
  return [...new Set([...read(store), ...beside])].filter((each) => each !== workspace);
}
