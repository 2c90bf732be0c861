import { existsSync, lstatSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';
import { ok } from '../../base/failure.ts';
import { replaceFile } from '../../base/replace-file.ts';
import { openWorkspace } from '../../loop/contract.ts';
import { defineOperation } from '../../spine/operation.ts';
import { SKILL_FILES, isUntouched, skillText } from '../skill-text.ts';

export const skillsInstall = defineOperation({
  name: 'workspace.skills.install',
  summary: 'Lay short instructions for agents where each kind looks for them; a file of a person is never replaced',
  input: z.object({}),
  output: z.object({ installed: z.array(z.object({ path: z.string(), agents: z.array(z.string()) })), kept: z.array(z.object({ path: z.string(), why: z.string() })) }),
  failures: ['config_invalid', 'not_a_repository', 'not_writable'],
  transaction: 'none',
  cross_domain_deps: [],
  surfaces: ['cli'],
  callers: ['operator'],
  starts_work: false,
  async handler(context) {
    const opened = await openWorkspace(context);
    if (!opened.ok) return opened;
    const { workspace } = opened.value;
    const installed: { path: string; agents: string[] }[] = [];
    const kept: { path: string; why: string }[] = [];
    for (const [path, agents] of Object.entries(SKILL_FILES)) {
      const why = reasonToKeep(workspace, path);
      if (why !== null) {
        kept.push({ path, why });
        continue;
      }
      mkdirSync(join(workspace, dirname(path)), { recursive: true });
      replaceFile(join(workspace, path), skillText());
      installed.push({ path, agents: [...agents] });
    }
    return ok({ installed, kept });
  },
});

/** Why a place is left as it is; null where nothing stands there but what we wrote ourselves and nobody changed. */
function reasonToKeep(workspace: string, path: string): string | null {
  // A link on the way could lead anywhere.
  for (let at = dirname(path); at !== '.'; at = dirname(at)) {
    if (lstatSync(join(workspace, at), { throwIfNoEntry: false })?.isSymbolicLink() === true) return `${at} is a link`;
  }
  const file = join(workspace, path);
  const there = lstatSync(file, { throwIfNoEntry: false });
  if (there === undefined) return null;
  if (!there.isFile() || !existsSync(file)) return 'something else stands there';
  const text = readFileSync(file, 'utf8');
  if (text === skillText()) return 'it is there already';
  return isUntouched(text) ? null : 'somebody wrote or changed it';
}
