import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { bashReply, splitLine } from '../../src/cli/completion/shell-line.js';

describe('completion in bash', () => {
  it('whatever a value is, bash reads the reply as that value', () => {
    const value = fc.string({
      unit: fc.constantFrom(...Array.from('ab $`"\'\\*?!~#&;|<>(){}[]=:,é€')),
      minLength: 1,
    });
    const quote = fc.constantFrom('', "'", '"');
    fc.assert(
      fc.property(fc.array(fc.tuple(value, quote), { minLength: 1, maxLength: 50 }), (all) => {
        const words = all.map(([one, open]) => {
          const word = splitLine(`memsched show ${open}`, '').at(-1);
          return `${open}${word === undefined ? '' : bashReply(one, word)}${open}`;
        });
        const script = `printf '%s\\0' ${words.join(' ')}`;
        const read = execFileSync('bash', ['-c', script], { encoding: 'utf8' }).split('\0');
        expect(read.slice(0, -1)).toEqual(all.map(([one]) => one));
      }),
      { numRuns: 50 },
    );
  });
});
