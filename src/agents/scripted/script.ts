import { parseDocument } from 'yaml';
import { z } from 'zod';
import { parseDuration } from '../../base/duration.ts';
import { fail, ok } from '../../base/failure.ts';
import type { Failure, Result } from '../../base/failure.ts';

/** A script: what a scripted agent does in each of its turns. Paths are relative to the workspace. */

const Words = z.string();
const Argv = z.array(z.string()).min(1);
const Milliseconds = z.string().transform((text, context) => {
  const value = parseDuration(text);
  if (value === null) context.addIssue({ code: 'custom', message: 'expected a duration such as 200ms or 2s' });
  return value ?? 0;
});

const one = <K extends string, T extends z.ZodType>(key: K, shape: T) => z.strictObject({ [key]: shape } as { [name in K]: T });

export const Step = z.union([
  one('say', Words),
  one('think', Words),
  one('write', z.strictObject({ path: Words, content: Words })),
  one('append', z.strictObject({ path: Words, content: Words })),
  one('replace', z.strictObject({ path: Words, find: Words, with: Words })),
  one('delete', Words),
  one('move', z.strictObject({ from: Words, to: Words })),
  one('chmod', z.strictObject({ path: Words, mode: z.union([z.number().int(), z.string().regex(/^0?[0-7]{3,4}$/)]) })),
  one('link', z.strictObject({ path: Words, to: Words })),
  /** Runs a program; `exit` is the code that it must end with (any, when left out). */
  one('run', z.union([Argv, z.strictObject({ argv: Argv, exit: z.number().int().optional() })])),
  /** Starts a program that goes on and holds the output. */
  one('spawn', Argv),
  one('sleep', Milliseconds),
  /** Waits until a file is there. */
  one('wait_for', Words),
  one('usage', z.strictObject({ input_tokens: z.number().int(), output_tokens: z.number().int(), cost_usd: z.number().nullable().default(null) })),
  /** Written as JSON to the path in ORCHESTRATOR_OUTCOME. */
  one('outcome', z.record(z.string(), z.unknown())),
  /** Merged into the JSON at ORCHESTRATOR_STATE. */
  one('state', z.record(z.string(), z.unknown())),
  /** The final answer, e.g. of a router prompt. */
  one('answer', Words),
  /** Calls a tool of the orchestrator; `into` is a file for what it says. A question that is suspended ends the turn, unless it `goes_on`. */
  one('call', z.strictObject({ tool: Words, input: z.record(z.string(), z.unknown()).default({}), into: Words.optional(), goes_on: z.boolean().default(false) })),
  /** Writes what it was told into a file. */
  one('prompt', Words),
  /** Comes to its usage limit, which ends after so long (null: it does not say). */
  one('limit', Milliseconds.nullable()),
  /** So many bytes on stdout, on one line. */
  one('output', z.strictObject({ bytes: z.number().int().nonnegative() })),
  one('ignore_signals', z.literal(true)),
  one('exit', z.number().int().min(0).max(255)),
  /** Sends itself a signal. */
  one('kill', z.enum(['SIGKILL', 'SIGTERM', 'SIGINT', 'SIGSEGV'])),
]);
export type Step = z.infer<typeof Step>;

export const Script = z.strictObject({
  turns: z.array(
    z.strictObject({
      when: z.strictObject({ actor: Words.optional(), prompt: Words.optional(), iteration: z.number().int().optional(), attempt: z.number().int().optional(), resumed: z.boolean().optional() }).default({}),
      steps: z.array(Step),
    }),
  ),
});
export type Script = z.infer<typeof Script>;
export type ScriptedTurn = Script['turns'][number];

/** Parses a script. Failure `script_invalid` names line or step. */
export function parseScript(text: string, name: string): Result<Script> {
  const document = parseDocument(text, { strict: true, uniqueKeys: true });
  const [error] = document.errors;
  if (error !== undefined) return fail(invalid(name, error.message.split('\n')[0] ?? 'not valid YAML'));
  const parsed = Script.safeParse(document.toJS({ maxAliasCount: 100 }));
  if (parsed.success) return ok(parsed.data);
  const [issue] = parsed.error.issues;
  return fail(invalid(name, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong shape'}`));
}

const invalid = (name: string, why: string): Failure => ({ code: 'script_invalid', kind: 'invalid', message: `The script ${name} cannot be played: ${why}` });

/** What a turn is known by. */
export interface TurnNames {
  readonly actor: string;
  /** File name of the prompt. */
  readonly prompt: string;
  readonly iteration: number;
  readonly attempt: number;
  /** It goes on with a session. */
  readonly resumed: boolean;
}

/** The first entry whose every condition holds; undefined when none does. */
export function turnFor(script: Script, names: TurnNames): ScriptedTurn | undefined {
  return script.turns.find(({ when }) => (Object.keys(when) as (keyof TurnNames)[]).every((key) => when[key] === undefined || when[key] === names[key]));
}
