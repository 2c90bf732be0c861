import { z } from 'zod';
import { fail, ok } from '../base/failure.ts';
import type { Failure, Result } from '../base/failure.ts';

/** The shape of `sync/state.json`. Its field names are a public contract shared with earlier runners of the protocol. */

export const Actor = z.enum(['galph', 'ralph']);
export type Actor = z.infer<typeof Actor>;

export const otherActor = (actor: Actor): Actor => (actor === 'galph' ? 'ralph' : 'galph');

/** `running-*` are an earlier runner's; they are read, never written. */
export const LoopStatus = z.enum([
  'idle', 'waiting-ralph', 'complete', 'failed', 'blocked', 'stopped', 'running-galph', 'running-ralph',
]);
export type LoopStatus = z.infer<typeof LoopStatus>;

/** Why the loop stands still. `log` is relative to the workspace. */
export const TurnFailure = z.looseObject({
  actor: Actor,
  prompt: z.string().nullable(),
  code: z.string(),
  message: z.string(),
  exit_code: z.number().int().nullable(),
  log: z.string().nullable(),
  at: z.string(),
});
export type TurnFailure = z.infer<typeof TurnFailure>;

const text = z.string().nullable().default(null);
const count = z.number().int().nonnegative();

export const OrchestrationState = z.object({
  schema_version: z.number().int().min(1).default(1),
  iteration: z.number().int().min(1).default(1),
  expected_actor: Actor.default('galph'),
  status: LoopStatus.default('idle'),
  last_update: text,
  galph_commit: text,
  ralph_commit: text,
  last_prompt: text,
  last_prompt_actor: text,
  run_id: text,
  turn_id: text,
  attempt: count.nullable().default(null),
  failure: TurnFailure.nullable().default(null),
  no_progress: z.object({ galph: count.default(0), ralph: count.default(0) }).default({ galph: 0, ralph: 0 }),
  last_review_iteration: z.number().int().nullable().default(null),
  /** A prompt that a turn asked for as galph's next one. */
  next_prompt: z.string().nullable().optional(),
  exit: z.boolean().nullable().optional(),
  exit_reason: z.string().nullable().optional(),
});
export type OrchestrationState = z.infer<typeof OrchestrationState>;

export const SCHEMA_VERSION = 1;

/** A state with the document it came from, so that keys we do not know survive every write, in place. */
export interface StateDocument {
  readonly state: OrchestrationState;
  readonly raw: Readonly<Record<string, unknown>>;
}

export const freshState = (): StateDocument => ({ state: OrchestrationState.parse({}), raw: {} });

const KNOWN = new Set(Object.keys(OrchestrationState.shape));

/** Whether a key of the file is one of ours; every other key belongs to somebody else. */
export const isKnownKey = (key: string): boolean => KNOWN.has(key);

/** Parses the file's text. Failure `state_invalid` names field or line; `name` is the path to show. */
export function parseState(text: string, name: string): Result<StateDocument> {
  const content = text.replace(/^\uFEFF/, '');
  const lines = content.split('\n');
  const marker = lines.findIndex((line) => /^(<{7}|>{7}|={7})( |$)/.test(line.trimEnd()));
  if (marker >= 0) return invalid(name, `line ${marker + 1} has a merge conflict marker`, { line: marker + 1 });
  let plain: unknown;
  try {
    plain = JSON.parse(content);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    const at = Number(/position (\d+)/.exec(said)?.[1] ?? (content.trim() === '' ? 0 : content.length));
    const line = content.slice(0, at).split('\n').length;
    return invalid(name, `line ${line} is not valid JSON (${content.trim() === '' ? 'the file is empty' : said})`, { line });
  }
  if (typeof plain !== 'object' || plain === null || Array.isArray(plain)) return invalid(name, 'line 1: it must hold one JSON object', { line: 1 });
  const version = (plain as Record<string, unknown>)['schema_version'];
  if (typeof version === 'number' && version > SCHEMA_VERSION) {
    return invalid(name, `field schema_version is ${version}, written by a newer orchestrator; this one knows ${SCHEMA_VERSION}`, { field: 'schema_version' });
  }
  const parsed = OrchestrationState.safeParse(plain);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    const field = issue?.path.join('.') ?? '';
    const line = lines.findIndex((each) => each.includes(`"${String(issue?.path[0])}"`)) + 1;
    return invalid(name, `field ${field} (line ${line}): ${issue?.message ?? 'wrong type'}`, { field, line });
  }
  return ok({ state: parsed.data, raw: JSON.parse(content, keepNumber) as Record<string, unknown> });
}

/** Numbers that a double cannot hold as written keep their digits. */
function keepNumber(_key: string, value: unknown, context?: { source: string }): unknown {
  if (typeof value !== 'number' || context === undefined || String(value) === context.source) return value;
  return (JSON as unknown as { rawJSON(text: string): unknown }).rawJSON(context.source);
}

function invalid(name: string, what: string, details: Record<string, unknown>): { ok: false; failure: Failure } {
  return fail({
    code: 'state_invalid',
    kind: 'invalid',
    message: `${name} cannot be used: ${what}. The file was left as it is.`,
    hint: 'Mend it by hand, or take back the last good version from git history: orchestrator state restore',
    details: { file: name, ...details },
  });
}

/** The file's text for a state: 2-space JSON, known keys updated where they stand, new ones at the end, other keys untouched. */
export function formatState(document: StateDocument): string {
  const out: Record<string, unknown> = {};
  const state = document.state as Record<string, unknown>;
  for (const key of Object.keys(document.raw)) {
    const value = KNOWN.has(key) ? state[key] : document.raw[key];
    if (value !== undefined) Object.defineProperty(out, key, { value, enumerable: true, configurable: true, writable: true });
  }
  for (const key of KNOWN) {
    if (!(key in document.raw) && state[key] !== undefined) out[key] = state[key];
  }
  return `${JSON.stringify(out, null, 2)}\n`;
}
