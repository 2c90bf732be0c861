import { DEFAULT_USAGE, halves, newId, sse, toolsOf } from './protocol.ts';
import type { Protocol, Said } from './protocol.ts';

const callsOf = (said: Said) => toolsOf(said).map(({ name, input }, index) => ({ index, id: newId('call_'), type: 'function', function: { name, arguments: JSON.stringify(input) } }));

const usageOf = (said: Said) => {
  const { input, output } = said.usage ?? DEFAULT_USAGE;
  return { prompt_tokens: input, completion_tokens: output, total_tokens: input + output };
};

const reasonOf = (said: Said): string => (toolsOf(said).length > 0 ? 'tool_calls' : 'stop');

/** OpenAI's Chat Completions, as many other servers speak them. */
export const openaiChat: Protocol = {
  name: 'openai-chat',
  handles: (path) => path.endsWith('/chat/completions'),
  streams: (_path, body) => body['stream'] === true,
  beside: (body) => !Array.isArray(body['tools']) || body['tools'].length === 0,
  whole: (said) => ({
    id: newId('chatcmpl-'),
    object: 'chat.completion',
    created: 1,
    model: 'scripted',
    choices: [{ index: 0, message: { role: 'assistant', content: said.text ?? null, ...(callsOf(said).length === 0 ? {} : { tool_calls: callsOf(said) }) }, finish_reason: reasonOf(said) }],
    usage: usageOf(said),
  }),
  pieces(said) {
    const id = newId('chatcmpl-');
    const chunk = (delta: unknown, finish_reason: string | null = null, more: Record<string, unknown> = {}): string =>
      sse({ id, object: 'chat.completion.chunk', created: 1, model: 'scripted', choices: [{ index: 0, delta, finish_reason }], ...more });
    return [
      chunk({ role: 'assistant', content: '' }),
      ...halves(said.text ?? '').map((content) => chunk({ content })),
      ...callsOf(said).map((call) => chunk({ tool_calls: [call] })),
      chunk({}, reasonOf(said), { usage: usageOf(said) }),
      'data: [DONE]\n\n',
    ];
  },
};
