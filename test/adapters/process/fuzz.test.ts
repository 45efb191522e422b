import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bench, LAUNCHERS } from './harness.js';

/** Prints its arguments, then the environment, byte for byte, each followed by a NUL. */
const ECHO = String.raw`print "$_\0" for @ARGV, "--", map { "$_=$ENV{$_}" } sort keys %ENV`;

/** Whatever a program can be given: any text without NUL; now and then a long one, which the kernel takes up to 128 KiB. */
const value = fc
  .oneof(
    { weight: 9, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
    { weight: 3, arbitrary: fc.constantFrom('', '\n', '=', ' ', '"', '$(id)', "'", '\\', '-e') },
    { weight: 1, arbitrary: fc.nat(100_000).map((length) => 'ü'.repeat(length / 2)) },
  )
  .map((text) => text.replaceAll('\0', ''));

/** A name that no shell minds, or, where none is in between, any that an environment can hold. */
const names = {
  'in-process': fc.stringMatching(/^X[A-Z0-9_]{0,20}$/),
  helper: fc
    .string({ unit: 'binary', minLength: 1, maxLength: 20 })
    .map((text) => `X${text.replaceAll(/[\0=]/g, '')}`),
};

function bytewise(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

describe.each(LAUNCHERS)('%s launcher', (kind) => {
  it('hands words and environment on byte for byte', async () => {
    const b = bench(kind, { PATH: process.env['PATH'] });
    await fc.assert(
      fc.asyncProperty(
        fc.array(value, { maxLength: 8 }),
        fc.dictionary(names[kind], value, { maxKeys: 8 }),
        async (words, env) => {
          const launched = b.launch({ argv: ['perl', '-e', ECHO, '--', ...words], env });
          expect(await launched.end()).toEqual({ kind: 'code', code: 0 });
          const [given, inherited] = split(launched.stdout());
          expect(given).toEqual(words);
          expect(inherited).toEqual(
            Object.entries({ PATH: process.env['PATH'], PWD: b.dir, ...env })
              .sort(([a], [c]) => bytewise(a, c))
              .map(([name, text]) => `${name}=${text ?? ''}`),
          );
        },
      ),
      { numRuns: 60 },
    );
  });

  it('takes a crowd of orders of all sizes at once, and mixes nothing up', async () => {
    const b = bench(kind);
    const launched = Array.from({ length: 60 }, (_, at) =>
      b.launch({ argv: ['perl', '-e', ECHO, '--', String(at), 'x'.repeat((at * 7919) % 100_000)] }),
    );
    for (const [at, one] of launched.entries()) {
      expect(await one.end()).toEqual({ kind: 'code', code: 0 });
      expect(split(one.stdout())[0]).toEqual([String(at), 'x'.repeat((at * 7919) % 100_000)]);
    }
  });
});

/** The words and the settings that {@link ECHO} has printed. */
function split(printed: string): readonly [readonly string[], readonly string[]] {
  const fields = printed.split('\0').slice(0, -1);
  const end = fields.lastIndexOf('--');
  return [fields.slice(0, end), fields.slice(end + 1)];
}
