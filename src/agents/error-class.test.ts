import { expect, test } from 'vitest';
import { claudeErrorClass } from './claude/error-class.ts';
import { codexErrorClass, isUsageLimit } from './codex/error-class.ts';
import { geminiErrorClass, geminiExitClass, isDailyQuota } from './gemini/error-class.ts';
import { opencodeErrorClass } from './opencode/error-class.ts';

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

const WAIT = '\nPlease wait and try again later. To increase your limits, request a quota increase through AI Studio, or switch to another /auth method';

// Whole messages of gemini 0.61.0, recorded likewise.
test.each([
  [`[API Error: Slow down]${WAIT}`, 'rate_limit'],
  [`[API Error: You have exhausted your daily quota on this model.]${WAIT}`, 'rate_limit'],
  ['[API Error: {"error":{"code":400,"message":"API key not valid. Please pass a valid API key.","status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}]', 'auth'],
  ['[API Error: {"error":{"code":401,"message":"bad login","status":"UNAUTHENTICATED"}}]', 'auth'],
  ['[API Error: {"error":{"code":400,"message":"The input token count (1200000) exceeds the maximum number of tokens allowed (1048575).","status":"INVALID_ARGUMENT"}}]', 'context_overflow'],
  ['[API Error: {"error":{"code":400,"message":"bad","status":"INVALID_ARGUMENT"}}]', 'protocol'],
  ['[API Error: exception TypeError: fetch failed sending request]', 'network'],
  ['[API Error: terminated]', 'network'],
  ['[API Error: The model is overloaded]', null],
  ['[API Error: {"error":]', null],
  ['The model said: [API Error: terminated]', null],
] as const)('gemini: %s', (message, expected) => {
  expect(geminiErrorClass(message)).toBe(expected);
  expect(isDailyQuota(message)).toBe(message.includes('daily quota'));
});

// What its exit code tells of an answer whose words could be any server's.
test.each([[429 % 256, 'rate_limit'], [503 % 256, 'overloaded'], [529 % 256, 'overloaded'], [401 % 256, 'auth'], [400 % 256, 'protocol'], [41, 'auth'], [42, 'protocol'], [1, null], [0, null], [137, null]] as const)('gemini: exit code %i', (code, expected) => {
  expect(geminiExitClass(code)).toBe(expected);
});

// As told by opencode 1.18.33 likewise.
test.each([
  ['429', { name: 'APIError', status: 429, retryable: true }, 'rate_limit'],
  ['503', { name: 'APIError', status: 503, retryable: true }, 'overloaded'],
  ['401', { name: 'APIError', status: 401, retryable: false }, 'auth'],
  ['no answer', { name: 'APIError', status: null, retryable: true }, 'network'],
  ['context too long', { name: 'ContextOverflowError', status: null, retryable: false }, 'context_overflow'],
  ['no login', { name: 'ProviderAuthError', status: null, retryable: false }, 'auth'],
  ['anything else', { name: 'UnknownError', status: null, retryable: false }, 'crash'],
] as const)('opencode: %s', (_, error, expected) => {
  expect(opencodeErrorClass(error)).toBe(expected);
});
