import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { GiB, MiB } from '../../src/util/bytes.js';
import { runFolder, runJobs } from '../support/cli.js';
import { ofKind } from '../support/journal-view.js';

test('10 GB of output leave a log of the size that was allowed', async () => {
  // The first line that ends after so many bytes is cut off in its middle.
  const run = 'yes "a line of output" | head -c 10G || true; echo; echo the end';
  const end = await runJobs({ max_log: '100M', jobs: { talker: { run } } }, [], {
    timeoutMs: 30 * 60_000,
  });
  expect(end.exitCode, end.story).toBe(0);
  const path = join(runFolder(end.stateHome) ?? '', 'logs/talker.1.out');
  expect(statSync(path).size).toBeLessThanOrEqual(100 * MiB);
  const left = ofKind(end.events, 'log-cut').at(-1)?.leftOutBytes ?? 0;
  expect(left).toBeGreaterThan(9 * GiB);
  expect(readFileSync(path, 'utf8').endsWith('\nthe end\n')).toBe(true);
});
