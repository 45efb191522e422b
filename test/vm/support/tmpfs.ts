import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { tempDir } from '../../support/temp-dir.js';

/**
 * A tmpfs of its own, gone with the test.
 *
 * @param size - as mount takes it: '1M'.
 * @returns its folder.
 */
export function mountTmpfs(size: string): string {
  const path = join(tempDir(), 'tmpfs');
  mkdirSync(path);
  execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${size}`, 'tmpfs', path]);
  onTestFinished(() => {
    execFileSync('umount', ['-l', path]);
  });
  return path;
}
