import { describe, expect, test } from 'vitest';
import { WORKING_AGENT, committedState, createRig } from '../rig/rig.ts';

const prompts = async (rig: Awaited<ReturnType<typeof createRig>>): Promise<(string | null)[]> => (await rig.turns()).map((turn) => turn.prompt);

describe('the reviewer', () => {
  test('takes the place of galph every n-th iteration', async () => {
    await using rig = await createRig({ config: 'router: { enabled: true, review_every_n: 2 }\n' });
    expect((await rig.run(['run', '--iterations', '4'])).code).toBe(0);
    expect(await prompts(rig)).toEqual(['supervisor.md', 'main.md', 'reviewer.md', 'main.md', 'supervisor.md', 'main.md', 'reviewer.md', 'main.md']);
    expect(await committedState(rig)).toMatchObject({ last_review_iteration: 4 });
  });

  test('comes before galph where the placement says so', async () => {
    await using rig = await createRig({ config: 'router: { enabled: true, review_every_n: 2, review_placement: before }\n' });
    expect((await rig.run(['run', '--iterations', '2'])).code).toBe(0);
    expect(await prompts(rig)).toEqual(['supervisor.md', 'main.md', 'reviewer.md', 'supervisor.md', 'main.md']);
  });

  test('comes again after a failed review, not after a later failure', async () => {
    await using rig = await createRig({
      config: 'router: { enabled: true, review_every_n: 1 }\n',
      agent: `n=$(cat "$HOME/n" 2>/dev/null || echo 0); echo $((n + 1)) > "$HOME/n"\n${WORKING_AGENT}[ $n = 0 ] && exit 1; [ $n = 2 ] && exit 1; exit 0\n`,
    });
    for (const code of [1, 1, 0]) expect((await rig.run(['run', '--iterations', '1'])).code).toBe(code);
    expect((await rig.turns()).map((turn) => [turn.prompt, turn.outcome])).toEqual([['reviewer.md', 'failed'], ['reviewer.md', 'ok'], ['main.md', 'failed'], ['main.md', 'ok']]);
  });

  test('never comes while the router is off', async () => {
    await using rig = await createRig({ config: 'router: { enabled: true, review_every_n: 1 }\n' });
    expect((await rig.run(['run', '--iterations', '1', '--no-router'])).code).toBe(0);
    expect(await prompts(rig)).toEqual(['supervisor.md', 'main.md']);
  });
});

describe('the router prompt', () => {
  const ROUTED = `case "$ORCHESTRATOR_PROMPT" in *router.md) cat > "$HOME/router-saw"; cat "$HOME/answer"; exit 0 ;; esac\n${WORKING_AGENT}`;
  const config = (mode = 'router_default'): string => `router: { enabled: true, prompt: router.md, mode: ${mode} }\n`;
  const routed = async (answer: string, mode?: string) => {
    const rig = await createRig({ agent: ROUTED, config: config(mode) });
    await rig.write('prompts/router.md', 'Which prompt?\n');
    await rig.commit();
    const { writeFile } = await import('node:fs/promises');
    await writeFile(`${rig.home}/answer`, answer);
    return rig;
  };

  test('is given the state as JSON and overrides with its one line', async () => {
    await using rig = await routed('reviewer.md\n');
    expect((await rig.run(['run', '--iterations', '1'])).code).toBe(0);
    expect((await rig.turns()).map((turn) => [turn.prompt, turn.source])).toEqual([['reviewer.md', 'router'], ['main.md', 'deterministic']]);
    const { readFile, readdir } = await import('node:fs/promises');
    const saw = await readFile(`${rig.home}/router-saw`, 'utf8');
    expect(saw).toMatch(/^Which prompt\?\n\n+```json\n\{/);
    expect(saw).toContain('"expected_actor": "galph"');
    const logs = await readdir(rig.path('logs/main/galph'));
    expect(logs.some((name) => name.endsWith('_router.log'))).toBe(true);
  });

  test.each([
    ['two lines\nreviewer.md\n', 'router_invalid'],
    ['', 'router_failed'],
    ['main.md\n', 'prompt_not_actors'],
    ['../outside.md\n', 'prompt_outside'],
    ['unknown.md\n', 'prompt_not_allowed'],
  ])('answering %j dispatches nothing: exit 2, state failed', async (answer, code) => {
    await using rig = await routed(answer);
    const ended = await rig.json(['run', '--once']);
    expect(ended.code).toBe(2);
    expect(ended.document.error.code).toBe(code);
    expect(await committedState(rig)).toMatchObject({ status: 'failed', expected_actor: 'galph', failure: { code } });
    expect(rig.exists('plans/plan.md')).toBe(false);
  });

  test('router_first does without an answer', async () => {
    await using rig = await routed('', 'first');
    expect((await rig.run(['run', '--once'])).code).toBe(0);
    expect(await prompts(rig)).toEqual(['supervisor.md']);
  });
});

test('a wish of an earlier turn is followed through the gates', async () => {
  await using rig = await createRig({ config: 'router: { enabled: true }\n', agent: `${WORKING_AGENT}[ "$ORCHESTRATOR_ACTOR" = ralph ] && echo '{"outcome":"ok","next_prompt":"reviewer.md"}' > "$ORCHESTRATOR_OUTCOME"\nexit 0\n` });
  expect((await rig.run(['run', '--iterations', '2'])).code).toBe(0);
  expect(await prompts(rig)).toEqual(['supervisor.md', 'main.md', 'reviewer.md', 'main.md']);
});

test('a missing prompt dispatches nothing: exit 2, state failed', async () => {
  await using rig = await createRig();
  await rig.git('rm', '-q', 'prompts/supervisor.md');
  await rig.commit();
  const { code, document } = await rig.json(['run', '--once']);
  expect(code).toBe(2);
  expect(document.error).toMatchObject({ code: 'prompt_missing', kind: 'invalid' });
  expect(await committedState(rig)).toMatchObject({ status: 'failed', failure: { code: 'prompt_missing' } });
});

test('next tells the coming prompt and why, and starts nothing', async () => {
  await using rig = await createRig({ config: 'router: { enabled: true, review_every_n: 1 }\n' });
  const { document } = await rig.json(['next']);
  expect(document.data).toEqual({ actor: 'galph', selected_prompt: 'reviewer.md', source: 'deterministic', reason: expect.stringContaining('review iteration') });
  expect((await rig.json(['next', '--no-router'])).document.data).toMatchObject({ selected_prompt: 'supervisor.md' });
});

describe('prompts', () => {
  const SAVES = 'cat > "$HOME/saw"; mkdir -p plans; echo "$ORCHESTRATOR_ITERATION" >> plans/p.md\n';
  const saw = async (rig: Awaited<ReturnType<typeof createRig>>): Promise<string> => (await import('node:fs/promises')).readFile(`${rig.home}/saw`, 'latin1');

  test('without front matter they are sent byte for byte', async () => {
    await using rig = await createRig({ agent: SAVES });
    const bytes = Buffer.from([0xef, 0xbb, 0xbf, 0x2d, 0x2d, 0x2d, 0x0d, 0x0a, 0xff, 0x00, 0x7b, 0x7b, 0x78, 0x7d, 0x7d]);
    const { writeFile } = await import('node:fs/promises');
    await writeFile(rig.path('prompts/supervisor.md'), bytes);
    await rig.commit();
    expect((await rig.run(['run', '--once'])).code).toBe(0);
    expect(Buffer.from(await saw(rig), 'latin1')).toEqual(bytes);
  });

  test('with front matter, variables are filled in and the context is appended', async () => {
    await using rig = await createRig({ agent: SAVES });
    await rig.write('prompts/main.md', '---\ncontext: true\ntimeout: 5m\n---\nIteration {{iteration}} of {{ actor }}, {{prompt}}.\n');
    await rig.commit();
    expect((await rig.run(['run', '--iterations', '1'])).code).toBe(0);
    const text = await saw(rig);
    expect(text).toContain('Iteration 1 of ralph, main.md.\n\n## Where the loop stands');
    expect(text).toContain('- last turn: galph with supervisor.md, iteration 1, outcome ok');
    expect(text).toContain('plans/p.md | 1 +');
  });

  test.each([
    ['---\nagnet: x\n---\nbody\n', 'Did you mean "agent"?'],
    ['---\ntimeout: 5\n---\nbody\n', 'timeout'],
    ['---\na: [\n---\nbody\n', 'not valid YAML'],
    ['---\ncontext: false\n---\n{{itration}}\n', 'Did you mean "iteration"?'],
    ['\n\n', 'empty'],
    ['---\nagent: nobody\n---\nbody\n', 'nobody'],
  ])('%j is refused: exit 2, nothing started', async (content, words) => {
    await using rig = await createRig({ agent: SAVES });
    await rig.write('prompts/supervisor.md', content);
    await rig.commit();
    const { code, document } = await rig.json(['run', '--once']);
    expect(code).toBe(2);
    expect(document.error.message).toContain(words);
    expect(rig.exists('plans/p.md')).toBe(false);
  });
});
