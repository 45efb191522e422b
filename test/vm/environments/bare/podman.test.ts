import { expect, test } from 'vitest';
import { MiB } from '../../../../src/util/bytes.js';
import { describeEnvironment } from '../../support/guard.js';
import { expectNothingLeft } from '../../support/host-health.js';
import type { Place } from '../support/place.js';
import { container, optionsOf } from '../support/podman.js';
import { prove } from '../support/prove.js';
import { record } from '../support/record.js';

/** There is no systemd in this guest whom podman could ask for cgroups. */
const ENGINE = ['--cgroup-manager=cgroupfs'];

describeEnvironment('in a container of podman, as root', () => {
  expectNothingLeft();

  test('with its cgroups read-only, and then as the doctor advises', async () => {
    const owner = 'root';
    const plain = container({ name: 'plain', owner, engine: ENGINE, run: [] });
    const place: Place = { id: 'podman-root-read-only', enter: plain };
    const seen = await prove(place);
    expect(seen).toMatchObject({ tier: 'procfs', brake: 'none', psi: 'host' });
    expect(seen.announced).toMatch(/no cgroup can be made in \/sys\/fs\/cgroup \(EROFS\)/);

    const run = optionsOf(seen.advice['tier'] ?? '');
    const writable = container({ name: 'writable', owner, engine: ENGINE, run });
    const better: Place = { id: 'podman-root', enter: writable };
    const mended = await prove(better);
    expect(mended).toMatchObject({
      tier: 'cgroup',
      brake: 'memory.high',
      psi: 'tasks',
      missing: {},
    });
    expect(mended.budgetFrom).toBe('the host');
    record(place, seen, {
      title: 'podman as root, cgroups read-only (its default)',
      followed: 'cgroup',
    });
    record(better, mended, { title: 'podman as root, writable cgroup namespace' });
  });

  test('with a limit', async () => {
    const run = ['--memory=800m', '--security-opt=unmask=/sys/fs/cgroup'];
    const limited = container({ name: 'limited', owner: 'root', engine: ENGINE, run });
    const place: Place = { id: 'podman-root-limit', enter: limited };
    const seen = await prove(place);
    expect(seen).toMatchObject({
      tier: 'cgroup',
      brake: 'memory.high',
      budgetFrom: '/sys/fs/cgroup',
      capacityBytes: 800 * MiB,
    });
    record(place, { ...seen, budgetFrom: 'the limit' }, { title: 'the same with --memory' });
  });
});
