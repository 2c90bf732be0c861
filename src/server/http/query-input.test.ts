import { expect, test } from 'vitest';
import { z } from 'zod';
import { queryInput } from './query-input.ts';

const Input = z.object({
  text: z.string().optional(),
  number: z.number().optional(),
  flag: z.boolean().default(false),
  list: z.array(z.string()).optional(),
  either: z.string().nullable().optional(),
  map: z.record(z.string(), z.string()).optional(),
});

test.each([
  ['text=12', { text: '12' }],
  ['number=12&flag=true', { number: 12, flag: true }],
  ['number=twelve', { number: 'twelve' }],
  ['list=a', { list: ['a'] }],
  ['list=a&list=b', { list: ['a', 'b'] }],
  ['list=["a","b"]', { list: ['a', 'b'] }],
  ['either=null', { either: 'null' }],
  ['map={"a":"b"}', { map: { a: 'b' } }],
  ['text=a&text=b', { text: ['a', 'b'] }],
  ['unknown=1', { unknown: 1 }],
  ['__proto__=1&constructor=2', Object.fromEntries([['__proto__', 1], ['constructor', 2]])],
  ['', {}],
])('%s', (query, expected) => {
  expect(Object.entries(queryInput(Input, new URLSearchParams(query)))).toEqual(Object.entries(expected));
});
