import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createLineSplitter } from './lines.ts';
import type { Line } from './lines.ts';

function split(chunks: readonly Uint8Array[], limit?: number): Line[] {
  const lines: Line[] = [];
  const splitter = createLineSplitter((line) => lines.push(line), limit);
  for (const chunk of chunks) splitter.push(Buffer.from(chunk));
  splitter.end();
  return lines;
}

const texts = (lines: readonly Line[]): string[] => lines.map((line) => line.text);

test('lines end with LF or CRLF, and the last one with the stream', () => {
  expect(split([Buffer.from('a\nb\r\n\nc\rd\ne')])).toEqual(['a', 'b', '', 'c\rd', 'e'].map((text) => ({ text, truncated: false })));
  expect(split([Buffer.from('a\n')])).toHaveLength(1);
  expect(split([])).toEqual([]);
});

test('a character cut by the edge of a chunk is whole again, and invalid bytes are replaced', () => {
  const bytes = Buffer.from('grün 🎈\n');
  expect(texts(split([...bytes].map((byte) => Buffer.from([byte]))))).toEqual(['grün 🎈']);
  expect(texts(split([Buffer.from([0x61, 0xff, 0x62, 0x0a])]))).toEqual(['a\uFFFDb']);
});

test('where chunks are cut never changes the lines', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), fc.array(fc.nat(300)), fc.integer({ min: 1, max: 40 }), (bytes, cuts, limit) => {
      // Newlines are rare among random bytes: every fourth value becomes one.
      const input = bytes.map((byte) => (byte % 4 === 0 ? 10 : byte));
      const edges = [0, ...cuts.filter((cut) => cut < input.length).toSorted((a, b) => a - b), input.length];
      const chunks = edges.slice(1).map((edge, index) => input.subarray(edges[index], edge));
      expect(split(chunks, limit)).toEqual(split([input], limit));
    }),
  );
});

test('a line over the limit is delivered once, cut before a broken character, and the next one is whole', () => {
  const lines = split([Buffer.from('12345'), Buffer.from('678é'), Buffer.from('much more'), Buffer.from(' and more\nshort\n')], 9);
  expect(lines).toEqual([
    { text: '12345678', truncated: true },
    { text: 'short', truncated: false },
  ]);
  expect(split([Buffer.from('123456789\n')], 9)).toEqual([{ text: '123456789', truncated: false }]);
  expect(split([Buffer.from('1234567890')], 9)).toEqual([{ text: '123456789', truncated: true }]);
});

test('a line of 300 MB in chunks of any size holds no more than the limit', () => {
  const lines: Line[] = [];
  const splitter = createLineSplitter((line) => lines.push(line));
  const chunk = Buffer.alloc(64 * 1024, 'x');
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  for (let index = 0; index < 4800; index += 1) {
    splitter.push(chunk);
    if (index % 16 === 0) most = Math.max(most, process.memoryUsage().arrayBuffers - before);
  }
  splitter.push(Buffer.from('\nend'));
  splitter.end();
  expect(lines.map((line) => [line.text.length, line.truncated])).toEqual([
    [10 * 1024 * 1024, true],
    [3, false],
  ]);
  expect(most).toBeLessThan(40 * 1024 * 1024);
});

test('a hundred thousand chunks of one byte are no burden', () => {
  const one = Buffer.from('y');
  const lines: Line[] = [];
  const splitter = createLineSplitter((line) => lines.push(line));
  for (let index = 0; index < 100_000; index += 1) splitter.push(one);
  splitter.end();
  expect(lines[0]?.text).toHaveLength(100_000);
});
