import { z } from 'zod';
import { ok } from '../../base/failure.ts';
import { findWorkspace } from '../../config/find-workspace.ts';
import { configJsonSchema } from '../../config/json-schema.ts';
import { loadConfig } from '../../config/load-config.ts';
import { defineOperation } from '../../spine/operation.ts';
import type { OperationContext } from '../../spine/operation.ts';

const shared = { transaction: 'none', cross_domain_deps: [], surfaces: ['cli', 'http'], callers: ['operator', 'agent', 'system'], starts_work: false } as const;
const failures = ['config_invalid', 'config_not_found', 'config_unreadable', 'not_a_repository'];

async function load(context: OperationContext) {
  const found = await findWorkspace({ directory: context.directory, config: context.config_file, cwd: context.directory });
  if (!found.ok) return found;
  const { workspace, file } = found.value;
  const loaded = await loadConfig({ file, workspace, env: context.environment, flags: [] });
  return loaded.ok ? ok({ workspace, loaded: loaded.value }) : loaded;
}

export const settingsShow = defineOperation({
  ...shared,
  name: 'config.settings.show',
  summary: 'Every value of the configuration and where it comes from',
  input: z.object({}),
  output: z.object({
    file: z.string().nullable(),
    config: z.unknown(),
    /** By dotted path. */
    provenance: z.record(z.string(), z.object({ layer: z.enum(['default', 'file', 'environment', 'flag']), where: z.string().optional() })),
    warnings: z.array(z.string()),
  }),
  failures,
  async handler(context) {
    const opened = await load(context);
    if (!opened.ok) return opened;
    const { file, config, provenance, warnings } = opened.value.loaded;
    return ok({ file, config, provenance: Object.fromEntries([...provenance].toSorted(([a], [b]) => (a < b ? -1 : 1))), warnings: [...warnings] });
  },
});

export const settingsCheck = defineOperation({
  ...shared,
  name: 'config.settings.check',
  summary: 'Whether the configuration is valid',
  input: z.object({}),
  output: z.object({ file: z.string().nullable(), valid: z.literal(true), warnings: z.array(z.string()) }),
  failures,
  async handler(context) {
    const opened = await load(context);
    if (!opened.ok) return opened;
    return ok({ file: opened.value.loaded.file, valid: true as const, warnings: [...opened.value.loaded.warnings] });
  },
});

export const schemaShow = defineOperation({
  ...shared,
  name: 'config.schema.show',
  summary: 'The JSON schema of orchestration.yaml',
  input: z.object({}),
  output: z.record(z.string(), z.unknown()),
  failures: [],
  handler: async () => ok(configJsonSchema() as Record<string, unknown>),
});
