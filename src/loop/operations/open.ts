import type { AgentFlags } from '../../agents/contract.ts';
import { fail, ok } from '../../base/failure.ts';
import type { Result } from '../../base/failure.ts';
import { findWorkspace } from '../../config/find-workspace.ts';
import { loadConfig } from '../../config/load-config.ts';
import type { FlagSetting, LoadedConfig } from '../../config/load-config.ts';
import { openRepository } from '../../git/repository.ts';
import type { Repository } from '../../git/repository.ts';
import type { OperationContext } from '../../spine/operation.ts';
import { placesOf } from '../places.ts';
import type { Places } from '../places.ts';
import type { LoopSettings } from '../runtime.ts';
import { loopSettings } from '../settings.ts';

const NO_FLAGS: AgentFlags = { agent: null, roles: {}, prompts: {} };

/** A workspace with its configuration, found from where the caller stands. */
export interface OpenWorkspace {
  readonly workspace: string;
  readonly loaded: LoadedConfig;
}

/** Finds the workspace and loads its configuration; warnings of the configuration go to the caller. */
export async function openWorkspace(context: OperationContext, flags: readonly FlagSetting[] = []): Promise<Result<OpenWorkspace>> {
  const found = await findWorkspace({ directory: context.directory, config: context.config_file, cwd: context.directory });
  if (!found.ok) return found;
  const { workspace, file } = found.value;
  const loaded = await loadConfig({ file, workspace, env: context.environment, flags });
  if (!loaded.ok) return loaded;
  for (const message of loaded.value.warnings) context.emit({ type: 'warning', message });
  return ok({ workspace, loaded: loaded.value });
}

/** A workspace with its checkout and the loop's settings, for operations that look at the loop. */
export interface OpenLoop extends OpenWorkspace {
  readonly repository: Repository;
  readonly places: Places;
  readonly settings: LoopSettings;
}

export async function openLoop(context: OperationContext, flags: readonly FlagSetting[] = [], agentFlags: AgentFlags = NO_FLAGS): Promise<Result<OpenLoop>> {
  const opened = await openWorkspace(context, flags);
  if (!opened.ok) return opened;
  const { workspace, loaded } = opened.value;
  const repository = await openRepository(workspace);
  if (!repository.ok) return fail(repository.failure);
  const settings = loopSettings({ config: loaded.config, workspace, repository: repository.value, config_file: loaded.file, mode: 'combined', agentFlags, commits: true });
  return ok({ ...opened.value, repository: repository.value, places: placesOf(repository.value, workspace), settings });
}
