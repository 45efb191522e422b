import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A new empty folder, mode 0700, that goes away with the test that asked for it. */
export function tempDir(): string {
  const path = realpathSync(mkdtempSync(join(tmpdir(), 'memsched-test-')));
  onTestFinished(() => {
    rmSync(path, { recursive: true, force: true, maxRetries: 5 });
  });
  return path;
}
