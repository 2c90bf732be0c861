import { DEFAULT_USAGE, newId, sse, toolsOf } from './protocol.ts';
import type { Protocol, Said } from './protocol.ts';

const itemsOf = (said: Said): { type: string; [key: string]: unknown }[] => [
  ...(said.text === undefined ? [] : [{ type: 'message', id: newId('msg_'), role: 'assistant', status: 'completed', content: [{ type: 'output_text', text: said.text, annotations: [] }] }]),
  ...toolsOf(said).map(({ name, input }) => {
    // Tools of an MCP server have a namespace of their own: `mcp__server.tool`.
    const [namespace, own] = name.includes('.') ? name.split('.', 2) : [undefined, name];
    return { type: 'function_call', id: newId('fc_'), call_id: newId('call_'), name: own, arguments: JSON.stringify(input), status: 'completed', ...(namespace === undefined ? {} : { namespace }) };
  }),
];

const response = (said: Said, output: readonly unknown[], status: string) => {
  const { input, output: out } = said.usage ?? DEFAULT_USAGE;
  return {
    id: newId('resp_'),
    object: 'response',
    status,
    model: 'gpt-scripted',
    output,
    usage: { input_tokens: input, input_tokens_details: { cached_tokens: 0 }, output_tokens: out, output_tokens_details: { reasoning_tokens: 0 }, total_tokens: input + out },
  };
};

/** OpenAI's Responses. */
export const openaiResponses: Protocol = {
  name: 'openai-responses',
  handles: (path) => path.endsWith('/responses'),
  streams: (_path, body) => body['stream'] === true,
  beside: () => false,
  whole: (said) => response(said, itemsOf(said), 'completed'),
  pieces(said) {
    const items = itemsOf(said);
    const done = response(said, items, 'completed');
    return [
      sse({ type: 'response.created', response: { ...done, status: 'in_progress', output: [] } }, 'response.created'),
      ...items.flatMap((item, output_index) => [
        sse({ type: 'response.output_item.added', output_index, item: { ...item, status: 'in_progress' } }, 'response.output_item.added'),
        ...(item.type === 'message' ? [sse({ type: 'response.output_text.delta', item_id: item['id'], output_index, content_index: 0, delta: said.text }, 'response.output_text.delta')] : []),
        sse({ type: 'response.output_item.done', output_index, item }, 'response.output_item.done'),
      ]),
      sse({ type: 'response.completed', response: done }, 'response.completed'),
    ];
  },
};
