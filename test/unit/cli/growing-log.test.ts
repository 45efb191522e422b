import { appendFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { createLogKeeper } from '../../../src/adapters/journal/log-keeper.js';
import { GrowingLog } from '../../../src/cli/growing-log.js';
import { logsIn } from '../../support/journals.js';
import { tempDir } from '../../support/temp-dir.js';

const HEAD_BYTES = 1000;
const TAIL_BYTES = 2000;
const MARKER = /^\[memsched: about 5\.0K are left out here/;

function stage() {
  const folder = tempDir();
  const path = join(folder, 'a.1.out');
  const log = new GrowingLog(path);
  const maxBytes = 4000;
  const keeper = createLogKeeper({ paths: logsIn(folder), maxBytes, warn: () => undefined });
  const bytes = { maxBytes, headBytes: HEAD_BYTES, tailBytes: TAIL_BYTES, leftOutBytes: 5120 };
  return {
    path,
    lines: (): string[] => {
      const text = Buffer.concat([...piecesOf(log)]).toString();
      return text === '' ? [] : text.trimEnd().split('\n');
    },
    cut: (): void => {
      keeper.cut({ task: 'a', attempt: 1, stream: 'stdout', ...bytes });
    },
  };
}

function* piecesOf(log: GrowingLog): Generator<Buffer> {
  for (let piece = log.read(); piece.length > 0; piece = log.read()) yield piece;
}

function numbered(from: number, to: number): string[] {
  return Array.from({ length: to - from }, (_, at) => `line ${from + at}`);
}

function write(path: string, lines: readonly string[]): void {
  appendFileSync(path, `${lines.join('\n')}\n`);
}

it('reads what comes, and nothing before there is a file', () => {
  const { path, lines } = stage();
  expect(lines()).toEqual([]);
  write(path, numbered(0, 20_000));
  expect(lines()).toEqual(numbered(0, 20_000));
  expect(lines()).toEqual([]);
  write(path, ['more']);
  expect(lines()).toEqual(['more']);
});

it('goes on behind what was read when the middle was left out', () => {
  const { path, lines, cut } = stage();
  write(path, numbered(0, 1000));
  expect(lines()).toHaveLength(1000);
  write(path, numbered(1000, 1100));
  cut();
  write(path, numbered(1100, 1110));
  expect(lines()).toEqual(numbered(1000, 1110));
});

it('sees that it was cut although it has grown beyond its size since', () => {
  const { path, lines, cut } = stage();
  write(path, numbered(0, 1000));
  expect(lines()).toHaveLength(1000);
  cut();
  write(path, numbered(1000, 9000));
  expect(lines()).toEqual(numbered(1000, 9000));
});

it('sees where it was cut however much has come since', () => {
  const { path, lines, cut } = stage();
  write(path, numbered(0, 1000));
  expect(lines()).toHaveLength(1000);
  cut();
  const more = numbered(1000, 801_000);
  write(path, more);
  expect(lines().join('\n')).toBe(more.join('\n'));
});

it('tells what is missing where what was read is not there any more, and passes over nothing that is', () => {
  const { path, lines, cut } = stage();
  write(path, numbered(0, 500));
  expect(lines()).toHaveLength(500);
  write(path, numbered(500, 2000));
  cut();
  const [first = '', ...others] = lines();
  expect(first).toMatch(MARKER);
  expect(others.length).toBeGreaterThan(100);
  expect(others).toEqual(numbered(2000 - others.length, 2000));
});

it('begins anew when somebody has emptied it, once it is plain that nobody is cutting it', () => {
  const { path, lines } = stage();
  write(path, numbered(0, 500));
  expect(lines()).toHaveLength(500);
  for (const text of ['new', 'newer']) {
    writeFileSync(path, `${text}\n`);
    expect(lines()).toEqual([]);
    expect(lines()).toEqual([text]);
  }
});
