import { readFileSync, writeFileSync } from 'node:fs';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { protectFromOom } from '../../../src/adapters/host/oom-score.js';
import { createProcfsHost } from '../../../src/adapters/procfs/procfs-host.js';
import { tempDir } from '../../support/temp-dir.js';

const OWN = '/proc/self/oom_score_adj';

function score(file = OWN): number {
  return Number(readFileSync(file, 'utf8'));
}

function scoreFile(text: string): string {
  const file = join(tempDir(), 'oom_score_adj');
  writeFileSync(file, text);
  return file;
}

/** Whether this process may lower its score (CAP_SYS_RESOURCE). */
function mayLower(): boolean {
  const before = score();
  try {
    writeFileSync(OWN, String(before - 1));
    writeFileSync(OWN, String(before));
    return true;
  } catch {
    return false;
  }
}

describe('protectFromOom', () => {
  it('lowers the score, and puts it back', () => {
    const file = scoreFile('200\n');
    const restore = protectFromOom(file);
    expect(score(file)).toBe(-900);
    restore();
    expect(score(file)).toBe(200);
  });

  it('leaves one alone that is as low already', () => {
    const file = scoreFile('-1000\n');
    protectFromOom(file)();
    expect(readFileSync(file, 'utf8')).toBe('-1000\n');
  });

  it('where it is refused or absent, nothing happens', () => {
    protectFromOom(join(tempDir(), 'absent'))();
    protectFromOom('/proc/self/stat')();
  });

  it('for the length of a run without cgroups, where that is permitted', async () => {
    const before = score();
    const host = createProcfsHost({
      budget: { kind: 'auto' },
      limits: [],
      nameOf: ({ task, attempt }) => `${task}-${attempt}`,
      cookie: randomUUID(),
      now: () => performance.now(),
    });
    expect(score()).toBe(mayLower() ? Math.min(before, -900) : before);
    await host.dispose();
    expect(score()).toBe(before);
  });
});
