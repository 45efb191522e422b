import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

test('trivial', () => {
  expect(readFileSync('/proc/self/cgroup', 'utf8')).toContain('session');
  expect(process.getuid?.()).toBeGreaterThan(0);
  expect(process.env['XDG_RUNTIME_DIR']).toBeTruthy();
});
