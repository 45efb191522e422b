import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { fileSizes } from '../../../src/adapters/host/file-sizes.js';
import { tempDir } from '../../support/temp-dir.js';

describe('the size of input files', () => {
  let dir: string;
  const at = (name: string): string => join(dir, name);
  beforeEach(() => {
    dir = tempDir();
    writeFileSync(at('a'), 'x'.repeat(1000));
    writeFileSync(at('b'), 'x'.repeat(24));
    mkdirSync(at('folder'));
    execFileSync('mkfifo', [at('pipe')]);
  });

  test('is the sum of all', () => {
    expect(fileSizes.sizeOf([at('a'), at('b')])).toBe(1024);
  });

  test.each(['missing', 'folder', 'pipe', 'a/below-a-file'])(
    'is unknown when one of them is no file: %s',
    (name) => {
      expect(fileSizes.sizeOf([at('a'), at(name)])).toBeUndefined();
    },
  );
});
