import { processesOf, createRig } from '../rig/rig.ts';
import type { Rig } from '../rig/rig.ts';
import { createModelServer } from './model-server.ts';
import type { ModelServer, Reply } from './model-server.ts';
import { fillHome, realAgent } from './real-agent.ts';
import type { RealKind } from './real-agent.ts';
import { TOOLS_FOLDER } from './tools.ts';

/** Who plays a part, and what the model says to it. `path`: a place in the workspace, as a whole path. */
export interface Part {
  readonly kind: RealKind;
  readonly script: (path: (name: string) => string) => readonly Reply[];
  readonly env?: Readonly<Record<string, string>>;
}

/** The product's own command line with the real tools as agents, each with a model server of its own. */
export interface LoopRig extends AsyncDisposable {
  readonly rig: Rig;
  readonly galph: ModelServer;
  readonly ralph: ModelServer;
}

/** `config`: further keys of orchestration.yaml. */
export async function createLoopRig(galph: Part, ralph: Part, config: Readonly<Record<string, unknown>> = {}): Promise<LoopRig> {
  const rig = await createRig();
  fillHome(rig.home);
  const path = (name: string): string => rig.path(name);
  const servers = { galph: await createModelServer(galph.script(path)), ralph: await createModelServer(ralph.script(path)) };
  const entry = (part: Part, server: ModelServer) => {
    const agent = realAgent(part.kind, server.url);
    // Outside our sandbox: nobody is here to ask, and these homes are below /tmp, where codex' own one does not work.
    return { ...agent, permissions: config['sandbox'] === undefined ? 'bypass' : 'auto', env: { ...agent.env, ...part.env } };
  };
  const agents = { planner: entry(galph, servers.galph), builder: entry(ralph, servers.ralph) };
  // JSON is YAML.
  await rig.write('orchestration.yaml', JSON.stringify({ agent: { roles: { galph: 'planner', ralph: 'builder' } }, agents, sandbox: 'off', ...config }, null, 2));
  await rig.commit('agents');
  return {
    rig,
    ...servers,
    async [Symbol.asyncDispose]() {
      await rig[Symbol.asyncDispose]();
      await Promise.all([servers.galph[Symbol.asyncDispose](), servers.ralph[Symbol.asyncDispose]()]);
    },
  };
}

/** A part that is not to be played. */
export const nobody: Part = { kind: 'claude', script: () => [] };

/** Processes of the real tools that belong to a rig; not the shell around them. */
export async function toolProcesses(rig: Rig): Promise<number[]> {
  const all = await processesOf(rig.root);
  return all.filter(({ command }) => command.split(' ').slice(0, 2).some((word) => word.startsWith(TOOLS_FOLDER))).map(({ pid }) => pid);
}
