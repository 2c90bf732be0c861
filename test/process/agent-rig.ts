import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AgentObserver, AgentRequest, AgentSpec } from '../../src/agents/contract.ts';
import { createReadyWrappers } from '../../src/agents/ready-wrappers.ts';
import { runAgent } from '../../src/agents/run-agent.ts';
import { mark, tempFolder, textOf } from './rig.ts';

export interface CallOptions {
  readonly limits?: Partial<AgentRequest['limits']>;
  readonly observer?: AgentObserver;
  readonly signal?: AbortSignal;
}

/** A workspace with real programs for agents, each call with a turn of its own. */
export async function agentRig() {
  const folder = await tempFolder();
  const mine = mark();
  const scratch = join(folder.path, 'scratch');
  const logs = { text: join(folder.path, 'a.log'), events: join(folder.path, 'a.jsonl') };
  mkdirSync(scratch);
  const request = (agent: Partial<AgentSpec>, limits: Partial<AgentRequest['limits']> = {}): AgentRequest => ({
    agent: { name: 'tester', kind: 'command', args: [], env: {}, permissions: 'auto', ...agent },
    prompt: Buffer.from('the prompt\n'),
    workspace: folder.path,
    variables: { [mine.variable]: mine.value, ORCHESTRATOR_ACTOR: 'galph', ORCHESTRATOR_PROMPT: '/p/main.md', ORCHESTRATOR_ITERATION: '1' },
    scratch,
    logs,
    sandbox: { mode: 'off', allow_hosts: [], write: [], git: [], control: folder.path, frozen: [] },
    pass_env: [],
    limits: { turn_timeout_ms: 0, stall_timeout_ms: 0, grace_ms: 10_000, max_log_bytes: 1e7, ...limits },
  });
  const ready = createReadyWrappers();
  return {
    path: folder.path,
    scratch,
    ready,
    logs,
    turn_id: mine.value,
    left: mine.left,
    request,
    run: (agent: Partial<AgentSpec>, { limits = {}, observer = {}, signal = new AbortController().signal }: CallOptions = {}) => runAgent(request(agent, limits), observer, signal, ready),
    /** An executable that stands in for a tool. */
    tool(name: string, script: string): string {
      const path = join(folder.path, name);
      writeFileSync(path, `#!/bin/sh\n${script}\n`);
      chmodSync(path, 0o755);
      return path;
    },
    log: () => textOf(logs.text),
    events: async () => (await textOf(logs.events)).split('\n').filter((line) => line !== '').map((line) => JSON.parse(line) as { type: string; [key: string]: unknown }),
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

export const sh = (script: string): Partial<AgentSpec> => ({ command: ['/bin/sh', '-c', script] });
