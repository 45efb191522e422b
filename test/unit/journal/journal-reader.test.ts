import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { JournalError } from '../../../src/adapters/journal/journal-error.js';
import { JournalCursor, readJournal } from '../../../src/adapters/journal/journal-reader.js';
import { tempDir } from '../../support/temp-dir.js';
import { late, started } from './events.js';

function journal(...lines: readonly unknown[]): string {
  const file = join(tempDir(), 'journal.jsonl');
  writeFileSync(
    file,
    lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line))).join('\n'),
  );
  return file;
}

function errorOf(file: string): JournalError {
  try {
    for (const event of readJournal(file)) expect(event.kind).toBeTypeOf('string');
  } catch (error) {
    expect(error).toBeInstanceOf(JournalError);
    return error as JournalError;
  }
  throw new Error('this journal was read without complaint');
}

describe('readJournal', () => {
  it('leaves a torn last line out', () => {
    expect([...readJournal(journal(started, late(1), '{"kind":"tick-la'))]).toEqual([
      started,
      late(1),
    ]);
    expect([...readJournal(journal(started, '\0\0\0\0'))]).toEqual([started]);
  });

  it('finds nothing in an empty file, and nothing in a header cut short', () => {
    expect([...readJournal(journal())]).toEqual([]);
    expect([...readJournal(journal('{"kind":"run-star'))]).toEqual([]);
  });

  it.each([
    ['damage in the middle', [started, '{"kind":"tick-', late(1), ''], 2, /not a line of JSON/],
    ['an empty line', [started, '', late(1), ''], 2, /not a line of JSON/],
    [
      'an unknown event',
      [started, { kind: 'teleported', tMs: 1 }, ''],
      2,
      /not an event that memsched wrote: kind/,
    ],
    ['an event without a time', [started, late(1), { kind: 'tick-late' }, ''], 3, /tMs/],
    [
      'an event without its task',
      [started, { kind: 'task-finished', tMs: 1 }, ''],
      2,
      /damaged "task-finished" event: task/,
    ],
    ['no header', [late(1), ''], 1, /begins with a "run-started" event/],
    ['something else altogether', ['[1,2]', ''], 1, /begins with a "run-started" event/],
    [
      'a newer format',
      [{ ...started, version: 2 }, ''],
      1,
      /version 2 of the format.*up to 1; use a newer memsched/,
    ],
  ])('refuses %s, naming file and line', (_, lines, line, problem) => {
    const file = journal(...lines);
    const error = errorOf(file);
    expect(error.line).toBe(line);
    expect(error.message).toMatch(problem);
    expect(error.message).toContain(`${file}:${String(line)}: `);
  });

  it('says so when there is no journal', () => {
    expect(errorOf('/none/journal.jsonl').message).toMatch(
      /^\/none\/journal.jsonl: there is no journal here/,
    );
  });

  it('gives the events before the damage', () => {
    const events = readJournal(journal(started, late(1), 'x', ''));
    expect([events.next().value, events.next().value]).toEqual([started, late(1)]);
    expect(() => events.next()).toThrow(JournalError);
  });

  it('reads a large file a piece at a time', () => {
    const file = journal(started, '');
    const block = Array.from({ length: 10_000 }, (_, i) => `${JSON.stringify(late(i))}\n`).join('');
    for (let i = 0; i < 10; i += 1) appendFileSync(file, block);
    const cursor = new JournalCursor(file);
    let [total, largest] = [0, 0];
    for (let events = cursor.next(); events.length > 0; events = cursor.next()) {
      total += events.length;
      largest = Math.max(largest, events.length);
    }
    cursor.close();
    expect(total).toBe(100_001);
    expect(largest).toBeLessThan(10_000);
  });
});
