import { appendFileSync, readFileSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JournalCursor, readJournal } from '../../../src/adapters/journal/journal-reader.js';
import { JournalWriter } from '../../../src/adapters/journal/journal-writer.js';
import type { RunEvent } from '../../../src/core/events.js';
import { tempDir } from '../../support/temp-dir.js';
import { anyEvent, started } from './events.js';

function noTrouble(sentence: string): void {
  throw new Error(`unexpected: ${sentence}`);
}

function write(file: string, events: readonly RunEvent[]): void {
  const writer = JournalWriter.create(file, { onTrouble: noTrouble });
  for (const event of events) writer.emit([event]);
  expect(writer.close()).toEqual({ kind: 'whole' });
}

describe('a journal', () => {
  it('gives back what was written, whatever is in it', () => {
    const dir = tempDir();
    let count = 0;
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 30 }), (events) => {
        const file = join(dir, String((count += 1)));
        write(file, [started, ...events]);
        expect([...readJournal(file)]).toEqual([started, ...events]);
      }),
      { numRuns: 150 },
    );
  });

  it('cut off anywhere is a beginning of the story, and can be continued from there', () => {
    const dir = tempDir();
    let count = 0;
    fc.assert(
      fc.property(
        fc.array(anyEvent, { maxLength: 8 }),
        fc.nat(),
        anyEvent,
        (events, seed, next) => {
          const file = join(dir, String((count += 1)));
          const all = [started, ...events];
          write(file, all);
          const bytes = readFileSync(file);
          const cut = seed % (bytes.length + 1);
          truncateSync(file, cut);
          const whole = bytes.subarray(0, cut).toString('latin1').split('\n').length - 1;
          expect([...readJournal(file)]).toEqual(all.slice(0, whole));

          const writer = JournalWriter.reopen(file, { onTrouble: noTrouble });
          const more = whole === 0 ? [started, next] : [next];
          for (const event of more) writer.emit([event]);
          writer.close();
          expect([...readJournal(file)]).toEqual([...all.slice(0, whole), ...more]);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('can be followed while it is written, in pieces of any size', () => {
    const dir = tempDir();
    let count = 0;
    fc.assert(
      fc.property(
        fc.array(anyEvent, { minLength: 1, maxLength: 8 }),
        fc.array(fc.integer({ min: 1, max: 400 }), { minLength: 1 }),
        (events, sizes) => {
          const source = join(dir, `${String((count += 1))}.source`);
          const file = join(dir, String(count));
          write(source, [started, ...events]);
          const bytes = readFileSync(source);
          writeFileSync(file, '');
          const cursor = new JournalCursor(file);
          const seen: RunEvent[] = [];
          for (let at = 0, i = 0; at < bytes.length; i += 1) {
            const size = sizes[i % sizes.length] ?? 1;
            appendFileSync(file, bytes.subarray(at, at + size));
            at += size;
            seen.push(...cursor.next());
          }
          cursor.close();
          expect(seen).toEqual([started, ...events]);
        },
      ),
      { numRuns: 50 },
    );
  });
});
