import { describe, expect, test } from 'vitest';
import { changedSymbols, symbolsOf } from './symbols-of.ts';

/** `name start-end` of each. */
const shown = async (path: string, text: string): Promise<string[]> => (await symbolsOf(path, text)).map(({ name, start_line, end_line }) => `${name} ${start_line}-${end_line}`);

describe('symbols of', () => {
  test('TypeScript', async () => {
    const text = `import { x } from './x.ts';

/** Doc. */
export class Outer<T> {
  static readonly #secret = 1;
  // about it
  @dec()
  inner(): void {
    function deep() {}
    const local = 1;
  }
  arrow = () => 2;
}
export interface Shape { area(): number }
export type Id = string;
enum Colour { Red }
export const one = 1;
const two = 2, three = 3;
namespace A.B { export function f() {} }
function over(a: string): void;
function over(a: unknown) {}
export default function () {}
`;
    expect(await shown('a.ts', text)).toEqual([
      'Outer 3-13', 'Outer::#secret 5-5', 'Outer::inner 6-11', 'Outer::inner::deep 9-9', 'Outer::arrow 12-12',
      'Shape 14-14', 'Shape::area 14-14', 'Id 15-15', 'Colour 16-16', 'one 17-17', 'two 18-18', 'three 18-18', 'A::B 19-19', 'A::B::f 19-19', 'over 20-20', 'over 21-21', 'default 22-22',
    ]);
  });

  test('TSX', async () => {
    expect(await shown('a.tsx', 'export const View = () => <div>{items.map((i) => <b>{i}</b>)}</div>;\nfunction App() {\n  return <View />;\n}\n')).toEqual(['View 1-1', 'App 2-4']);
  });

  test('JavaScript of all ages', async () => {
    const text = `var app = exports = module.exports = {};
app.use = function use(fn) {
};
exports.make = () => 1;
Old.prototype.run = function () {};
module.exports = { get(key) {}, 'set': function () {}, ['a' + 1]: () => 1, plain: 1 };
class C { field = 1; #m() {} static { init(); } }
module.exports.D = class { m() {} };
(function () { var hidden = 1; function shown() {} })();
export default class {}
`;
    expect(await shown('a.mjs', text)).toEqual(['app 1-1', 'app::use 2-3', 'make 4-4', 'Old::run 5-5', 'get 6-6', 'set 6-6', 'C 7-7', 'C::field 7-7', 'C::#m 7-7', 'D 8-8', 'D::m 8-8', 'shown 9-9', 'default 10-10']);
  });

  test('Python', async () => {
    const text = `"""Doc."""
import os
LIMIT = 3
# about f
@cache
async def f():
    def inner(): pass
    local = 1

class A(B):
    x: int = 1
    @property
    def m(self):
        return 1
`;
    expect(await shown('a.py', text)).toEqual(['LIMIT 3-3', 'f 4-8', 'f::inner 7-7', 'A 10-14', 'A::x 11-11', 'A::m 12-14']);
  });

  test('Go', async () => {
    const text = `package a

// T is.
type T[K any] struct { a int }
type (
	I interface { M() }
	Alias = int
)
func (t *T[K]) M() {}
func (T) N() { x := func() {}; x() }
func F() {}
const ( A = 1; B = 2 )
var v = 1
`;
    expect(await shown('a.go', text)).toEqual(['T 3-4', 'I 6-6', 'I::M 6-6', 'Alias 7-7', 'T::M 9-9', 'T::N 10-10', 'F 11-11', 'A 12-12', 'B 12-12', 'v 13-13']);
  });

  test('Rust', async () => {
    const text = `use x::y;

/// Doc.
#[derive(Debug)]
pub struct S<T> { a: T }
impl<T> S<T> {
    /// Doc.
    pub fn m(&self) { fn deep() {} }
    const K: u8 = 1;
}
impl fmt::Display for m::S<u8> { fn fmt(&self) {} }
trait Tr { fn sig(&self); fn given() {} }
mod inner { pub fn x() {} }
macro_rules! foo { () => {} }
static Z: u8 = 1;
enum E { A }
`;
    expect(await shown('a.rs', text)).toEqual(['S 3-5', 'S 6-10', 'S::m 7-8', 'S::m::deep 8-8', 'S::K 9-9', 'S 11-11', 'S::fmt 11-11', 'Tr 12-12', 'Tr::sig 12-12', 'Tr::given 12-12', 'inner 13-13', 'inner::x 13-13', 'foo 14-14', 'Z 15-15', 'E 16-16']);
  });

  test('Java', async () => {
    const text = `package x;

/** Doc. */
@A public class C<T> extends D {
  private int a, b = 1;
  static final int K = 2;
  C() {}
  @Override public void m() { Runnable r = new Runnable() { public void run() {} }; int local = 1; }
  enum E { X, Y; void z() {} }
  record R(int q) {}
  interface I { void k(); }
}
`;
    expect(await shown('C.java', text)).toEqual(['C 3-12', 'C::a 5-5', 'C::b 5-5', 'C::K 6-6', 'C::C 7-7', 'C::m 8-8', 'C::m::run 8-8', 'C::E 9-9', 'C::E::X 9-9', 'C::E::Y 9-9', 'C::E::z 9-9', 'C::R 10-10', 'C::I 11-11', 'C::I::k 11-11']);
  });

  test('languages without a grammar, long files and broken ones', async () => {
    expect(await symbolsOf('a.css', '.a { color: red }')).toEqual([]);
    expect(await symbolsOf('Makefile', 'all:\n')).toEqual([]);
    expect(await symbolsOf('constructor', 'x')).toEqual([]);
    expect(await symbolsOf('a.constructor', 'x')).toEqual([]);
    expect(await symbolsOf('a.ts', `function f() {}\n${'x();\n'.repeat(250_000)}`)).toEqual([]);
    expect(await shown('a.ts', 'function good() {}\nclass {{{ ]\nexport function also() {}\n')).toEqual(expect.arrayContaining(['good 1-1', 'also 3-3']));
    expect(await shown('a.py', 'def good():\n    pass\n\ndef broken(:\n    x = (\n\ndef also():\n    pass\n')).toEqual(expect.arrayContaining(['good 1-2']));
  });

  test('a tree deeper than the call stack', async () => {
    const deep = `function f() {}\nx = ${'('.repeat(20_000)}1${')'.repeat(20_000)};\n`;
    expect(await shown('a.js', deep)).toContain('f 1-1');
  });
});

describe('changed symbols', () => {
  const before = `import a from 'a';

/** Doc. */
class Outer {
  field = 1;
  one() {
    return 1;
  }
  two() {}
}

function f() {}
`;
  const changed = async (from: string, to: string, path = 'src/x.ts') => changedSymbols(path, from, to);

  test('the innermost whose own text differs', async () => {
    expect(await changed(before, before.replace('return 1', 'return 2'))).toEqual(['src/x.ts#Outer::one']);
    expect(await changed(before, before.replace('class Outer', 'class Outer extends Base'))).toEqual(['src/x.ts#Outer']);
    expect(await changed(before, before.replace('Doc.', 'Docs.'))).toEqual(['src/x.ts#Outer']);
  });

  test('text outside any symbol is the file itself', async () => {
    expect(await changed(before, before.replace("from 'a'", "from 'b'"))).toEqual(['src/x.ts#']);
  });

  test('symbols that come, go or are renamed; what holds them stays', async () => {
    expect(await changed(before, before.replace('  two() {}\n', '  two() {}\n\n  three() {}\n'))).toEqual(['src/x.ts#Outer::three']);
    expect(await changed(before, before.replace('function f() {}', ''))).toEqual(['src/x.ts#f']);
    expect(await changed(before, before.replace('function f', 'function g'))).toEqual(['src/x.ts#f', 'src/x.ts#g']);
    expect(await changed('module.exports = {\n  a() {}\n};\n', 'module.exports = {\n  a() {},\n  b() {},\n};\n', 'x.js')).toEqual(['x.js#b']);
  });

  test('a file that comes or goes: all that it has', async () => {
    const all = ['src/x.ts#', 'src/x.ts#Outer', 'src/x.ts#Outer::field', 'src/x.ts#Outer::one', 'src/x.ts#Outer::two', 'src/x.ts#f'];
    expect(await changed('', before)).toEqual(all);
    expect(await changed(before, '')).toEqual(all);
  });

  test('blank lines and order are no change', async () => {
    expect(await changed(before, before.replace('function f', '\n\nfunction f').replace('field = 1;', 'field = 1;  '))).toEqual([]);
    expect(await changed('function a() {}\nfunction b() {}\n', 'function b() {}\n\nfunction a() {}\n')).toEqual([]);
  });

  test('an unknown language or a file too long: nothing is known', async () => {
    expect(await changed('a', 'b', 'x.css')).toEqual([]);
    expect(await changed('', 'x();\n'.repeat(250_000))).toEqual([]);
  });

  test('the others of a broken file', async () => {
    expect(await changed('function a() { return 1; }\nfunction b() { return 1; }\n', 'function a() { return 2; }\nfunction b() { return (1; }\n')).toEqual(expect.arrayContaining(['src/x.ts#a', 'src/x.ts#b']));
  });

  test('other languages', async () => {
    expect(await changed('class A:\n    def m(self):\n        return 1\n', 'class A:\n    def m(self):\n        return 2\n', 'a.py')).toEqual(['a.py#A::m']);
    expect(await changed('package a\nfunc (t *T) M() {}\n', 'package a\nfunc (t *T) M() { x() }\n', 'a.go')).toEqual(['a.go#T::M']);
    expect(await changed('impl S { fn m() {} }\n', 'impl S { fn m() { x() } }\n', 'a.rs')).toEqual(['a.rs#S::m']);
    expect(await changed('class C { int a() { return 1; } }\n', 'class C { int a() { return 2; } }\n', 'C.java')).toEqual(['C.java#C::a']);
  });
});

test('memory of trees is given back', async () => {
  const text = Array.from({ length: 1000 }, (_, n) => `export function f${n}(a: number) { return a + ${n}; }`).join('\n');
  await symbolsOf('warm.ts', text);
  const before = process.memoryUsage().arrayBuffers + process.memoryUsage().external;
  for (let round = 0; round < 60; round++) await symbolsOf('again.ts', text);
  // A tree of this text takes 1.8 MB.
  expect(process.memoryUsage().arrayBuffers + process.memoryUsage().external - before).toBeLessThan(40_000_000);
});
