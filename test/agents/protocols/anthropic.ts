import { DEFAULT_USAGE, halves, newId, sse, toolsOf } from './protocol.ts';
import type { Protocol, Said } from './protocol.ts';

type Block = { type: 'text'; text: string } | { type: 'tool_use'; id: string; name: string; input: unknown };

const blocksOf = (said: Said): Block[] => [
  ...(said.text === undefined ? [] : [{ type: 'text' as const, text: said.text }]),
  ...toolsOf(said).map(({ name, input }) => ({ type: 'tool_use' as const, id: newId('toolu_'), name, input })),
];

const message = (said: Said, content: readonly Block[]) => {
  const { input, output } = said.usage ?? DEFAULT_USAGE;
  return {
    id: newId('msg_'),
    type: 'message',
    role: 'assistant',
    model: 'claude-scripted',
    content,
    stop_reason: toolsOf(said).length > 0 ? 'tool_use' : 'end_turn',
    stop_sequence: null,
    usage: { input_tokens: input, cache_creation_input_tokens: 0, cache_read_input_tokens: 0, output_tokens: output },
  };
};

/** Anthropic's Messages. */
export const anthropic: Protocol = {
  name: 'anthropic',
  handles: (path) => path.endsWith('/v1/messages'),
  streams: (_path, body) => body['stream'] === true,
  beside: (body) => !Array.isArray(body['tools']) || body['tools'].length === 0,
  whole: (said) => message(said, blocksOf(said)),
  pieces(said) {
    const whole = message(said, []);
    const start = { ...whole, stop_reason: null, usage: { ...whole.usage, output_tokens: 1 } };
    return [
      sse({ type: 'message_start', message: start }, 'message_start'),
      ...blocksOf(said).flatMap((block, index) => {
        const empty = block.type === 'text' ? { ...block, text: '' } : { ...block, input: {} };
        const deltas = block.type === 'text' ? halves(block.text).map((text) => ({ type: 'text_delta', text })) : halves(JSON.stringify(block.input)).map((partial_json) => ({ type: 'input_json_delta', partial_json }));
        return [
          sse({ type: 'content_block_start', index, content_block: empty }, 'content_block_start'),
          ...deltas.map((delta) => sse({ type: 'content_block_delta', index, delta }, 'content_block_delta')),
          sse({ type: 'content_block_stop', index }, 'content_block_stop'),
        ];
      }),
      sse({ type: 'message_delta', delta: { stop_reason: whole.stop_reason, stop_sequence: null }, usage: { output_tokens: whole.usage.output_tokens } }, 'message_delta'),
      sse({ type: 'message_stop' }, 'message_stop'),
    ];
  },
};
