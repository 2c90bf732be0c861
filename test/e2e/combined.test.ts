import { describe, expect, test } from 'vitest';
import { committedState, createRig } from '../rig/rig.ts';

describe('one iteration in a fresh repository', () => {
  test('both actors work, their work and the state are committed, every turn is recorded', async () => {
    await using rig = await createRig();
    const { code, stderr } = await rig.run(['run', '--iterations', '1']);
    expect(stderr).not.toContain('error');
    expect(code).toBe(0);
    const subjects = (await rig.git('log', '--format=%s')).split('\n').toReversed();
    expect(subjects).toEqual([
      'start',
      'GALPH AUTO: 1 files (prompt=supervisor.md iter=1)',
      expect.stringMatching(/^\[SYNC i=1\] actor=galph → next=ralph status=ok galph_commit=[0-9a-f]{12}$/),
      'RALPH AUTO: 1 files (prompt=main.md iter=1)',
      expect.stringMatching(/^\[SYNC i=1\] actor=ralph → next=galph status=ok ralph_commit=[0-9a-f]{12}$/),
    ]);
    expect(await rig.git('status', '--porcelain')).toBe('');
    const [work, , plan] = (await rig.git('log', '--format=%H', '-4')).split('\n').slice(1);
    expect(await committedState(rig)).toMatchObject({ iteration: 2, expected_actor: 'galph', status: 'complete', galph_commit: plan, ralph_commit: work, last_prompt: 'main.md', last_prompt_actor: 'ralph', failure: null });

    const turns = await rig.turns();
    expect(turns.map(({ actor, iteration, prompt, outcome, exit_code, attempt }) => ({ actor, iteration, prompt, outcome, exit_code, attempt }))).toEqual([
      { actor: 'galph', iteration: 1, prompt: 'supervisor.md', outcome: 'ok', exit_code: 0, attempt: 1 },
      { actor: 'ralph', iteration: 1, prompt: 'main.md', outcome: 'ok', exit_code: 0, attempt: 1 },
    ]);
    expect(turns[0]?.files_changed).toEqual(['plans/plan.md']);
    expect(turns[0]?.commits).toEqual([plan]);
    expect(turns[1]).toMatchObject({ head: work, commits: [work], files_changed: ['src/work.txt'], skipped_files: [], agent: 'stub' });
    expect(turns[0]?.log).toMatch(/^logs\/main\/galph\/iter-00001_\d{8}T\d{6}Z_supervisor\.log$/);
    expect(await rig.read(turns[0]?.log ?? '')).toContain('galph did its part');
    expect(rig.exists(turns[0]?.transcript ?? '')).toBe(true);
    const trailers = await rig.git('log', '-1', '--format=%(trailers:only,unfold)');
    expect(trailers).toContain(`Orchestrator-Turn: ${turns[1]?.id}`);
    expect(trailers).toContain('Orchestrator-Outcome: ok');
    expect(trailers).toContain('Orchestrator-Agent: stub');
  });
});
