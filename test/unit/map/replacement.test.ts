import { describe, expect, it } from 'vitest';
import { findReplacements, valuesOf } from '../../../src/adapters/map/replacement.js';

function filled(
  text: string,
  args: readonly string[],
  whole = '{}',
): readonly (readonly string[])[] {
  const found = findReplacements(text, whole);
  if (!found.ok) throw new Error(found.error);
  return found.value.map((one) => valuesOf(one, { seq: 7, args }));
}

describe('replacement strings', () => {
  // What GNU parallel 20221122 makes of the same.
  it.each([
    ['d/a.tar.gz', '{.}', 'd/a.tar'],
    ['d/a.tar.gz', '{/}', 'a.tar.gz'],
    ['d/a.tar.gz', '{//}', 'd'],
    ['d/a.tar.gz', '{/.}', 'a.tar'],
    ['/a', '{//}', '/'],
    ['/a', '{/}', 'a'],
    ['a.', '{.}', 'a'],
    ['.b', '{.}', ''],
    ['a/.b', '{.}', 'a/'],
    ['a/.b', '{/.}', ''],
    ['./c.x', '{.}', './c'],
    ['a', '{//}', '.'],
    ['x/y/', '{/}', ''],
    ['x/y/', '{//}', 'x'],
    ['d.d/plain', '{.}', 'd.d/plain'],
  ])('of %s: %s is "%s"', (arg, text, expected) => {
    expect(filled(text, [arg])).toEqual([[expected]]);
  });

  it('name one of several arguments, from either end, or all', () => {
    const args = ['a.x', 'b.y', 'c.z'];
    expect(filled('{1}{2.}{-1/.}{3//}', args)).toEqual([['a.x'], ['b'], ['c'], ['.']]);
    expect(filled('{.}', args)).toEqual([['a', 'b', 'c']]);
    expect(filled('{#}', args)).toEqual([['7']]);
    expect(filled('{4}{-4}', args)).toEqual([[''], ['']]);
  });

  it('leave other braces alone', () => {
    expect(filled('{a,b} {1..3} ${HOME} {0} {{ {- }', ['x'])).toEqual([]);
  });

  it('can be another text for the whole', () => {
    expect(filled('a,,b {} {.} $^*', ['v.x'], ',,')).toEqual([['v.x'], ['v']]);
    expect(filled('a$^*b', ['v'], '$^*')).toEqual([['v']]);
  });

  it.each(['{%}', '{= s/a/b/ =}', '{..}', '{+/}'])('refuse %s by name', (text) => {
    expect(findReplacements(`cmd ${text}`, '{}')).toMatchObject({
      ok: false,
      error: expect.stringContaining(text) as string,
    });
  });
});
