import { readFileSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { JournalError } from '../../../src/adapters/journal/journal-error.js';
import { readJournal } from '../../../src/adapters/journal/journal-reader.js';
import { JournalWriter } from '../../../src/adapters/journal/journal-writer.js';
import type { RunEvent } from '../../../src/core/events.js';
import { tempDir } from '../../support/temp-dir.js';
import { late, started } from './events.js';

/** A disk with so many bytes left; more can be freed. */
function smallDisk(freeBytes: number): {
  free: number;
  write: (fd: number, bytes: Uint8Array) => number;
} {
  const disk = {
    free: freeBytes,
    write(fd: number, bytes: Uint8Array): number {
      if (disk.free === 0) throw Object.assign(new Error('ENOSPC: no space'), { code: 'ENOSPC' });
      const written = writeSync(fd, bytes.subarray(0, disk.free));
      disk.free -= written;
      return written;
    },
  };
  return disk;
}

describe('JournalWriter', () => {
  it('has written each event when emit returns, in a private file', () => {
    const file = join(tempDir(), 'journal.jsonl');
    const writer = JournalWriter.create(file, { onTrouble: expect.unreachable });
    writer.emit([started]);
    writer.emit([late(5)]);
    expect(readFileSync(file, 'utf8')).toBe(
      `${JSON.stringify(started)}\n${JSON.stringify(late(5))}\n`,
    );
    expect(statSync(file).mode & 0o777).toBe(0o600);
    writer.close();
  });

  it('writes what happened together with one write, and very much of it in pieces', () => {
    const file = join(tempDir(), 'journal.jsonl');
    const writes: number[] = [];
    const write = (fd: number, bytes: Uint8Array): number => {
      writes.push(bytes.length);
      return writeSync(fd, bytes);
    };
    const writer = JournalWriter.create(file, { onTrouble: expect.unreachable, write });
    writer.emit([started, late(1), late(2)]);
    expect(writes).toHaveLength(1);
    const many = Array.from({ length: 10_000 }, (_, at) => late(at));
    writer.emit(many);
    expect(writes.length).toBeGreaterThan(3);
    expect(Math.max(...writes)).toBeLessThan(66 * 1024);
    writer.close();
    expect([...readJournal(file)]).toEqual([started, late(1), late(2), ...many]);
  });

  it('leaves no part of what was decided together twice, should the disk be full in the middle', () => {
    const file = join(tempDir(), 'journal.jsonl');
    const disk = smallDisk(JSON.stringify(started).length + 60);
    const writer = JournalWriter.create(file, { onTrouble: () => undefined, write: disk.write });
    writer.emit([started, late(1), late(2)]);
    expect(writer.health).toEqual({ kind: 'behind', pendingEvents: 3 });
    expect([...readJournal(file)][0]).toEqual(started);
    disk.free = 1_000_000;
    writer.emit([late(2000), late(2001)]);
    expect(writer.health).toEqual({ kind: 'whole' });
    expect([...readJournal(file)]).toEqual([started, ...[1, 2, 2000, 2001].map(late)]);
    writer.close();
  });

  it('overwrites nothing', () => {
    const file = join(tempDir(), 'journal.jsonl');
    writeFileSync(file, 'precious');
    expect(() => JournalWriter.create(file, { onTrouble: expect.unreachable })).toThrow(
      JournalError,
    );
    expect(readFileSync(file, 'utf8')).toBe('precious');
    expect(() => JournalWriter.reopen('/none/j', { onTrouble: expect.unreachable })).toThrow(
      /\/none\/j: cannot be written/,
    );
  });

  it('keeps events while the disk is full, says so once, and writes them all when there is room', () => {
    const file = join(tempDir(), 'journal.jsonl');
    const troubles: string[] = [];
    // Room for the header and a half of the next line.
    const disk = smallDisk(JSON.stringify(started).length + 20);
    const writer = JournalWriter.create(file, {
      onTrouble: (sentence) => troubles.push(sentence),
      write: disk.write,
    });
    const events: RunEvent[] = [started, ...[1, 2, 1500, 3000].map(late)];
    for (const event of events) writer.emit([event]);
    expect(writer.health).toEqual({ kind: 'behind', pendingEvents: 4 });
    expect([...readJournal(file)]).toEqual([started]);
    expect(troubles).toEqual([
      expect.stringMatching(/no space left on the device \(ENOSPC\).*the run goes on/),
    ]);

    disk.free = 1_000_000;
    writer.emit([late(3001)]);
    expect(writer.health.kind).toBe('behind');
    writer.emit([late(4001)]);
    expect(writer.health).toEqual({ kind: 'whole' });
    const all = [...events, late(3001), late(4001)];
    expect([...readJournal(file)]).toEqual(all);
    expect(writer.close()).toEqual({ kind: 'whole' });
    expect(troubles).toHaveLength(1);
  });

  it('tries a last time when it is closed', () => {
    const file = join(tempDir(), 'journal.jsonl');
    const disk = smallDisk(0);
    const writer = JournalWriter.create(file, { onTrouble: () => undefined, write: disk.write });
    writer.emit([started]);
    writer.emit([late(1)]);
    disk.free = 1_000_000;
    expect(writer.close()).toEqual({ kind: 'whole' });
    expect([...readJournal(file)]).toEqual([started, late(1)]);
  });

  it('is given up with a complete beginning when too much waits', () => {
    const file = join(tempDir(), 'journal.jsonl');
    const troubles: string[] = [];
    const disk = smallDisk(JSON.stringify(started).length + 1);
    const writer = JournalWriter.create(file, {
      onTrouble: (sentence) => troubles.push(sentence),
      write: disk.write,
      maxPendingBytes: 200,
    });
    writer.emit([started]);
    for (let i = 0; i < 50; i += 1) writer.emit([late(i)]);
    disk.free = 1_000_000;
    for (let i = 2000; i < 2050; i += 1) writer.emit([late(i)]);
    expect(writer.close()).toEqual({ kind: 'cut' });
    expect([...readJournal(file)]).toEqual([started]);
    expect(troubles).toEqual([
      expect.stringContaining('cannot write'),
      expect.stringContaining('given up'),
    ]);
  });

  it('shortens the lists of an event that would be huge, and keeps what matters', () => {
    const file = join(tempDir(), 'journal.jsonl');
    const writer = JournalWriter.create(file, { onTrouble: expect.unreachable });
    const numbers = { usedBytes: 1, budgetBytes: 2, availableBytes: 3, growthBytesPerS: 4 };
    const attempts = Array.from({ length: 5000 }, (_, i) => ({
      task: `a-task-with-a-rather-long-name-${String(i)}`,
      attempt: 1,
      usedBytes: i,
      peakBytes: i,
    }));
    writer.emit([started]);
    writer.emit([{ kind: 'sampled', tMs: 1, level: 'open', claimedBytes: 0, numbers, attempts }]);
    writer.close();
    expect(statSync(file).size).toBeLessThan(256 * 1024);
    const [, sampled] = [...readJournal(file)];
    expect(sampled?.kind === 'sampled' && sampled.attempts[0]?.usedBytes).toBe(4999);
  });
});
