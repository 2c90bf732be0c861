import { expect, test } from 'vitest';
import { claudeErrorClass } from './claude/error-class.ts';
import { codexErrorClass, isUsageLimit } from './codex/error-class.ts';

// As told by claude 2.1.197 when a model server on loopback gave these answers.
test.each([
  ['401', { status: 401, kind: 'authentication_failed' }, 'auth'],
  ['429', { status: 429, kind: 'rate_limit' }, 'rate_limit'],
  ['500', { status: 500, kind: 'server_error' }, 'overloaded'],
  ['529', { status: 529, kind: 'server_error' }, 'overloaded'],
  ['nobody listens', { status: null, kind: 'server_error' }, 'network'],
  ['400, prompt too long', { status: 400, kind: 'invalid_request', terminal_reason: 'prompt_too_long' }, 'context_overflow'],
  ['400, credit balance too low', { status: 400, kind: 'billing_error' }, 'quota'],
  ['400, anything else', { status: 400, kind: 'invalid_request' }, 'protocol'],
  ['stop reason refusal', { status: null, kind: 'invalid_request', stop_reason: 'refusal' }, 'refusal'],
  ['--max-turns reached', { status: null, kind: null, terminal_reason: 'max_turns', subtype: 'error_max_turns' }, 'crash'],
] as const)('claude: %s', (_, error, expected) => {
  expect(claudeErrorClass(error)).toBe(expected);
});

// Whole messages of codex 0.169.0, recorded likewise.
test.each([
  ['exceeded retry limit, last status: 429 Too Many Requests', 'rate_limit'],
  ['You’ve hit your usage limit. Upgrade to Pro (https://chatgpt.com/explore/pro), visit https://chatgpt.com/settings/usage to purchase more credits or try again at 5:46 AM.', 'rate_limit'],
  ['rate limit exceeded: slow down', 'rate_limit'],
  ['unexpected status 401 Unauthorized: bad key, url: http://127.0.0.1:32827/v1/responses', 'auth'],
  ['unexpected status 529 <unknown status code>: Overloaded, url: http://127.0.0.1:33145/v1/responses', 'overloaded'],
  ['We’re currently experiencing high demand, which may cause temporary errors.', 'overloaded'],
  ['Selected model is at capacity. Please try a different model.', 'overloaded'],
  ["Codex ran out of room in the model's context window. Start a new thread or clear earlier history before retrying.", 'context_overflow'],
  ['Quota exceeded. Check your plan and billing details.', 'quota'],
  ['To use Codex with your ChatGPT plan, upgrade to Plus: https://chatgpt.com/explore/plus.', 'quota'],
  ['Reconnecting... waiting for network (Connection failed: error sending request)', 'network'],
  ['Reconnecting... 1/2 (We’re currently experiencing high demand, which may cause temporary errors.)', 'overloaded'],
  ['{"type":"error","error":{"type":"invalid_request_error","message":"bad"}}', 'protocol'],
  ['The model said: Quota exceeded. Check your plan and billing details.', 'crash'],
] as const)('codex: %s', (message, expected) => {
  expect(codexErrorClass(message)).toBe(expected);
  expect(isUsageLimit(message)).toBe(message.startsWith('You’ve'));
});
