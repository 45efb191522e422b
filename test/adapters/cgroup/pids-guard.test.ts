import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { PidsGuard } from '../../../src/adapters/cgroup/pids-guard.js';
import { KernelFiles } from '../../../src/adapters/host/kernel-file.js';
import { tempDir } from '../../support/temp-dir.js';

it('of forks that were refused, only those count that were while the limit was near', () => {
  const directory = tempDir();
  const set = (name: string, text: string): void => {
    writeFileSync(join(directory, name), `${text}\n`);
  };
  set('pids.max', 'max');
  set('pids.current', '0');
  const guard = PidsGuard.create(directory, new KernelFiles(0), 100);
  if (typeof guard === 'string') throw new Error(guard);
  expect(readFileSync(join(directory, 'pids.max'), 'utf8')).toBe('100');
  const look = (current: number, refused: number) => {
    set('pids.current', String(current));
    set('pids.events', `max ${refused}`);
    return guard.look([]);
  };
  expect(look(10, 7)).toEqual({ current: 10, max: 100, refusals: 0 });
  expect(look(95, 9).refusals).toBe(0);
  expect(look(99, 12).refusals).toBe(3);
  expect(look(20, 14).refusals).toBe(3);
  expect(look(95, 20).refusals).toBe(3);
  expect(look(96, 21).refusals).toBe(4);
});
