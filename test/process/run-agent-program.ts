/** Runs an agent as its argument (a request as JSON) says, for the tests that kill the orchestrator. */
import type { AgentRequest } from '../../src/agents/contract.ts';
import { createReadyWrappers } from '../../src/agents/ready-wrappers.ts';
import { runAgent } from '../../src/agents/run-agent.ts';

const request = JSON.parse(process.argv[2] ?? '') as AgentRequest;
await runAgent({ ...request, prompt: Buffer.from('the prompt\n') }, { onEvent: (event) => void process.stdout.write(`${event.type}\n`) }, new AbortController().signal, createReadyWrappers());
