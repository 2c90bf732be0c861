import { z } from 'zod';
import { agent, agents } from './schema-agents.ts';
import { governance, ignored, knowledge, notify, pool, sequences, subsystems, telemetry } from './schema-later.ts';
import { budget, commit, limits, router, sandbox, sync } from './schema-loop.ts';
import { extensions, list } from './value-list.ts';
import { file, folder, promptName } from './value-path.ts';

/** Keys of an earlier runner that mean nothing here. They are dropped before the configuration is put together. */
export const EARLIER_KEYS = ['workflow', 'spec_bootstrap'] as const;

/**
 * `orchestration.yaml`, defaults included. Input: as written, durations as texts with a unit. Output: durations in
 * milliseconds, sizes in bytes, extensions with their dot, paths relative to the workspace and normalised.
 */
export const Config = z.strictObject({
  prompts_dir: folder().prefault('prompts').describe('Folder of the prompts.'),
  supervisor_prompt: promptName().prefault('supervisor.md').describe("galph's prompt, relative to `prompts_dir`."),
  main_prompt: promptName().prefault('main.md').describe("ralph's prompt."),
  reviewer_prompt: promptName().prefault('reviewer.md').describe("The reviewer's prompt."),
  state_file: file().prefault('sync/state.json').describe('State of the loop, tracked in git.'),
  doc_whitelist: list()
    .prefault(['input.md', 'galph_memory.md', 'docs/fix_plan.md', 'plans/**/*.md', 'prompts/**/*.md', '.gitignore', '.gitmodules', '.gitattributes'])
    .describe('Globs of the documents that galph keeps; part of what its turns may commit.'),
  tracked_output_globs: list().prefault([]).describe('Of an earlier runner; `commit.galph` and `commit.ralph` cover it.'),
  tracked_output_extensions: extensions().prefault([]).describe('Of an earlier runner; `commit.galph` and `commit.ralph` cover it.'),
  report_extensions: extensions()
    .prefault(['.txt', '.md', '.json', '.log', '.png', '.jpeg', '.npy'])
    .describe('Extensions of reports; files with one of them are part of what turns of galph may commit.'),
  findings_file: file().prefault('docs/findings.md').describe('Where agents keep what they learned.'),
  input_file: file().prefault('input.md').describe("galph's instructions to ralph; a turn that changes it made progress."),
  logs_dir: folder().prefault('logs').describe('Folder of the logs.'),
  tmp_dir: folder().prefault('tmp').describe("Folder of scratch files; never part of an agent's change set."),
  router,
  agent,
  agents,
  commit,
  limits,
  budget,
  sync,
  sandbox,
  pool,
  subsystems,
  governance,
  knowledge,
  sequences,
  notify,
  telemetry,
  workflow: ignored('Of an earlier runner; ignored with a warning.'),
  spec_bootstrap: ignored('Of an earlier runner; ignored with a warning.'),
});

type Parsed = z.output<typeof Config>;

type DeepReadonly<T> = T extends (infer I)[] ? readonly DeepReadonly<I>[] : T extends object ? { readonly [K in keyof T]: DeepReadonly<T[K]> } : T;

/** A configuration in force: complete, checked and frozen. */
export type Config = DeepReadonly<Omit<Parsed, (typeof EARLIER_KEYS)[number]>>;

/** Folders of ours are never part of a change set, so they must not hold what the work is about. */
export function swallowingFolders(config: { logs_dir: string; tmp_dir: string; prompts_dir: string; state_file: string; input_file: string }): { path: string[]; message: string }[] {
  return (['logs_dir', 'tmp_dir'] as const).flatMap((key) => {
    const folder = config[key];
    const holds = (path: string): boolean => folder === '.' || path === folder || path.startsWith(`${folder}/`);
    const held = (['prompts_dir', 'state_file', 'input_file'] as const).find((other) => holds(config[other]));
    return held === undefined ? [] : [{ path: [key], message: `must not hold ${held} (${config[held]}), since nothing in it is ever committed` }];
  });
}
