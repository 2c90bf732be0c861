import { readFileSync } from 'node:fs';
import { newest } from '../../src/pool/unit-book.ts';
import type { Unit } from '../../src/pool/unit.ts';
import { openStore } from '../../src/store/store.ts';
import type { StoredEvent } from '../../src/store/store.ts';
import { createRig, until } from './rig.ts';
import type { Rig, Running, RigOptions } from './rig.ts';

/** A workspace with chunks and a daemon of its own. */
export interface PoolRig extends AsyncDisposable {
  readonly rig: Rig;
  /** Lays a chunk down, not committed. `goal`: further lines of its front matter. */
  chunk(name: string, chunk?: { readonly goal?: string; readonly plan?: string; readonly status?: string }): Promise<void>;
  /** Starts the daemon and waits until it can be reached. */
  daemon(env?: Readonly<Record<string, string>>): Promise<Running>;
  /** Kills the daemon alone and waits for its end. */
  kill(): Promise<void>;
  stop(): Promise<void>;
  inject(...chunks: string[]): Promise<void>;
  unit(chunk: string): Promise<Unit | null>;
  /** Waits until a unit has one of these statuses; fails early where it needs attention or failed instead. */
  reach(chunk: string, ...statuses: Unit['status'][]): Promise<Unit>;
  events(): Promise<StoredEvent[]>;
}

/** Leaves one line in a file named after the unit. */
export const UNIT_AGENT = `cat > /dev/null
mkdir -p src
echo "$ORCHESTRATOR_UNIT $ORCHESTRATOR_PHASE" >> "src/$ORCHESTRATOR_UNIT.txt"
`;

export async function createPoolRig(options: RigOptions = {}): Promise<PoolRig> {
  const rig = await createRig({ agent: UNIT_AGENT, ...options });
  // Agents find the test's own folder in RIG: what they tell there is in no repository.
  await rig.write('orchestration.yaml', (await rig.read('orchestration.yaml')).replace('command: ["./agent.sh"] }', `command: ["./agent.sh"], env: { RIG: ${JSON.stringify(rig.root)} } }`));
  let running: Running | null = null;
  const file = rig.path('.orchestrator/state.db');

  async function look<T>(work: Parameters<Extract<Awaited<ReturnType<typeof openStore>>, { ok: true }>['value']['read']>[0]): Promise<T | null> {
    const store = await openStore(file, { readonly: true });
    if (!store.ok) return null;
    try {
      return (await store.value.read(work)) as T;
    } finally {
      await store.value.close();
    }
  }
  const unit = async (chunk: string): Promise<Unit | null> => await look<Unit | null>(async (tx) => await newest(tx, chunk));
  const endDaemon = async (signal: NodeJS.Signals): Promise<void> => {
    running?.kill(signal);
    await running?.ended;
    running = null;
  };
  return {
    rig,
    unit,
    async chunk(name, { goal = '', plan = `# Plan\n\n1. Build it.\n   Location: src/${name}.txt\n`, status = 'IMPLEMENTING' } = {}) {
      await rig.write(`plans/${name}/GOAL.md`, `---\nstatus: ${status} # where it stands\n${goal}---\n# ${name}\n`);
      await rig.write(`plans/${name}/PLAN.md`, plan);
    },
    async daemon(env = {}) {
      const started = rig.start(['daemon', 'start', '--foreground', '--port', '0'], { env });
      running = started;
      await until('the daemon', () => {
        if (started.child.exitCode !== null || started.child.signalCode !== null) return true;
        try {
          return (JSON.parse(readFileSync(rig.path('.orchestrator/daemon.json'), 'utf8')) as { pid: number }).pid === started.pid;
        } catch {
          return false;
        }
      });
      return started;
    },
    kill: () => endDaemon('SIGKILL'),
    stop: () => endDaemon('SIGTERM'),
    async inject(...chunks) {
      const { code, stderr } = await rig.run(['inject', ...chunks]);
      if (code !== 0) throw new Error(`inject ${chunks.join(' ')} exited with ${code}: ${stderr}`);
    },
    async reach(chunk, ...statuses) {
      return await until(`${chunk} to be ${statuses.join(' or ')}`, async () => {
        const found = await unit(chunk);
        if (found === null) return null;
        if (statuses.includes(found.status)) return found;
        const lost = found.status === 'NEEDS_ATTENTION' || found.status === 'FAILED' || found.status === 'CANCELLED' || found.status === 'COMPLETED';
        if (lost) throw new Error(`${chunk} is ${found.status}: ${found.kind ?? ''} ${found.attention_reason ?? found.failure?.message ?? ''}`);
        return null;
      });
    },
    events: async () => (await look<StoredEvent[]>(async ({ db }) => (await db.selectFrom('events').selectAll().orderBy('seq').execute()).map((row) => ({ ...row, data: JSON.parse(row.data) as unknown })))) ?? [],
    async [Symbol.asyncDispose]() {
      // In good order first, so that a test that failed leaves no agent either.
      await endDaemon('SIGTERM');
      await rig[Symbol.asyncDispose]();
    },
  };
}
