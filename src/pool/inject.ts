import { fail, ok } from '../base/failure.ts';
import type { Failure, Result } from '../base/failure.ts';
import { newId } from '../base/ids.ts';
import { branchTip, checkedOutBranch } from '../git/head.ts';
import { PLANS, chunkName } from './chunk-name.ts';
import { hasContent, parseChunk, topological } from './chunk.ts';
import type { Chunk } from './chunk.ts';
import { agentFor, sandboxRefusal } from './phase-call.ts';
import type { AgentPhase } from './phase-call.ts';
import { phasesOf } from './phases.ts';
import { branchOf } from './places.ts';
import type { PoolRuntime } from './runtime.ts';
import { declaredFacts } from './unit-facts.ts';
import type { Unit } from './unit.ts';

export interface Refusal {
  readonly chunk: string;
  readonly code: string;
  readonly message: string;
}

export interface Injection {
  readonly injected: readonly string[];
  readonly refused: readonly Refusal[];
}

export interface InjectRequest {
  /** As a person wrote them; with `future` and none at all: every FUTURE chunk. */
  readonly chunks: readonly string[];
  readonly future: boolean;
  readonly partial: boolean;
  readonly priority: number | null;
}

type Refused = Failure & { readonly chunk: string };
const refuse = (chunk: string, failure: Failure): Refused => ({ ...failure, chunk });

/**
 * Takes chunks in as work units: all or none, unless `partial`. A chunk must be committed, planned and open, its
 * dependencies known and without a circle. It returns once their conflicts are known.
 */
export async function inject(pool: PoolRuntime, request: InjectRequest): Promise<Result<Injection>> {
  const problem = await sandboxRefusal(pool, pool.config().sandbox.mode);
  if (problem !== null) return fail(problem);
  const refused: Refused[] = [];
  const names: string[] = [];
  for (const written of request.chunks) {
    const name = chunkName(written);
    if (!name.ok) refused.push(refuse(written, name.failure));
    else if (!names.includes(name.value)) names.push(name.value);
  }
  const target = await branchTip(pool.repository, pool.target);
  if (target === null) return fail({ code: 'target_missing', kind: 'precondition', message: `The target branch ${pool.target} is not there.`, hint: 'Set pool.target, or make the branch.' });
  const [committed, dirty] = await Promise.all([chunksAt(pool, target), uncommitted(pool)]);
  if (request.future && names.length === 0 && refused.length === 0) names.push(...(await futureChunks(pool, committed)));
  const fit: Chunk[] = [];
  for (const name of names) {
    const chunk = await fitChunk(pool, request, { name, target, committed, dirty });
    if (chunk.ok) fit.push(chunk.value);
    else refused.push(refuse(name, chunk.failure));
  }
  for (const [name, failure] of await dependencyProblems(pool, fit, committed)) refused.push(refuse(name, failure));
  const taken = fit.filter((chunk) => !refused.some((each) => each.chunk === chunk.name));
  if (refused.length > 0 && (!request.partial || taken.length === 0)) return fail(whole(refused));
  const sorted = topological(taken);
  if (!sorted.ok) return sorted;
  const inOrder = sorted.value.map((name) => taken.find((chunk) => chunk.name === name)).filter((chunk) => chunk !== undefined);
  const made = await makeUnits(pool, inOrder, request);
  if (!made.ok) return made;
  await pool.units.insert(made.value);
  await pool.verdicts.put(inOrder.map((chunk) => declaredFacts(chunk)));
  for (const chunk of inOrder) await pool.units.change(chunk.name, { event: 'analysed', payload: {} });
  pool.wake();
  return ok({ injected: inOrder.map((chunk) => chunk.name), refused: refused.map(({ chunk, code, message }) => ({ chunk, code, message })) });
}

/** The first refusal says how it ends; all of them are named. */
function whole(refused: readonly Refused[]): Failure {
  const [first] = refused;
  if (first === undefined) throw new Error('Nothing was refused');
  const more = refused.length > 1 ? ` ${refused.length - 1} more ${refused.length === 2 ? 'is' : 'are'} refused too.` : '';
  return { code: first.code, kind: first.kind, message: `${first.message}${more} Nothing was injected.`, ...(first.hint === undefined ? {} : { hint: first.hint }), details: { injected: [], refused: refused.map(({ chunk, code, message }) => ({ chunk, code, message })) } };
}

const path = (pool: PoolRuntime, ...parts: string[]): string => [...(pool.prefix === '' ? [] : [pool.prefix]), ...parts].join('/');

/** Chunks that the target has, with the ids of their files. */
async function chunksAt(pool: PoolRuntime, commit: string): Promise<ReadonlyMap<string, { goal?: string; plan?: string }>> {
  const folder = path(pool, PLANS);
  const text = await pool.repository.git.run(['ls-tree', '-r', '-z', commit, '--', `${folder}/`]);
  const found = new Map<string, { goal?: string; plan?: string }>();
  for (const entry of text.split('\0')) {
    const [, blob, file] = /^100\d{3} blob ([0-9a-f]+)\t(.+)$/s.exec(entry) ?? [];
    const [, name, kind] = /^([^/]+)\/(GOAL|PLAN)\.md$/.exec(file?.slice(folder.length + 1) ?? '') ?? [];
    if (blob === undefined || name === undefined) continue;
    found.set(name, { ...found.get(name), ...(kind === 'GOAL' ? { goal: blob } : { plan: blob }) });
  }
  return found;
}

async function blobs(pool: PoolRuntime, ids: readonly string[]): Promise<string[]> {
  return await Promise.all(ids.map((id) => pool.repository.git.run(['cat-file', 'blob', id])));
}

/** Chunks whose files in the person's checkout are not as HEAD has them. */
async function uncommitted(pool: PoolRuntime): Promise<ReadonlySet<string>> {
  if (checkedOutBranch(pool.repository) !== pool.target) return new Set();
  const folder = path(pool, PLANS);
  const text = await pool.repository.git.run(['status', '--porcelain', '-z', '--untracked-files=all', '--no-renames', '--', `${folder}/`], { passive: true });
  return new Set(text.split('\0').flatMap((entry) => (entry.length > 3 ? [entry.slice(3 + folder.length + 1).split('/')[0] ?? ''] : [])));
}

async function futureChunks(pool: PoolRuntime, committed: ReadonlyMap<string, { goal?: string }>): Promise<string[]> {
  const found: string[] = [];
  for (const [name, { goal }] of committed) {
    if (goal === undefined || pool.units.live.has(name)) continue;
    const [text = ''] = await blobs(pool, [goal]);
    const chunk = parseChunk(name, text, null);
    if (chunk.ok && chunk.value.status === 'FUTURE') found.push(name);
  }
  return found;
}

async function fitChunk(pool: PoolRuntime, request: InjectRequest, at: { readonly name: string; readonly target: string; readonly committed: ReadonlyMap<string, { goal?: string; plan?: string }>; readonly dirty: ReadonlySet<string> }): Promise<Result<Chunk>> {
  const { name, committed, dirty } = at;
  const files = committed.get(name);
  const live = pool.units.live.get(name);
  if (live !== undefined) return fail({ code: 'already_injected', kind: 'conflict', message: `${name} is a work unit already (${live.status}).`, hint: `orchestrator unit show ${name}` });
  if (files?.goal === undefined) {
    return dirty.has(name)
      ? fail({ code: 'chunk_uncommitted', kind: 'precondition', message: `${PLANS}/${name} is not committed on ${pool.target}.`, hint: `git add ${PLANS}/${name} && git commit` })
      : fail({ code: 'chunk_not_found', kind: 'not_found', message: `There is no ${PLANS}/${name}/GOAL.md on ${pool.target}.` });
  }
  if (dirty.has(name)) return fail({ code: 'chunk_uncommitted', kind: 'precondition', message: `${PLANS}/${name} has changes that are not committed.`, hint: `git add ${PLANS}/${name} && git commit` });
  const [goal = '', plan] = await blobs(pool, [files.goal, ...(files.plan === undefined ? [] : [files.plan])]);
  const parsed = parseChunk(name, goal, plan ?? null);
  if (!parsed.ok) return parsed;
  const { status } = parsed.value;
  if (status !== 'FUTURE' && status !== 'IMPLEMENTING') return fail({ code: 'chunk_not_open', kind: 'precondition', message: `${name} is ${status}: only a chunk that is IMPLEMENTING or FUTURE can be worked on.` });
  if (request.future && status !== 'FUTURE') return fail({ code: 'chunk_not_future', kind: 'precondition', message: `${name} is ${status}, and --future is for chunks that are FUTURE.`, hint: `orchestrator inject ${name}` });
  const phases = phasesOf(pool, plan ?? null);
  if (!hasContent(plan ?? null) && (status !== 'FUTURE' || !phases.includes('PLAN'))) return fail({ code: 'chunk_unplanned', kind: 'precondition', message: `${PLANS}/${name}/PLAN.md has no content, so that nobody would know what to build.`, hint: status === 'FUTURE' ? 'pool.phases leaves PLAN out.' : 'Write the plan and commit it; a FUTURE chunk may have its plan written by an agent.' });
  return parsed;
}

/** Dependencies that are not there, and circles, live units included. */
async function dependencyProblems(pool: PoolRuntime, chunks: readonly Chunk[], committed: ReadonlyMap<string, unknown>): Promise<ReadonlyMap<string, Failure>> {
  const problems = new Map<string, Failure>();
  for (const chunk of chunks) {
    const missing = (chunk.depends_on ?? []).filter((name) => !committed.has(name) && !pool.units.live.has(name));
    if (missing.length > 0) problems.set(chunk.name, { code: 'dependency_missing', kind: 'precondition', message: `${chunk.name} depends on ${missing.join(', ')}, of which there is no chunk on ${pool.target}.` });
  }
  const all = [...chunks, ...[...pool.units.live.values()].map((unit) => ({ name: unit.chunk, depends_on: unit.depends_on }))];
  const sorted = topological(all);
  if (!sorted.ok) {
    const cycle = sorted.failure.details?.['cycle'];
    for (const name of Array.isArray(cycle) ? cycle : []) if (chunks.some((chunk) => chunk.name === name)) problems.set(String(name), sorted.failure);
  }
  return problems;
}

async function makeUnits(pool: PoolRuntime, chunks: readonly Chunk[], request: InjectRequest): Promise<Result<Unit[]>> {
  const at = pool.clock.now();
  const units: Unit[] = [];
  for (const chunk of chunks) {
    const first = phasesOf(pool, chunk.plan)[0] ?? 'MERGE';
    const agent = await agentFor(pool, (first === 'MERGE' ? 'IMPLEMENT' : first) as AgentPhase, chunk.agent);
    if (!agent.ok) return agent;
    const now = at.toISOString();
    units.push({
      id: newId('unit', at), chunk: chunk.name, status: 'PENDING', phase: null, priority: request.priority ?? chunk.priority, version: 1, created_at: now, updated_at: now, since: now,
      kind: null, attention_reason: null, waits: [], claim: false, target: pool.target, branch: branchOf(chunk.name), worktree: null, base: null,
      depends_on: chunk.depends_on === null ? null : [...chunk.depends_on], future: chunk.status === 'FUTURE', displaced: [], agent: { name: agent.value.name, kind: agent.value.kind }, attempt: 0,
      session: null, question: null, answer: null, updating: null, gate: chunk.gate === null ? null : typeof chunk.gate === 'string' ? chunk.gate : [...chunk.gate], notes: [],
      review_rounds: 0, merge_rounds: 0, errors: 0, not_before: null, limited: null, merged_as: null, failure: null, usage: { input_tokens: 0, output_tokens: 0, cost_usd: null },
    });
  }
  return ok(units);
}
