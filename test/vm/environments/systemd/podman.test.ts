import { expect, test } from 'vitest';
import { describeEnvironment } from '../../support/guard.js';
import { expectNothingLeft } from '../../support/host-health.js';
import { addUser, loggedIn, type Enter } from '../support/entries.js';
import type { Place } from '../support/place.js';
import { container, optionsOf } from '../support/podman.js';
import { prove } from '../support/prove.js';
import { record } from '../support/record.js';
import { startUserManager } from '../support/user-manager.js';

const ENGINE = ['--cgroup-manager=systemd'];

describeEnvironment('in a container of podman, without root', () => {
  expectNothingLeft();

  test('with its cgroups read-only, and then as the doctor advises', async () => {
    const owner = 'boxer';
    addUser(owner);
    await startUserManager(owner);
    const boxed = (name: string, run: readonly string[]): Enter => {
      const command = container({ name, owner, engine: ENGINE, run });
      return (argv) => loggedIn(owner)(command(argv));
    };
    const place: Place = { id: 'podman-rootless-read-only', enter: boxed('plain', []) };
    const seen = await prove(place);
    expect(seen).toMatchObject({ tier: 'procfs', brake: 'none', psi: 'host' });

    const run = optionsOf(seen.advice['tier'] ?? '');
    const better: Place = { id: 'podman-rootless', enter: boxed('writable', run) };
    const mended = await prove(better);
    expect(mended).toMatchObject({
      tier: 'cgroup',
      brake: 'memory.high',
      psi: 'tasks',
      missing: {},
    });
    record(place, seen, {
      title: 'podman without root, cgroups read-only (its default)',
      followed: 'cgroup',
    });
    record(better, mended, { title: 'podman without root, writable cgroup namespace' });
  });
});
