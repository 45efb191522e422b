import { mkdirSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { MiB } from '../../../../src/util/bytes.js';
import { describeEnvironment } from '../../support/guard.js';
import { expectNothingLeft } from '../../support/host-health.js';
import { inCgroup } from '../support/entries.js';
import type { Place } from '../support/place.js';
import { prove } from '../support/prove.js';
import { REBOOT, record } from '../support/record.js';

const NOTHING_OF_V2 = { tier: 'procfs', relaunch: false, psi: 'host', brake: 'none' };

describeEnvironment('cgroup v1 alone', () => {
  expectNothingLeft();

  test('falls back to process groups, and says what to boot with', async () => {
    const place: Place = { id: 'v1' };
    const seen = await prove(place);
    expect(seen).toMatchObject({ ...NOTHING_OF_V2, budgetFrom: 'the host' });
    expect(seen.announced).toMatch(/only cgroup v1 is mounted/);
    expect(seen.advice['tier']).toContain('cgroup_no_v1=all');
    record(place, seen, { title: 'cgroup v1 alone', followed: REBOOT });
  });

  test('takes the limit of its memory cgroup for the budget', async () => {
    const limited = '/sys/fs/cgroup/memory/limited';
    mkdirSync(limited);
    writeFileSync(`${limited}/memory.limit_in_bytes`, String(800 * MiB));
    const place: Place = { id: 'v1-limit', enter: inCgroup(limited) };
    const seen = await prove(place);
    expect(seen).toMatchObject({
      ...NOTHING_OF_V2,
      budgetFrom: limited,
      capacityBytes: 800 * MiB,
    });
    record(
      place,
      { ...seen, budgetFrom: 'the limit' },
      { title: 'cgroup v1 alone, with a memory.limit_in_bytes', followed: REBOOT },
    );
  });
});
