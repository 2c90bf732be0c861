import { utcSeconds } from '../base/clock.ts';
import { fail, failureOf } from '../base/failure.ts';
import type { Failure, Result } from '../base/failure.ts';
import { didYouMean } from '../base/suggest.ts';
import type { AnyOperation, Caller, Elsewhere, OperationContext } from './operation.ts';
import { dependenciesOf } from './registry.ts';
import type { Registry } from './registry.ts';
import type { Resource, Resources } from './resource.ts';

/** What a surface knows of a call. */
export interface DispatchContext extends Pick<OperationContext, 'caller' | 'directory' | 'config_file' | 'environment' | 'clock' | 'signal' | 'emit'> {
  /** What this process lends; nothing where left out. */
  readonly resources?: Resources;
  /** Hands a call on to the daemon; where left out, an operation of the daemon's runs here. */
  readonly forward?: (operation: AnyOperation, input: unknown) => Promise<Result<unknown>>;
}

/**
 * The one way in: look up, authority, input, handler, output. Expected failures come back as data; a bug that a handler
 * throws is caught here and becomes the failure `internal`.
 */
export async function dispatch(registry: Registry, name: string, input: unknown, context: DispatchContext): Promise<Result<unknown>> {
  try {
    const operation = await registry.get(name);
    if (operation === null) {
      return fail({
        code: 'unknown_operation',
        kind: 'unknown',
        message: `There is no operation ${JSON.stringify(name)}.${didYouMean(name, registry.names)}`,
        hint: 'orchestrator ops list',
      });
    }
    return await perform(operation, input, context);
  } catch (error) {
    return fail(failureOf(error));
  }
}

async function perform(operation: AnyOperation, input: unknown, context: DispatchContext): Promise<Result<unknown>> {
  const refused = refuseCaller(operation, context.caller);
  if (refused !== null) return fail(refused);
  const parsed = operation.input.safeParse(input);
  if (!parsed.success) {
    const issues = parsed.error.issues.map((issue: { path: PropertyKey[]; message: string }) => ({ path: issue.path.join('.'), message: issue.message }));
    const [first] = issues;
    return fail({
      code: 'input_invalid',
      kind: 'invalid',
      message: `${operation.name}: ${first?.path ? `${first.path}: ` : ''}${first?.message ?? 'wrong input'}`,
      hint: `orchestrator ops show ${operation.name}`,
      details: { issues },
    });
  }
  if (operation.runs_in === 'daemon' && context.forward !== undefined) return await context.forward(operation, parsed.data);
  const { resources, forward: _, ...plain } = context;
  const allowed = new Set(dependenciesOf(operation));
  const own: OperationContext = Object.freeze({
    ...plain,
    resource: <T>(resource: Resource<T>) => resources?.find(resource) ?? null,
    operation: operation.name,
    timestamp: utcSeconds(context.clock.now()),
    async call(other: AnyOperation, otherInput: unknown, elsewhere?: Elsewhere): Promise<Result<never>> {
      if (!allowed.has(other)) throw new Error(`${operation.name} calls ${other.name} without declaring it in cross_domain_deps`);
      const place = elsewhere === undefined ? {} : { ...elsewhere, config_file: null };
      return (await perform(other, otherInput, { ...context, ...place, caller: { kind: 'system' } })) as Result<never>;
    },
  });
  const result: Result<unknown> = await operation.handler(own, parsed.data);
  if (!result.ok) return result;
  return { ok: true, value: operation.output.parse(result.value) };
}

function refuseCaller(operation: AnyOperation, caller: Caller): Failure | null {
  if (operation.callers.includes(caller.kind)) return null;
  return {
    code: 'not_allowed',
    kind: 'precondition',
    message: `${operation.name} may not be called by ${caller.kind === 'agent' ? 'an agent' : `the ${caller.kind}`}.`,
    details: { operation: operation.name, caller: caller.kind },
  };
}
