import { expect, test } from 'vitest';
import { explore, goesOn } from './explore.ts';
import type { Explored } from './explore.ts';
import { newWorld } from './world.ts';

const RULES = { lease: true, fence: true, atomic: true };
const TWO = [{ role: 'galph', rate: 1 }, { role: 'galph', rate: 0.5 }] as const;
const PEERS = [{ role: 'galph', rate: 1 }, { role: 'ralph', rate: 0.5 }] as const;
const THREE = [{ role: 'galph', rate: 1 }, { role: 'galph', rate: 1 }, { role: 'ralph', rate: 0.5 }] as const;

const told = (what: string, { states, depth, broken }: Explored): void => {
  process.stdout.write(`model: ${what}: ${states} states to depth ${depth}${broken === null ? ', no promise broken' : `; broken: ${broken.why}\n  ${broken.way.join('\n  ')}`}\n`);
};

test.each([
  ['two runners of a role', TWO, 2, 11],
  ['a runner of each role', PEERS, 2, 11],
  ['three runners', THREE, 1, 9],
] as const)('every order of steps of %s keeps every promise', (what, roles, faults, depth) => {
  const found = explore(newWorld(roles, faults), RULES, depth);
  told(what, found);
  expect(found.broken).toBeNull();
  expect(found.states).toBeGreaterThan(5_000);
}, 120_000);

test('once faults cease, the loop goes on from every state', () => {
  let asked = 0;
  const found = explore(newWorld(TWO, 1), RULES, 8, (world) => {
    asked++;
    return world.remote.expected === 'galph' && !goesOn(world, RULES) ? 'nobody takes the turn any more' : null;
  });
  told(`going on, asked ${asked} times`, found);
  expect(found.broken).toBeNull();
}, 120_000);

test.each([
  ['the lease', { ...RULES, lease: false }],
  ['the fence', { ...RULES, fence: false }],
  ['atomicity', { ...RULES, atomic: false }],
])('without %s a promise is broken, and the exploration sees it', (what, rules) => {
  const found = explore(newWorld(TWO, 1), rules, 14);
  told(`without ${what}`, found);
  expect(found.broken).not.toBeNull();
}, 120_000);
