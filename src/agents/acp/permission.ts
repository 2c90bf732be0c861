import type { RequestPermissionRequest, RequestPermissionResponse } from '@agentclientprotocol/sdk';
import { TOOL_SERVER } from '../adapter.ts';
import type { AcpSettings } from './settings.ts';

/** Kinds of tools that stay within the files of the workspace. */
const EDITS: readonly string[] = ['read', 'edit', 'search', 'think'];

/** Whether a request of the agent is granted without a person. */
export function isGranted(freedom: AcpSettings['freedom'], { toolCall }: RequestPermissionRequest): boolean {
  if (freedom === 'all') return true;
  // Our own tools, by the names that agents make for them.
  if (new RegExp(`^(mcp_+)?${TOOL_SERVER}_`).test(toolCall.name ?? '')) return true;
  return freedom === 'edits' && EDITS.includes(toolCall.kind ?? '');
}

/** The option that a person's words mean: its name or its number, or a plain yes or no; null for anything else. */
export function optionMeant({ options }: RequestPermissionRequest, words: string): RequestPermissionResponse | null {
  const said = words.trim().toLowerCase();
  const named = options.find((each, index) => each.name.toLowerCase() === said || String(index + 1) === said);
  if (named !== undefined) return { outcome: { outcome: 'selected', optionId: named.optionId } };
  if (/^(?:y|yes|allow|ok)$/.test(said)) return answerTo({ options }, true);
  return /^(?:n|no|deny|reject)$/.test(said) ? answerTo({ options }, false) : null;
}

/** The answer: once, since what is allowed for good the agent may keep beyond this call. */
export function answerTo({ options }: Pick<RequestPermissionRequest, 'options'>, granted: boolean): RequestPermissionResponse {
  const wanted = granted ? ['allow_once', 'allow_always'] : ['reject_once', 'reject_always'];
  const option = wanted.flatMap((kind) => options.filter((each) => each.kind === kind))[0];
  return { outcome: option === undefined ? { outcome: 'cancelled' } : { outcome: 'selected', optionId: option.optionId } };
}
