import type { StoredEvent } from '../store/store.ts';

/** One link of what brought a unit where it is. */
export interface Cause {
  readonly at: string;
  readonly what: string;
  readonly because: string;
}

interface Told {
  readonly event?: string;
  readonly from?: string;
  readonly status?: string;
  readonly phase?: string | null;
  readonly payload?: Readonly<Record<string, unknown>>;
  readonly attention_reason?: string | null;
  readonly commit?: string;
  readonly target?: string;
  readonly with?: string;
  readonly files?: readonly string[];
  readonly agent?: string;
  readonly failure?: { readonly message: string } | null;
  readonly exit_code?: number | null;
  readonly priority?: number;
}

/** What happened to a unit, from the log of events alone, oldest first. What says nothing to a person is left out. */
export function causesOf(events: readonly Pick<StoredEvent, 'at' | 'type' | 'data'>[]): Cause[] {
  return events.flatMap(({ at, type, data }) => {
    const link = linkOf(type, data as Told);
    return link === null ? [] : [{ at, ...link }];
  });
}

function linkOf(type: string, told: Told): Omit<Cause, 'at'> | null {
  switch (type) {
    case 'unit.injected':
      return { what: 'injected', because: `priority ${told.priority ?? 0}` };
    case 'unit.changed':
      return stepOf(told);
    case 'attempt.started':
      return { what: 'agent', because: `${told.agent ?? ''} was called for ${told.phase ?? ''}` };
    case 'attempt.ended':
      return { what: 'agent', because: told.failure ? told.failure.message : `came to its end for ${told.phase ?? ''}, exit code ${told.exit_code ?? 'none'}` };
    case 'merge.landed':
      return { what: 'merged', because: `landed on ${told.target ?? ''} as ${told.commit ?? ''}` };
    case 'merge.dropped':
      return { what: 'merge', because: `could not land on ${told.target ?? ''} then` };
    case 'conflict.appeared':
      return { what: 'conflict', because: `with ${told.with ?? ''} in ${(told.files ?? []).join(', ')}` };
    case 'unit.asked':
      return { what: 'question', because: 'its agent asked in the middle of its call' };
    case 'unit.answered':
      return { what: 'question', because: 'the operator answered' };
    case 'unit.prioritized':
      return { what: 'priority', because: `is ${told.priority ?? 0} now` };
    default:
      return null;
  }
}

function stepOf({ event, status = '', phase, payload = {} }: Told): Omit<Cause, 'at'> {
  const what = phase === null || phase === undefined || status !== 'RUNNING' ? status : `${status} ${phase}`;
  switch (event) {
    case 'wait': {
      const waits = (payload['waits'] ?? []) as readonly { readonly on: string; readonly chunk: string | null }[];
      return { what, because: waits.map((wait) => (wait.on === 'operator' ? 'the operator holds it back' : `${wait.on === 'dependency' ? 'it depends on' : 'it conflicts with'} ${wait.chunk ?? ''}`)).join('; ') };
    }
    case 'attention':
      return { what: `${what} ${String(payload['kind'])}`, because: String(payload['attention_reason']) };
    case 'requeue':
    case 'resume':
    case 'cancel':
      return { what, because: String(payload['why']) };
    case 'fail':
      return { what, because: String(payload['message']) };
    case 'complete':
      return { what, because: `its work is in the target as ${String(payload['merged_as'])}` };
    case 'answer':
      return { what, because: 'the operator answered' };
    case 'retry':
      return { what, because: 'the operator let it go on' };
    case 'clear':
      return { what, because: 'what it waited for is done' };
    case 'assign':
      return { what, because: 'an agent was free, and nothing at work excluded it' };
    case 'analysed':
      return { what, because: 'its conflicts are known' };
    case 'start':
      return { what, because: 'its worktree is ready' };
    default:
      return { what, because: 'the phase before was done' };
  }
}
