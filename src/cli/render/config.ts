import type { Output } from '../output.ts';
import { table } from './format.ts';

interface Settings {
  readonly file: string | null;
  readonly config: unknown;
  readonly provenance: Readonly<Record<string, { readonly layer: string; readonly where?: string | undefined }>>;
  readonly warnings: readonly string[];
}

export function renderConfig(settings: Settings, output: Output): string {
  const rows = Object.entries(settings.provenance).map(([path, { layer, where }]): [string, string] => {
    const value = path.split('.').reduce<unknown>((at, key) => (at as Record<string, unknown> | undefined)?.[key], settings.config);
    return [path, `${value === undefined ? '-' : JSON.stringify(value)}  ${output.out.dim(where ?? layer)}`];
  });
  const warnings = settings.warnings.map((warning) => output.out.yellow(`warning: ${warning}`));
  return [`file: ${settings.file ?? 'none, defaults hold'}`, table(rows), ...warnings].join('\n');
}

export function renderConfigCheck(data: { file: string | null; warnings: readonly string[] }, output: Output): string {
  const warnings = data.warnings.map((warning) => output.out.yellow(`warning: ${warning}`));
  return [`${data.file ?? 'No orchestration.yaml; defaults hold'}${data.file === null ? '.' : ' is valid.'}`, ...warnings].join('\n');
}
