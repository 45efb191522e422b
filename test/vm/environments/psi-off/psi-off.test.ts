import { expect, test } from 'vitest';
import { describeEnvironment } from '../../support/guard.js';
import { expectNothingLeft } from '../../support/host-health.js';
import type { Place } from '../support/place.js';
import { prove } from '../support/prove.js';
import { REBOOT, record } from '../support/record.js';

describeEnvironment('a kernel that was booted with psi=0', () => {
  expectNothingLeft();

  test('decides by use alone, and says so', async () => {
    const place: Place = { id: 'psi-off' };
    const seen = await prove(place);
    expect(seen).toMatchObject({ tier: 'cgroup', psi: 'none', brake: 'memory.high' });
    expect(seen.missing).toEqual({ pressure: 'no PSI: decisions rest on usage alone' });
    // What it advises is what all other guests are booted with.
    expect(seen.advice['pressure']).toContain('psi=1');
    record(place, seen, { title: 'psi=0 on the kernel command line', followed: REBOOT });
  });
});
