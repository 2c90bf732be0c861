import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import type { z } from 'zod';
import { systemClock } from '../base/clock.ts';
import { dispatch } from '../spine/dispatch.ts';
import { operations } from './operations.ts';

/** Tools for agents, each an operation: `report_outcome` is `loop.outcome.report`, and so on. */
const TOOLS: Readonly<Record<string, string>> = {
  report_outcome: 'loop.outcome.report',
  ask_operator: 'loop.question.ask',
  get_context: 'loop.context.get',
  list_conflicts: 'loop.conflict.list',
  declare_touch: 'loop.touch.declare',
};

/** The same for the agent of a work unit. */
const UNIT_TOOLS: Readonly<Record<string, string>> = {
  report_outcome: 'pool.outcome.report',
  ask_operator: 'pool.question.ask',
  get_context: 'pool.context.get',
  list_conflicts: 'pool.conflict.mine',
  declare_touch: 'pool.touch.declare',
};

/** How often a client is told that a call is still waited for, where it wants to know. Milliseconds. */
const PROGRESS_MS = 10_000;

/** Serves the tools on stdio until the client goes. Who calls is told by the environment that the client was given. */
export async function serveMcp(directory: string, version: string): Promise<void> {
  const server = new McpServer({ name: 'orchestrator', version }, { instructions: 'Tools of the orchestrator for the work that you were started for. Report how it ended, and ask the operator where only a person can decide.' });
  const tools = process.env['ORCHESTRATOR_UNIT'] === undefined ? TOOLS : UNIT_TOOLS;
  for (const [name, operation] of Object.entries(tools)) {
    const declared = await operations.get(operation);
    if (declared === null) throw new Error(`The tool ${name} has no operation ${operation}`);
    server.registerTool(name, { description: `${declared.summary}.`, inputSchema: declared.input as z.ZodObject }, async (input: unknown, extra) => {
      const token = extra._meta?.progressToken;
      let progress = 0;
      // Without a sign of life some clients give a long call up.
      const timer = token === undefined ? undefined : setInterval(() => void extra.sendNotification({ method: 'notifications/progress', params: { progressToken: token, progress: ++progress } }).catch(() => undefined), PROGRESS_MS);
      const turn = process.env['ORCHESTRATOR_TURN_ID'];
      const result = await dispatch(operations, operation, input, {
        caller: { kind: 'agent', ...(turn === undefined ? {} : { bound_to: turn }) },
        directory,
        config_file: null,
        environment: process.env,
        clock: systemClock,
        signal: extra.signal,
        emit: () => undefined,
      }).finally(() => clearInterval(timer));
      const said = result.ok ? result.value : result.failure;
      return { content: [{ type: 'text' as const, text: JSON.stringify(said) }], ...(result.ok ? {} : { isError: true }) };
    });
  }
  const transport = new StdioServerTransport();
  await server.connect(transport);
  await new Promise<void>((resolve) => {
    server.server.onclose = resolve;
    process.stdin.once('end', resolve).once('close', resolve);
  });
  await server.close();
}
