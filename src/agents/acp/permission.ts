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

/** The answer: once, since what is allowed for good the agent may keep beyond this call. */
export function answerTo({ options }: RequestPermissionRequest, granted: boolean): RequestPermissionResponse {
  const wanted = granted ? ['allow_once', 'allow_always'] : ['reject_once', 'reject_always'];
  const option = wanted.flatMap((kind) => options.filter((each) => each.kind === kind))[0];
  return { outcome: option === undefined ? { outcome: 'cancelled' } : { outcome: 'selected', optionId: option.optionId } };
}
