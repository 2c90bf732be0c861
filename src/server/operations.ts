import { createRegistry } from '../spine/registry.ts';
import type { Registry } from '../spine/registry.ts';
import { spineOperations } from '../spine/operations.ts';
import type { AnyOperation } from '../spine/operation.ts';

/** Every operation of the product, for every surface. Each is loaded when it is first needed. */
export const operations: Registry = createRegistry([
  ['bus.rescue.apply', async () => (await import('../bus/operations/rescue.ts')).rescueApply],
  ['bus.rescue.drop', async () => (await import('../bus/operations/rescue.ts')).rescueDrop],
  ['bus.rescue.list', async () => (await import('../bus/operations/rescue.ts')).rescueList],
  ['bus.rescue.show', async () => (await import('../bus/operations/rescue.ts')).rescueShow],
  ['config.schema.show', async () => (await import('../workspace/operations/config.ts')).schemaShow],
  ['config.settings.check', async () => (await import('../workspace/operations/config.ts')).settingsCheck],
  ['config.settings.show', async () => (await import('../workspace/operations/config.ts')).settingsShow],
  ['loop.attention.list', async () => (await import('../loop/operations/attention.ts')).attentionList],
  ['loop.conflict.list', async () => (await import('../loop/operations/agent-tools.ts')).conflictList],
  ['loop.context.get', async () => (await import('../loop/operations/agent-tools.ts')).contextGet],
  ['loop.next.decide', async () => (await import('../loop/operations/status.ts')).nextDecide],
  ['loop.outcome.report', async () => (await import('../loop/operations/agent-tools.ts')).outcomeReport],
  ['loop.question.answer', async () => (await import('../loop/operations/attention.ts')).questionAnswer],
  ['loop.question.ask', async () => (await import('../loop/operations/agent-tools.ts')).questionAsk],
  ['loop.run.start', async () => (await import('../bus/operations/run.ts')).runStart],
  ['loop.run.stop', async () => (await import('../bus/operations/stop.ts')).runStop],
  ['loop.state.restore', async () => (await import('../loop/operations/control.ts')).stateRestore],
  ['loop.state.show', async () => (await import('../loop/operations/control.ts')).stateShow],
  ['loop.status.show', async () => (await import('../bus/operations/status.ts')).statusShow],
  ['loop.touch.declare', async () => (await import('../loop/operations/agent-tools.ts')).touchDeclare],
  ['loop.turn.explain', async () => (await import('../loop/operations/turns.ts')).turnExplain],
  ['loop.turn.follow', async () => (await import('../loop/operations/turns.ts')).turnFollow],
  ['loop.turn.list', async () => (await import('../loop/operations/turns.ts')).turnList],
  ['loop.turn.transcript', async () => (await import('../loop/operations/turns.ts')).turnTranscript],
  ['loop.turn.stamp', async () => (await import('../bus/operations/hand-off.ts')).turnStamp],
  ['pool.conflict.mine', async () => (await import('../pool/operations/agent-tools.ts')).conflictMine],
  ['pool.context.get', async () => (await import('../pool/operations/agent-tools.ts')).contextGet],
  ['pool.outcome.report', async () => (await import('../pool/operations/agent-tools.ts')).outcomeReport],
  ['pool.question.ask', async () => (await import('../pool/operations/agent-tools.ts')).questionAsk],
  ['pool.touch.declare', async () => (await import('../pool/operations/agent-tools.ts')).touchDeclare],
  ['pool.attention.list', async () => (await import('../pool/operations/attention.ts')).attentionList],
  ['pool.conflict.analyze', async () => (await import('../pool/operations/conflicts.ts')).conflictAnalyze],
  ['pool.conflict.list', async () => (await import('../pool/operations/conflicts.ts')).conflictList],
  ['pool.conflict.resolve', async () => (await import('../pool/operations/conflicts.ts')).conflictResolve],
  ['pool.output.tail', async () => (await import('../pool/operations/tail.ts')).outputTail],
  ['pool.question.answer', async () => (await import('../pool/operations/attention.ts')).questionAnswer],
  ['pool.queue.show', async () => (await import('../pool/operations/queue.ts')).queueShow],
  ['pool.unit.answer', async () => (await import('../pool/operations/attention.ts')).unitAnswer],
  ['pool.unit.block', async () => (await import('../pool/operations/unit-changes.ts')).unitBlock],
  ['pool.unit.cancel', async () => (await import('../pool/operations/unit-changes.ts')).unitCancel],
  ['pool.unit.inject', async () => (await import('../pool/operations/unit-changes.ts')).unitInject],
  ['pool.unit.list', async () => (await import('../pool/operations/units.ts')).unitList],
  ['pool.unit.prioritize', async () => (await import('../pool/operations/unit-changes.ts')).unitPrioritize],
  ['pool.unit.retry', async () => (await import('../pool/operations/unit-changes.ts')).unitRetry],
  ['pool.unit.show', async () => (await import('../pool/operations/units.ts')).unitShow],
  ['pool.unit.unblock', async () => (await import('../pool/operations/unit-changes.ts')).unitUnblock],
  ['pool.work.explain', async () => (await import('../pool/operations/explain.ts')).workExplain],
  ['pool.worktree.list', async () => (await import('../pool/operations/worktrees.ts')).worktreeList],
  ['pool.worktree.prune', async () => (await import('../pool/operations/worktrees.ts')).worktreePrune],
  ['server.daemon.start', async () => (await import('./daemon/operations.ts')).daemonStart],
  ['server.daemon.status', async () => (await import('./daemon/operations.ts')).daemonStatus],
  ['server.daemon.stop', async () => (await import('./daemon/operations.ts')).daemonStop],
  ['server.daemon.url', async () => (await import('./daemon/operations.ts')).daemonUrl],
  ['spine.operation.graph', async () => spine('spine.operation.graph')],
  ['spine.operation.list', async () => spine('spine.operation.list')],
  ['spine.operation.show', async () => spine('spine.operation.show')],
  ['workspace.demo.play', async () => (await import('../workspace/operations/demo.ts')).demoPlay],
  ['workspace.health.check', async () => (await import('../workspace/operations/doctor.ts')).healthCheck],
  ['workspace.skills.install', async () => (await import('../workspace/operations/skills.ts')).skillsInstall],
  ['workspace.setup.init', async () => (await import('../workspace/operations/init.ts')).setupInit],
]);

function spine(name: string): AnyOperation {
  const found = spineOperations(() => operations).find((operation) => operation.name === name);
  if (found === undefined) throw new Error(`The spine has no operation ${name}`);
  return found;
}
