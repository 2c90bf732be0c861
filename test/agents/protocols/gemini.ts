import { DEFAULT_USAGE, halves, sse, toolsOf } from './protocol.ts';
import type { Protocol, Said } from './protocol.ts';

const partsOf = (said: Said) => toolsOf(said).map(({ name, input }) => ({ functionCall: { name, args: input } }));

const answer = (said: Said, parts: readonly unknown[], last: boolean) => {
  const { input, output } = said.usage ?? DEFAULT_USAGE;
  return {
    candidates: [{ index: 0, content: { role: 'model', parts }, ...(last ? { finishReason: 'STOP' } : {}) }],
    modelVersion: 'gemini-scripted',
    usageMetadata: { promptTokenCount: input, candidatesTokenCount: output, totalTokenCount: input + output },
  };
};

interface Schema {
  readonly type?: string;
  readonly enum?: readonly unknown[];
  readonly properties?: Readonly<Record<string, Schema>>;
}

/** Anything that fits a schema. */
function sample({ type, enum: values, properties = {} }: Schema): unknown {
  if (values !== undefined) return values[0];
  const kind = type?.toLowerCase();
  if (kind === 'object') return Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, sample(schema)]));
  if (kind === 'array') return [];
  return kind === 'integer' || kind === 'number' ? 1 : kind === 'boolean' ? false : 'x';
}

const METHOD = /:(generateContent|streamGenerateContent)$/;

/** Google's Gemini. */
export const gemini: Protocol = {
  name: 'gemini',
  handles: (path) => METHOD.test(path),
  streams: (path) => path.endsWith(':streamGenerateContent'),
  beside: (body) => !Array.isArray(body['tools']) || body['tools'].length === 0,
  // It asks a small model how hard the task is before it chooses a large one; whatever is no JSON it asks for again.
  aside(body) {
    const schema = (body['generationConfig'] as { responseJsonSchema?: Schema } | undefined)?.responseJsonSchema;
    return schema === undefined ? 'Work' : JSON.stringify(sample(schema));
  },
  whole: (said) => answer(said, [...(said.text === undefined ? [] : [{ text: said.text }]), ...partsOf(said)], true),
  pieces(said) {
    const texts = halves(said.text ?? '').map((text) => [{ text }]);
    const calls = partsOf(said);
    const all: unknown[][] = [...texts, ...(calls.length > 0 ? [calls] : []), []];
    return all.map((parts, index) => sse(answer(said, parts.length === 0 ? [{ text: '' }] : parts, index === all.length - 1)));
  },
};
