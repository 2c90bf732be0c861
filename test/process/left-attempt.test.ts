import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import type { AgentSpec } from '../../src/agents/contract.ts';
import { endLeftAttempt, leftAttempt } from '../../src/agents/left-attempt.ts';
import { endGroup, groupAlive } from '../../src/process/group.ts';
import { readWrapperStatus } from '../../src/process/wrapper.ts';
import { until } from './rig.ts';
import { agentRig, sh } from './agent-rig.ts';

type Rig = Awaited<ReturnType<typeof agentRig>>;

/** Starts an orchestrator with this agent and kills it once the agent has said something. */
async function killedDuring(it: Rig, agent: Partial<AgentSpec>, said: string) {
  const orchestrator = spawn(process.execPath, [join(import.meta.dirname, 'run-agent-program.ts'), JSON.stringify(it.request(agent))], { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  orchestrator.stdout.on('data', (chunk) => (output += String(chunk)));
  await until(`the agent said ${said}`, () => output.includes(said));
  orchestrator.kill('SIGKILL');
  await once(orchestrator, 'exit');
  return { kind: agent.kind ?? 'command', name: 'tester', scratch: it.scratch, events: it.logs.events, from: 0, turn_id: it.turn_id, workspace: it.path };
}

const exited = (it: Rig): boolean => readWrapperStatus(join(it.scratch, 'status')).exit !== null;

test('a command that goes on after its orchestrator was killed: running, then finished', async () => {
  await using it = await agentRig();
  const attempt = await killedDuring(it, sh('echo up; until [ -e go ]; do sleep 0.01; done; echo more; exit 0'), 'message');
  expect(await leftAttempt(attempt)).toEqual({ state: 'running' });
  writeFileSync(join(it.path, 'go'), '');
  await until('it has exited', () => exited(it));
  expect(await leftAttempt(attempt)).toMatchObject({ state: 'finished', result: { exit_code: 0, failure: null } });
});

test('one that tells its own end has finished only with that on record', async () => {
  await using it = await agentRig();
  const bin = it.tool('claude', `echo '{"type":"system","subtype":"init","session_id":"s1"}'; until [ -e go ]; do sleep 0.01; done; echo '{"type":"result","subtype":"success","is_error":false}'`);
  const attempt = await killedDuring(it, { kind: 'claude', bin }, 'session_started');
  writeFileSync(join(it.path, 'go'), '');
  await until('it has exited', () => exited(it));
  expect(await leftAttempt(attempt)).toEqual({ state: 'gone' });
});

test('what is left is ended, in whatever session it is, and is gone then', async () => {
  await using it = await agentRig();
  const attempt = await killedDuring(it, sh('setsid sleep 100 & echo up; sleep 100'), 'message');
  expect(it.left().length).toBeGreaterThan(1);
  await endLeftAttempt(attempt);
  expect(it.left()).toEqual([]);
  expect(await leftAttempt(attempt)).toEqual({ state: 'gone' });
});

test('a stranger whose group has the number that the attempt had is left alone', async () => {
  await using it = await agentRig();
  const stranger = spawn('sleep', ['100'], { detached: true, stdio: 'ignore' });
  const pid = stranger.pid ?? 0;
  // Something of the attempt still runs, but in another session.
  const escaped = spawn('sh', ['-c', 'exec setsid sleep 100'], { detached: true, stdio: 'ignore', env: { PATH: process.env['PATH'], ORCHESTRATOR_TURN_ID: it.turn_id } });
  await until('it runs', () => it.left().length > 0);
  writeFileSync(join(it.scratch, 'status'), `${pid}\n`);
  await endLeftAttempt({ scratch: it.scratch, turn_id: it.turn_id });
  expect(it.left()).toEqual([]);
  expect(groupAlive(pid)).toBe(true);
  await endGroup(pid);
  escaped.unref();
});
