import { expect, test } from 'vitest';
import { describeEnvironment } from '../../support/guard.js';
import { expectNothingLeft } from '../../support/host-health.js';
import { addUser, loggedIn } from '../support/entries.js';
import type { Place } from '../support/place.js';
import { prove } from '../support/prove.js';
import { REBOOT, record } from '../support/record.js';
import { startUserManager } from '../support/user-manager.js';

const HYBRID = { tier: 'hybrid', psi: 'tasks', brake: 'none', budgetFrom: 'the host' };

describeEnvironment('cgroup v1 and v2 side by side, under systemd', () => {
  expectNothingLeft();

  test('root', async () => {
    const place: Place = { id: 'side-by-side-root' };
    const seen = await prove(place);
    expect(seen).toMatchObject(HYBRID);
    expect(seen.advice['tier'] ?? '').toContain(
      'systemd.unified_cgroup_hierarchy=1 cgroup_no_v1=all',
    );
    record(place, seen, {
      title: 'root under systemd, cgroup v1 and v2 side by side',
      followed: REBOOT,
    });
  });

  test('an ordinary user', async () => {
    addUser('tester');
    await startUserManager('tester');
    const place: Place = { id: 'side-by-side-user', enter: loggedIn('tester') };
    const seen = await prove(place);
    expect(seen).toMatchObject(HYBRID);
    record(place, seen, {
      title: 'ordinary user under systemd, cgroup v1 and v2 side by side',
      followed: REBOOT,
    });
  });
});
