import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createLogKeeper } from '../../../src/adapters/journal/log-keeper.js';
import { tempDir } from '../../support/temp-dir.js';
import { logsIn } from '../../support/journals.js';

const REF = { task: 'a', attempt: 1, sinceMs: -1 };
const CUT = {
  task: 'a',
  attempt: 1,
  stream: 'stdout',
  maxBytes: 100,
  headBytes: 50,
  tailBytes: 25,
} as const;

function stage() {
  const folder = tempDir();
  const warnings: string[] = [];
  const warn = (sentence: string): number => warnings.push(sentence);
  const disk: { freeBytes: number | undefined } = { freeBytes: undefined };
  const freeBytesOf = (): number | undefined => disk.freeBytes;
  const keeper = createLogKeeper({ paths: logsIn(folder), maxBytes: 100, warn, freeBytesOf });
  return { folder, warnings, keeper, path: join(folder, 'a.1.out'), disk };
}

describe('the keeper of logs', () => {
  it('takes no link in the place of a log for it', () => {
    const { folder, keeper, path } = stage();
    const large = join(folder, 'large');
    writeFileSync(large, 'x'.repeat(10_000));
    symlinkSync(large, path);
    expect(keeper.look([REF], 0)).toEqual([]);
    expect(keeper.lookAtEnd(REF)).toEqual([]);
    expect(readFileSync(large, 'utf8')).toHaveLength(10_000);
  });

  it('does not look at the logs of one that is too young to have written so much', () => {
    const { keeper, path } = stage();
    writeFileSync(path, 'x'.repeat(10_000));
    const young = { ...REF, sinceMs: 7 };
    expect(keeper.look([young], 7)).toEqual([]);
    expect(keeper.look([young], 8)).toHaveLength(1);
  });

  it('looks at the logs of one that is over, however young', () => {
    const { keeper, path } = stage();
    writeFileSync(path, 'x'.repeat(10_000));
    expect(keeper.look([{ ...REF, sinceMs: 7 }], 7)).toEqual([]);
    expect(keeper.lookAtEnd(REF)).toHaveLength(1);
  });

  it('looks at no log while the disk has lost less than half of what logs may grow by, for 5 s', () => {
    const { keeper, path, disk } = stage();
    disk.freeBytes = 1000;
    expect(keeper.look([REF], 0)).toEqual([]);
    writeFileSync(path, 'x'.repeat(10_000));
    disk.freeBytes = 951;
    expect(keeper.look([REF], 4999)).toEqual([]);
    expect(keeper.look([REF], 5000)).toHaveLength(1);
    disk.freeBytes = 1000;
    writeFileSync(path, '');
    expect(keeper.look([REF], 10_000)).toEqual([]);
    writeFileSync(path, 'x'.repeat(10_000));
    expect(keeper.look([REF], 10_200)).toEqual([]);
    disk.freeBytes = 950;
    expect(keeper.look([REF], 10_200)).toHaveLength(1);
  });

  it('nor for 20 s at one that had not grown between two looks', () => {
    const { keeper, path, disk } = stage();
    disk.freeBytes = 1000;
    for (const ms of [0, 5000]) expect(keeper.look([REF], ms)).toEqual([]);
    writeFileSync(path, 'x'.repeat(10_000));
    expect(keeper.look([REF], 24_999)).toEqual([]);
    expect(keeper.look([REF], 25_000)).toHaveLength(1);
  });

  it('says when the disk has lost so much that a look is due before its time', () => {
    const { keeper, path, disk } = stage();
    disk.freeBytes = 1000;
    expect(keeper.hasMoved()).toBe(false);
    keeper.look([REF], 0);
    expect(keeper.hasMoved()).toBe(false);
    disk.freeBytes = 951;
    expect(keeper.hasMoved()).toBe(false);
    disk.freeBytes = 950;
    expect(keeper.hasMoved()).toBe(true);
    writeFileSync(path, 'x'.repeat(60));
    keeper.look([REF], 200);
    expect(keeper.hasMoved()).toBe(false);
    disk.freeBytes = 930;
    expect(keeper.hasMoved()).toBe(true);
    disk.freeBytes = undefined;
    expect(keeper.hasMoved()).toBe(true);
  });

  it('looks again at once at a log that was cut', () => {
    const { keeper, path, disk } = stage();
    disk.freeBytes = 1000;
    writeFileSync(path, 'x'.repeat(10_000));
    expect(keeper.look([REF], 0)).toHaveLength(1);
    keeper.cut({ ...CUT, leftOutBytes: 9000 });
    writeFileSync(path, 'x'.repeat(10_000));
    expect(keeper.look([REF], 1)).toHaveLength(1);
  });

  it('looks at all of them where nobody knows what is free', () => {
    const { keeper, path } = stage();
    expect(keeper.look([REF], 0)).toEqual([]);
    writeFileSync(path, 'x'.repeat(10_000));
    expect(keeper.look([REF], 200)).toHaveLength(1);
  });

  it('tells no more of a log that cannot be cut, and says so once', () => {
    const { keeper, path, warnings } = stage();
    writeFileSync(path, 'x'.repeat(10_000));
    expect(keeper.look([REF], 0)).toHaveLength(1);
    rmSync(path);
    mkdirSync(path);
    keeper.cut({ ...CUT, leftOutBytes: 9000 });
    rmSync(path, { recursive: true });
    writeFileSync(path, 'x'.repeat(10_000));
    expect(keeper.look([REF], 40_000)).toEqual([]);
    expect(warnings).toEqual([expect.stringContaining('cannot be kept to its size') as string]);
  });
});
