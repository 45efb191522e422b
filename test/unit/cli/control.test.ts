import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { whileControlled, type ControlOrder } from '../../../src/cli/control.js';
import { tempDir } from '../../support/temp-dir.js';

test('a run that is over before its socket is opened leaves none of a dead supervisor either', async () => {
  const controlSocketPath = join(tempDir(), 'control.sock');
  writeFileSync(controlSocketPath, '');
  const order = { folder: { controlSocketPath } } as unknown as ControlOrder;
  expect(await whileControlled(order, () => Promise.resolve('over'))).toBe('over');
  expect(existsSync(controlSocketPath)).toBe(false);
});
