import { Hono } from 'hono';
import type { Context } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { fail, failureOf, ok } from '../../base/failure.ts';
import type { Failure, Result } from '../../base/failure.ts';
import type { AnyOperation } from '../../spine/operation.ts';
import type { Registry } from '../../spine/registry.ts';
import type { DaemonLog } from '../daemon/log.ts';
import type { Login } from './login.ts';
import { PROBLEM_TYPE, problemOf, refusal } from './problem.ts';
import type { Refusal } from './problem.ts';
import { hasRoute, isTelling } from './routes.ts';
import { queryInput } from './query-input.ts';

const MAX_BODY_BYTES = 1024 * 1024;

/** What the routes need of the daemon. */
export interface AppHost {
  readonly version: string;
  readonly registry: Registry;
  readonly dispatch: (name: string, input: unknown, signal: AbortSignal) => Promise<Result<unknown>>;
  readonly login: Login;
  /** False while the daemon starts or ends. */
  readonly isReady: () => boolean;
  readonly log: DaemonLog;
}

/** Everything that is served over HTTP. Who gets this far has passed the gate. */
export function createApp(host: AppHost): Hono {
  const app = new Hono();
  app.use(async (context, next) => {
    await next();
    context.header('Cache-Control', 'no-store');
    context.header('X-Content-Type-Options', 'nosniff');
    context.header('Referrer-Policy', 'no-referrer');
    context.header('Content-Security-Policy', "default-src 'none'; frame-ancestors 'none'");
  });
  app.get('/health', (context) => context.json({ ok: host.isReady(), version: host.version }, host.isReady() ? 200 : 503));
  app.use(async (context, next) => {
    if (host.isReady()) return await next();
    return answer(context, refusal({ code: 'daemon_not_ready', kind: 'unavailable', message: 'The daemon is starting, or ending.', hint: 'Try again in a moment.' }));
  });
  app.get('/', (context) => context.json({ name: 'orchestrator', version: host.version, openapi: '/openapi.json' }));
  app.get('/login', (context) => logIn(context, host.login));
  app.get('/openapi.json', async (context) => {
    const { openApi } = await import('./openapi.ts');
    return context.json(await openApi(host.registry, host.version));
  });
  const tooLarge = (context: Context): Response => answer(context, refusal({ code: 'body_too_large', kind: 'limit', message: `A body may have ${MAX_BODY_BYTES} bytes.` }, 413));
  const path = '/api/v1/:domain/:noun/:verb';
  app.post(path, bodyLimit({ maxSize: MAX_BODY_BYTES, onError: tooLarge }));
  app.all(path, async (context) => {
    const { domain, noun, verb } = context.req.param();
    const name = `${domain}.${noun}.${verb}`;
    const operation = await host.registry.get(name);
    if (operation === null || !hasRoute(operation)) return answer(context, refusal({ code: 'unknown_operation', kind: 'unknown', message: `There is no operation ${JSON.stringify(name)} here.`, hint: 'See /openapi.json.' }));
    const input = await inputOf(context, operation);
    if (!input.ok) return answer(context, input.refusal);
    const result = await host.dispatch(name, input.value, context.req.raw.signal);
    if (result.ok) return context.json(result.value as object);
    if (result.failure.kind === 'bug') host.log.error(`${name}: ${result.failure.message}`, { ...result.failure.details });
    return answer(context, refusal(result.failure));
  });
  app.notFound((context) => answer(context, refusal({ code: 'unknown_route', kind: 'unknown', message: `There is nothing at ${context.req.path}.`, hint: 'See /openapi.json.' })));
  app.onError((error, context) => {
    const failure = failureOf(error);
    host.log.error(`${context.req.method} ${context.req.path}: ${failure.message}`, { ...failure.details });
    return answer(context, refusal(failure));
  });
  return app;
}

function answer(context: Context, refused: Refusal, headers: Record<string, string> = {}): Response {
  return context.body(JSON.stringify(problemOf(refused)), refused.status as ContentfulStatusCode, { 'Content-Type': PROBLEM_TYPE, ...headers });
}

function logIn(context: Context, login: Login): Response {
  // HEAD, with which some programs look at a link before a person does, must not use it up.
  const cookie = context.req.method === 'GET' ? login.redeem(context.req.query('code') ?? '') : null;
  if (cookie === null) return answer(context, refusal({ code: 'login_link_used', kind: 'precondition', message: 'This link was used before, or is too old.', hint: 'orchestrator daemon url' }, 401));
  context.header('Set-Cookie', cookie);
  return context.redirect('/', 303);
}

type Input = { readonly ok: true; readonly value: unknown } | { readonly ok: false; readonly refusal: Refusal };

async function inputOf(context: Context, operation: AnyOperation): Promise<Input> {
  const { method } = context.req;
  const refused = (failure: Failure, status: number): Input => ({ ok: false, refusal: refusal(failure, status) });
  if ((method === 'GET' || method === 'HEAD') && isTelling(operation)) return { ok: true, value: queryInput(operation.input, new URL(context.req.url).searchParams) };
  if (method !== 'POST') {
    context.header('Allow', isTelling(operation) ? 'GET, HEAD, POST' : 'POST');
    return refused({ code: 'method_not_allowed', kind: 'unknown', message: `${operation.name} is not asked for with ${method}.`, hint: 'POST its input as JSON.' }, 405);
  }
  const text = await context.req.text();
  if (text === '') return { ok: true, value: {} };
  // A form of another site's page can send no other type without asking first; `Origin` is one lock, this is another.
  const type = context.req.header('content-type')?.split(';')[0]?.trim().toLowerCase();
  if (type !== 'application/json') return refused({ code: 'not_json', kind: 'invalid', message: 'The body has to be application/json.' }, 415);
  const parsed = parse(text);
  return parsed.ok ? { ok: true, value: parsed.value } : { ok: false, refusal: refusal(parsed.failure) };
}

function parse(text: string): Result<unknown> {
  try {
    return ok(JSON.parse(text));
  } catch (error) {
    return fail({ code: 'not_json', kind: 'invalid', message: `The body is not valid JSON: ${error instanceof Error ? error.message : String(error)}` });
  }
}
