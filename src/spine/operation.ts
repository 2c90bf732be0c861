import type { z } from 'zod';
import type { Clock } from '../base/clock.ts';
import type { Result } from '../base/failure.ts';
import type { Resource } from './resource.ts';

/** Where an operation can be reached from. */
export type Surface = 'cli' | 'http' | 'mcp';

/** Who calls: a person, an agent bound to its turn or unit, or the orchestrator itself. */
export type CallerKind = 'operator' | 'agent' | 'system';

export interface Caller {
  readonly kind: CallerKind;
  /** Turn or unit that an agent is bound to. */
  readonly bound_to?: string;
}

/** `none` may have effects; `read` and `write` get nothing but the transaction. */
export type TransactionMode = 'none' | 'read' | 'write';

/** `domain.noun.verb`, all lower case. */
export type OperationName = `${string}.${string}.${string}`;

/** Progress of a long operation; what stands beside `type` is that operation's own vocabulary. */
export interface ProgressEvent {
  readonly type: string;
  readonly [detail: string]: unknown;
}

/** Another place for a called operation to work in. */
export interface Elsewhere {
  readonly directory: string;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

/** What an operation's handler is given; frozen. */
export interface OperationContext<D extends readonly AnyOperation[] = readonly AnyOperation[]> {
  readonly operation: OperationName;
  readonly caller: Caller;
  /** Folder that the caller stands in, absolute. */
  readonly directory: string;
  /** A configuration file that the caller named, absolute; null = the workspace's own. */
  readonly config_file: string | null;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  readonly timestamp: string;
  readonly signal: AbortSignal;
  readonly emit: (event: ProgressEvent) => void;
  /** What the process that the operation runs in lends it; null where it has none. */
  resource<T>(resource: Resource<T>): T | null;
  /** Calls another operation; only those declared in `cross_domain_deps`, which the types and the dispatch both enforce. */
  call<T extends D[number]>(operation: T, input: z.input<T['input']>, elsewhere?: Elsewhere): Promise<Result<z.output<T['output']>>>;
}

/** One operation, declared once and served by every surface. */
export interface Operation<I extends z.ZodType = z.ZodType, O extends z.ZodType = z.ZodType, D extends readonly AnyOperation[] = readonly AnyOperation[]> {
  readonly name: OperationName;
  readonly summary: string;
  readonly input: I;
  readonly output: O;
  /** Codes of the failures that it may give, beside those of every dispatch. */
  readonly failures: readonly string[];
  readonly transaction: TransactionMode;
  /** Operations of other domains that it may call. */
  readonly cross_domain_deps: D;
  readonly surfaces: readonly Surface[];
  readonly callers: readonly CallerKind[];
  /** It starts work, and is refused while the kill switch is on. */
  readonly starts_work: boolean;
  /** `daemon`: it needs the daemon's resources, so that any other process hands the call on to it. */
  readonly runs_in?: 'daemon';
  handler(context: OperationContext<D>, input: z.output<I>): Promise<Result<z.output<O>>>;
}

// The only `any` of the room: a registry holds operations of every shape, and their inputs vary in both directions.
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyOperation = Operation<any, any, any>;

/** Declares an operation; the types of input, output and dependencies are taken from the declaration. */
export function defineOperation<I extends z.ZodType, O extends z.ZodType, const D extends readonly AnyOperation[]>(operation: Operation<I, O, D>): Operation<I, O, D> {
  return Object.freeze(operation);
}
