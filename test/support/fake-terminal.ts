import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { Terminal } from '../../src/reporters/tty/terminal-stream.js';
import { tempDir } from './temp-dir.js';

/** A terminal whose size can be changed and whose text can be read. */
export interface FakeTerminal extends Terminal {
  columns: number;
  rows: number;
  resize(columns: number): void;
  readonly listeners: Set<() => void>;
  text(): string;
}

/** A terminal that is a file: what was written can be read. */
export function fakeTerminal(): FakeTerminal {
  const path = join(tempDir(), 'tty');
  const fd = openSync(path, 'a');
  onTestFinished(() => {
    closeSync(fd);
  });
  const listeners = new Set<() => void>();
  return {
    fd,
    columns: 100,
    rows: 30,
    listeners,
    on: (_, listener) => listeners.add(listener),
    off: (_, listener) => listeners.delete(listener),
    resize(columns) {
      this.columns = columns;
      for (const listener of listeners) listener();
    },
    text: () => readFileSync(path, 'utf8'),
  };
}
