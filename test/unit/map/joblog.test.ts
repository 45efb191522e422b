import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { commandKey } from '../../../src/adapters/map/command-key.js';
import { JOBLOG_HEADER, readJoblog } from '../../../src/adapters/map/joblog.js';
import { tempDir } from '../../support/temp-dir.js';

function joblog(...lines: string[]): string {
  const path = join(tempDir(), 'joblog');
  writeFileSync(path, JOBLOG_HEADER + lines.join(''));
  return path;
}

const line = (seq: number, exit: number, signal: number, command: string): string =>
  `${String(seq)}\t:\t1795630962.016\t     0.003\t0\t0\t${String(exit)}\t${String(signal)}\t${command}\n`;

function taken(path: string, which: 'ended' | 'succeeded', ...commands: string[]): boolean[] {
  const past = readJoblog(path, which);
  if (!past.ok) throw new Error(past.error);
  return commands.map((command) => past.value.take(command));
}

describe('the key of a command', () => {
  it.each([
    ["test b '!=' c", 'test b != c'],
    [`echo 'it'"'"'s'`, `echo 'it'\\''s'`],
    [`echo a\\ b`, `echo 'a b'`],
    [`echo "a b"`, `echo 'a b'`],
  ])('is the same for %s and %s', (a, b) => {
    expect(commandKey(a)).toBe(commandKey(b));
  });

  it.each([
    ['echo a b', "echo 'a b'"],
    ['echo $x', "echo '$x'"],
    ['echo "$x"', "echo '$x'"],
    ['echo a; b', "echo 'a;' b"],
    ['echo *', "echo '*'"],
    ["echo ''", 'echo'],
  ])('is another for %s and %s', (a, b) => {
    expect(commandKey(a)).not.toBe(commandKey(b));
  });
});

describe('a joblog', () => {
  it('says what need not run again, by command', () => {
    const path = joblog(
      line(1, 0, 0, 'a'),
      line(2, 1, 0, 'b'),
      line(3, 0, 9, 'c'),
      line(4, -1, 15, 'd'),
    );
    expect(taken(path, 'succeeded', 'a', 'b', 'c', 'd', 'e')).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);
    expect(taken(path, 'ended', 'd', 'c', 'b', 'a', 'e')).toEqual([true, true, true, true, false]);
  });

  it('counts a command as often as it ran', () => {
    const path = joblog(line(1, 0, 0, 'a'), line(2, 0, 0, 'a'));
    expect(taken(path, 'ended', 'a', 'a', 'a')).toEqual([true, true, false]);
  });

  it('has commands of several lines and with tabs', () => {
    expect(taken(joblog(line(1, 0, 0, 'a\0b\tc')), 'ended', 'a\nb\tc')).toEqual([true]);
  });

  it('may end in the middle of a line, or not be there', () => {
    expect(taken(joblog(line(1, 0, 0, 'a'), '2\t:\t17956'), 'ended', 'a')).toEqual([true]);
    expect(taken(join(tempDir(), 'none'), 'ended', 'a')).toEqual([false]);
  });

  it('is refused when it is something else', () => {
    expect(readJoblog(joblog('some text\n'), 'ended')).toMatchObject({
      ok: false,
      error: expect.stringContaining('line 2') as string,
    });
  });
});
