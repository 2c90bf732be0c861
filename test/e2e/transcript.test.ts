import { expect, test } from 'vitest';
import { createRig } from '../rig/rig.ts';

const SCRIPT = `turns:
  - when: { actor: galph }
    steps:
      - think: "what comes first"
      - say: "I look at it.\\e[2Jboo"
      - run: [sh, -c, "echo seen; exit 1"]
      - write: { path: plans/p.md, content: "x" }
      - usage: { input_tokens: 12, output_tokens: 3, cost_usd: 0.25 }
  - steps: [{ limit: null }]
`;

test('log --transcript shows what happened, for people and for programs; why tells the end from it', async () => {
  await using rig = await createRig({ config: '' });
  await rig.write('orchestration.yaml', 'agent: { default: player }\nagents:\n  player: { kind: scripted, script: script.yaml }\nsandbox: off\n');
  await rig.write('script.yaml', SCRIPT);
  await rig.commit('a script');
  expect((await rig.run(['run', '--iterations', '1'])).code).toBe(8);
  const [first, second] = await rig.turns();

  const shown = (await rig.run(['log', '--transcript', first?.id ?? ''])).stdout;
  for (const words of ['(what comes first)', 'I look at it.[2Jboo', '> run {"argv":["sh"', '< failed: seen', '[completed]', '12 tokens in, 3 out, 0.2500 USD']) expect(shown).toContain(words);
  expect(shown).toMatch(/^\d\d:\d\d:\d\d \[session scripted-/m);
  expect(shown).not.toContain('\u001b');
  const { events } = (await rig.json<{ events: { type: string; at: string }[] }>(['log', '--transcript', first?.id ?? ''])).document.data;
  expect(events.map((event) => event.type)).toEqual(['session_started', 'thinking', 'message', 'tool_call', 'tool_result', 'usage', 'ended']);

  const why = (await rig.run(['why', second?.id ?? ''])).stdout;
  for (const words of ['it came to a usage limit until it did not say when', 'it told an error of the class rate_limit', 'its closing event says that it failed', 'usage_limit']) expect(why).toContain(words);
  expect((await rig.run(['why', first?.id ?? ''])).stdout).toContain('it called 1 tool, of which 1 failed');
});

test('a record that names a file elsewhere is not followed; no transcript: exit 3', async () => {
  await using rig = await createRig();
  await rig.run(['run', '--once']);
  const [turn] = await rig.turns();
  await rig.write('logs/main/turns.jsonl', `${JSON.stringify({ ...turn, transcript: '../home/secret.jsonl' })}\n`);
  await rig.write('../home/secret.jsonl', '{"type":"message","text":"secret"}\n');
  const said = await rig.json(['log', '--transcript', 'last']);
  expect([said.code, said.document.error.code]).toEqual([3, 'transcript_missing']);
});
