import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { parseDocument } from 'yaml';
import { z } from 'zod';
import { parseDuration } from '../base/duration.ts';
import { fail, ok } from '../base/failure.ts';
import type { Failure, Result } from '../base/failure.ts';
import { didYouMean } from '../base/suggest.ts';

const Duration = z.string().transform((text, context) => {
  const value = parseDuration(text);
  if (value === null) context.addIssue({ code: 'custom', message: 'expected a duration such as 90s, 10m or 2h' });
  return value ?? 0;
});

/** What may stand between `---` lines at the top of a prompt. `timeout` becomes milliseconds. */
export const FrontMatter = z.strictObject({
  agent: z.string().min(1).optional(),
  model: z.string().min(1).optional(),
  timeout: Duration.optional(),
  max_cost_usd: z.number().positive().optional(),
  allowed_tools: z.array(z.string().min(1)).optional(),
  context: z.boolean().optional(),
});
export type FrontMatter = z.infer<typeof FrontMatter>;

/** A prompt file. Without front matter `frontMatter` is null and `body` is the file, byte for byte. */
export interface Prompt {
  readonly name: string;
  readonly path: string;
  readonly frontMatter: FrontMatter | null;
  readonly body: Buffer;
}

export function readPrompt(folder: string, name: string): Result<Prompt> {
  const path = join(folder, name);
  let content: Buffer;
  try {
    if (!statSync(path).isFile()) return fail(promptInvalid(path, 'it is not a regular file'));
    content = readFileSync(path);
  } catch (error) {
    return fail(promptInvalid(path, `it cannot be read (${error instanceof Error ? error.message : String(error)})`));
  }
  const parsed = splitFrontMatter(content, path);
  if (!parsed.ok) return parsed;
  if (parsed.value.body.toString('utf8').trim() === '') return fail(promptInvalid(path, 'it is empty; an agent would be paid for nothing'));
  return ok({ name, path, ...parsed.value });
}

/** Separates front matter from body. A first line `---` with no closing one, or with no mapping between, is no front matter. */
export function splitFrontMatter(content: Buffer, path: string): Result<Pick<Prompt, 'frontMatter' | 'body'>> {
  const plain = ok({ frontMatter: null, body: content });
  const text = content.toString('latin1');
  const opening = /^(?:\u00ef\u00bb\u00bf)?---[ \t]*\r?\n/.exec(text);
  if (opening === null) return plain;
  const closing = /^---[ \t]*(\r?\n|$)/m.exec(text.slice(opening[0].length));
  if (closing === null) return plain;
  const from = opening[0].length;
  const yaml = content.subarray(from, from + closing.index).toString('utf8');
  const document = parseDocument(yaml, { strict: true, uniqueKeys: true });
  const [error] = document.errors;
  if (error !== undefined) return fail(promptInvalid(path, `its front matter is not valid YAML: ${error.message.split('\n')[0] ?? ''}`));
  const value: unknown = document.toJS({ maxAliasCount: 10 });
  if (value !== null && (typeof value !== 'object' || Array.isArray(value))) return plain;
  const parsed = FrontMatter.safeParse(value ?? {});
  const body = content.subarray(from + closing.index + closing[0].length);
  if (parsed.success) return ok({ frontMatter: parsed.data, body });
  const issue = parsed.error.issues[0];
  if (issue?.code === 'unrecognized_keys') {
    const key = issue.keys[0] ?? '';
    return fail(promptInvalid(path, `its front matter has the unknown key "${key}".${didYouMean(key, Object.keys(FrontMatter.shape))}`));
  }
  return fail(promptInvalid(path, `its front matter, ${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong type'}`));
}

/** Values for `{{name}}` in a prompt with front matter. */
export type PromptVariables = Readonly<Record<string, string>>;

/** The bytes for the agent's stdin. Variables are replaced only where there is front matter; an unknown one is a failure. */
export function renderPrompt(prompt: Prompt, variables: PromptVariables, context: string): Result<Buffer> {
  if (prompt.frontMatter === null) return ok(prompt.body);
  const unknown = new Set<string>();
  const text = prompt.body.toString('utf8').replaceAll(/\{\{\s*([A-Za-z_][A-Za-z0-9_]*)\s*\}\}/g, (whole, name: string) => {
    if (Object.hasOwn(variables, name)) return variables[name] ?? '';
    unknown.add(name);
    return whole;
  });
  const [name] = unknown;
  if (name !== undefined) {
    return fail(promptInvalid(prompt.path, `it uses the unknown variable {{${name}}}.${didYouMean(name, Object.keys(variables))} Known: ${Object.keys(variables).join(', ')}`));
  }
  return ok(Buffer.from(prompt.frontMatter.context === true ? `${text.trimEnd()}\n\n${context}` : text));
}

function promptInvalid(path: string, why: string): Failure {
  return { code: 'prompt_invalid', kind: 'invalid', message: `The prompt ${path} cannot be used: ${why}`, hint: 'Nothing was started.', details: { file: path } };
}
