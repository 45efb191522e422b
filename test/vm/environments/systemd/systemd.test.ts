import { execaSync } from 'execa';
import { expect, test } from 'vitest';
import { MiB } from '../../../../src/util/bytes.js';
import { describeEnvironment } from '../../support/guard.js';
import { expectNothingLeft } from '../../support/host-health.js';
import { addUser, asCronWould, asService, follow, loggedIn } from '../support/entries.js';
import type { Place } from '../support/place.js';
import { doctorIn, prove } from '../support/prove.js';
import { record } from '../support/record.js';
import { startUserManager, userManagerRuns } from '../support/user-manager.js';

/** What a host with everything gives. */
const FULL = { tier: 'cgroup', psi: 'tasks', brake: 'memory.high', announced: '', missing: {} };

const OOMD = ['systemd-oomd.socket', 'systemd-oomd.service'];

describeEnvironment('under systemd', () => {
  expectNothingLeft();

  test('an ordinary user who has logged in', async () => {
    // With its package installed the manager of each user wants it.
    execaSync('systemctl', ['mask', '--runtime', '--now', ...OOMD]);
    addUser('tester');
    await startUserManager('tester');
    const place: Place = { id: 'user', enter: loggedIn('tester') };
    const seen = await prove(place);
    expect(seen).toMatchObject({ ...FULL, relaunch: true, budgetFrom: 'the host' });
    record(place, seen, { title: 'ordinary user who has logged in, under systemd' });
  });

  test("a limit on the user's slice", async () => {
    const { stdout: uid } = execaSync('id', ['-u', 'tester']);
    const slice = `user-${uid}.slice`;
    execaSync('systemctl', ['set-property', '--runtime', slice, 'MemoryMax=800M']);
    const place: Place = { id: 'user-limit', enter: loggedIn('tester') };
    const seen = await prove(place);
    execaSync('systemctl', ['set-property', '--runtime', slice, 'MemoryMax=infinity']);
    expect(seen).toMatchObject({
      ...FULL,
      budgetFrom: `/sys/fs/cgroup/user.slice/${slice}`,
      capacityBytes: 800 * MiB,
    });
    record(
      place,
      { ...seen, budgetFrom: 'the limit' },
      { title: 'the same, MemoryMax= on the slice of the user' },
    );
  });

  test('an ordinary user whom nobody logged in', async () => {
    addUser('loner');
    const place: Place = { id: 'cron', enter: asCronWould('loner') };
    const seen = await prove(place);
    expect(seen).toMatchObject({ tier: 'procfs', relaunch: false, psi: 'host', brake: 'none' });
    expect(seen.announced).toMatch(/no systemd user manager runs for you/);
    follow((seen.advice['tier'] ?? '').replaceAll('$(id -un)', 'loner'));
    await userManagerRuns('loner');
    expect(await prove(place)).toMatchObject({ ...FULL, relaunch: true });
    record(place, seen, {
      title: 'ordinary user without a user manager (cron, ssh of a CI agent)',
      followed: 'cgroup',
    });
  });

  test('root in a service', async () => {
    const place: Place = { id: 'service', enter: asService('plain') };
    const seen = await prove(place);
    expect(seen).toMatchObject({ ...FULL, relaunch: true, budgetFrom: 'the host' });
    record(place, seen, { title: 'root in a service' });
  });

  test('root in a delegated service', async () => {
    const place: Place = {
      id: 'service-delegated',
      enter: asService('delegated', ['Delegate=yes']),
    };
    const seen = await prove(place);
    expect(seen).toMatchObject({ ...FULL, relaunch: false, budgetFrom: 'the host' });
    record(place, seen, { title: 'root in a service with Delegate=yes' });
  });

  test('root in a service with a limit', async () => {
    const place: Place = { id: 'service-limit', enter: asService('limited', ['MemoryMax=800M']) };
    const seen = await prove(place);
    expect(seen).toMatchObject({ ...FULL, relaunch: true, capacityBytes: 800 * MiB });
    record(
      place,
      { ...seen, budgetFrom: 'the limit' },
      { title: 'root in a service with MemoryMax=' },
    );
  });

  test('systemd-oomd beside it', async () => {
    execaSync('systemctl', ['unmask', '--runtime', ...OOMD]);
    execaSync('systemctl', ['start', 'systemd-oomd.service']);
    const place: Place = { id: 'oomd', enter: loggedIn('tester') };
    const seen = await prove(place);
    expect(seen).toMatchObject({ tier: 'cgroup', relaunch: true });
    expect(Object.keys(seen.missing)).toEqual(['oom daemons']);
    follow(seen.advice['oom daemons'] ?? '');
    const after = await doctorIn(place);
    expect(after.findings.find(({ check }) => check === 'oom daemons')?.state).toBe('ok');
    record(place, seen, { title: 'systemd-oomd beside it', followed: 'cgroup' });
  });
});
