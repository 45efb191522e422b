import { describe, expect, it } from 'vitest';
import type { OwnCgroup } from '../../../src/adapters/host/cgroup-survey.js';
import { scopeCommand, unitOf } from '../../../src/adapters/host/systemd.js';
import {
  assessCgroupTier,
  assessHybridTier,
  type TierFacts,
} from '../../../src/adapters/host/tier-assessment.js';
import {
  kernelAtLeast,
  lostLimitBytes,
  type HostSurvey,
} from '../../../src/adapters/host/survey.js';
import {
  announceTier,
  chooseTier,
  chooseWithoutRelaunch,
} from '../../../src/adapters/host/tier-choice.js';

const WRITABLE = { kind: 'writable', cgroupKill: true, pressure: true } as const;
const USER_MANAGER = { kind: 'reachable', manager: { kind: 'user', version: 252 } } as const;

function own(part: Partial<OwnCgroup>): OwnCgroup {
  return {
    path: '/x',
    directory: '/sys/fs/cgroup/x',
    mountPoint: '/sys/fs/cgroup',
    position: 'inner',
    controllers: ['memory', 'pids'],
    otherPids: [],
    rootDirectory: '/sys/fs/cgroup/x',
    probe: WRITABLE,
    ...part,
  };
}

function facts(part: Partial<TierFacts>): TierFacts {
  return {
    uid: 1000,
    mode: 'unified',
    own: own({}),
    systemd: { kind: 'not-booted' },
    relaunched: false,
    nested: false,
    scopeControllers: ['memory', 'pids'],
    delegated: false,
    container: 'none',
    lostLimitBytes: undefined,
    ...part,
  };
}

const REFUSED = { kind: 'refused', errno: 'EACCES' } as const;

describe('which tier can be had', () => {
  const here = { kind: 'here', rootDirectory: '/sys/fs/cgroup/x' };

  it.each<[string, Partial<TierFacts>, string, string]>([
    ['no systemd, a tree we can write', {}, 'here', 'here'],
    ['no systemd, a tree we cannot write', { own: own({ probe: REFUSED }) }, 'no', 'no'],
    [
      'an ordinary user in a login session',
      { systemd: USER_MANAGER, own: own({ probe: REFUSED, otherPids: [9] }) },
      'relaunch',
      'relaunch',
    ],
    ['alone in a unit that is not delegated', { systemd: USER_MANAGER }, 'relaunch', 'relaunch'],
    ['alone in a delegated unit', { systemd: USER_MANAGER, delegated: true }, 'here', 'here'],
    [
      'with others in a delegated unit',
      { systemd: USER_MANAGER, delegated: true, own: own({ otherPids: [9] }) },
      'relaunch',
      'relaunch',
    ],
    ['relaunched', { systemd: USER_MANAGER, relaunched: true }, 'here', 'here'],
    [
      'relaunched in vain',
      { systemd: USER_MANAGER, relaunched: true, own: own({ probe: REFUSED }) },
      'no',
      'no',
    ],
    [
      'a task of another run never leaves it',
      { systemd: USER_MANAGER, nested: true, own: own({ probe: REFUSED }) },
      'no',
      'no',
    ],
    [
      'a task of another run builds inside',
      { systemd: USER_MANAGER, nested: true, own: own({ position: 'task' }) },
      'here',
      'here',
    ],
    [
      'root of a container under a host with systemd',
      { own: own({ position: 'namespace-root', otherPids: [1, 7] }) },
      'here',
      'here',
    ],
    ['memory controller on v1', { mode: 'hybrid' }, 'no', 'here'],
    ['no memory controller down here', { own: own({ controllers: ['pids'] }) }, 'no', 'here'],
    [
      'user manager without memory',
      { systemd: USER_MANAGER, scopeControllers: ['pids'], own: own({ probe: REFUSED }) },
      'no',
      'relaunch',
    ],
    ['v1 alone', { mode: 'v1', own: undefined }, 'no', 'no'],
    ['nothing mounted', { mode: 'none', own: undefined }, 'no', 'no'],
    ['our cgroup is not mounted', { own: undefined }, 'no', 'no'],
    [
      'no user manager',
      { systemd: { kind: 'no-user-manager' }, own: own({ probe: REFUSED }) },
      'no',
      'no',
    ],
    [
      'no systemd-run',
      { systemd: { kind: 'no-systemd-run' }, own: own({ probe: REFUSED }) },
      'no',
      'no',
    ],
  ])('%s', (_, part, cgroup, hybrid) => {
    const states = [assessCgroupTier(facts(part)), assessHybridTier(facts(part))];
    expect(states.map((state) => state.kind)).toEqual([cgroup, hybrid]);
    for (const state of states) {
      if (state.kind === 'here') expect(state).toEqual(here);
      if (state.kind === 'no') {
        expect(state.why).not.toBe('');
        expect(state.mend).not.toBe('');
      }
    }
  });

  it.each<Partial<TierFacts>>([{ mode: 'hybrid' }, { mode: 'v1', own: undefined }])(
    'advises an option of systemd only where systemd reads it: %o',
    (part) => {
      const mendOf = (systemd: TierFacts['systemd']): unknown => {
        const state = assessCgroupTier(facts({ ...part, systemd }));
        return state.kind === 'no' ? state.mend : state;
      };
      expect(mendOf(USER_MANAGER)).toMatch(/systemd\.unified_cgroup_hierarchy=1 cgroup_no_v1=all/);
      expect(mendOf({ kind: 'not-booted' })).toMatch(/cgroup_no_v1=all/);
      expect(mendOf({ kind: 'not-booted' })).not.toMatch(/systemd/);
    },
  );

  it.each<[string, Partial<TierFacts>, RegExp]>([
    ['a read-only tree of a host', {}, /^sudo mount -o remount,bind,rw \/sys\/fs\/cgroup$/],
    [
      'a container of podman',
      { container: 'podman' },
      /^podman run .*--security-opt unmask=\/sys\/fs\/cgroup …$/,
    ],
    ['a container of docker', { container: 'docker' }, /^docker run --privileged /],
    [
      'a container that does not say whose it is',
      { own: own({ position: 'namespace-root', probe: { kind: 'refused', errno: 'EROFS' } }) },
      /--cgroupns=private …$/,
    ],
  ])('advises how to write where that is not possible: %s', (_, part, mend) => {
    const readOnly = own({ probe: { kind: 'refused', errno: 'EROFS' } });
    const state = assessCgroupTier(facts({ own: readOnly, ...part }));
    expect(state).toMatchObject({ kind: 'no', mend: expect.stringMatching(mend) as string });
  });

  it('takes the limit of the unit that it leaves along into a scope', () => {
    const state = assessCgroupTier(facts({ systemd: USER_MANAGER, lostLimitBytes: 4096 }));
    expect(state).toMatchObject({
      kind: 'relaunch',
      command: expect.arrayContaining(['--property=MemoryMax=4096']) as string[],
    });
  });

  it('says what to type, without sudo to root', () => {
    const missing = { own: own({ probe: REFUSED }), systemd: { kind: 'no-user-manager' } } as const;
    expect(assessCgroupTier(facts(missing))).toMatchObject({
      mend: expect.stringMatching(/^sudo loginctl enable-linger/) as string,
    });
    const controller = { uid: 0, own: own({ controllers: [] }) };
    expect(assessCgroupTier(facts(controller))).toMatchObject({
      mend: 'echo +memory | tee /sys/fs/cgroup/cgroup.subtree_control',
    });
  });
});

describe('which tier is taken', () => {
  const no = { kind: 'no', why: 'it is Monday', mend: 'wait' } as const;
  const here = { kind: 'here', rootDirectory: '/cg' } as const;
  const relaunch = { kind: 'relaunch', command: ['systemd-run', '--'] } as const;
  const survey = (cgroup: HostSurvey['tiers']['cgroup'], hybrid: HostSurvey['tiers']['hybrid']) =>
    ({ tiers: { cgroup, hybrid } }) as HostSurvey;
  const auto = { tier: 'auto', requireCgroup: false } as const;

  it.each([
    [here, here, { kind: 'here', tier: 'cgroup', rootDirectory: '/cg' }],
    [relaunch, here, { kind: 'relaunch', tier: 'cgroup', command: ['systemd-run', '--'] }],
    [
      no,
      here,
      {
        kind: 'here',
        tier: 'hybrid',
        rootDirectory: '/cg',
        downgrade: { why: no.why, mend: no.mend },
      },
    ],
    [
      no,
      relaunch,
      {
        kind: 'relaunch',
        tier: 'hybrid',
        command: ['systemd-run', '--'],
        downgrade: { why: no.why, mend: no.mend },
      },
    ],
    [no, no, { kind: 'here', tier: 'procfs', downgrade: { why: no.why, mend: no.mend } }],
  ])('auto takes the best: %#', (cgroup, hybrid, value) => {
    expect(chooseTier(survey(cgroup, hybrid), auto)).toEqual({ ok: true, value });
  });

  it('a tier asked for by name is that one or an error with the mend', () => {
    const failed = chooseTier(survey(no, here), { tier: 'cgroup', requireCgroup: false });
    expect(failed).toMatchObject({ ok: false, error: { name: 'HostError', mend: 'wait' } });
    const required = chooseTier(survey(no, here), { tier: 'auto', requireCgroup: true });
    expect(required).toMatchObject({ ok: false, error: { mend: 'wait' } });
    expect(chooseTier(survey(here, here), { tier: 'hybrid', requireCgroup: false })).toMatchObject({
      value: { kind: 'here', tier: 'hybrid' },
    });
    expect(chooseTier(survey(here, here), { tier: 'procfs', requireCgroup: false })).toEqual({
      ok: true,
      value: { kind: 'here', tier: 'procfs' },
    });
  });

  it('refuses to require what another option rules out', () => {
    const both = chooseTier(survey(here, here), { tier: 'procfs', requireCgroup: true });
    expect(both).toMatchObject({ ok: false });
  });

  it('takes the next best when the relaunch failed, and says why', () => {
    const next = chooseWithoutRelaunch(survey(relaunch, relaunch), auto, 'no bus');
    expect(next).toMatchObject({ ok: true, value: { kind: 'here', tier: 'procfs' } });
    expect(next.ok && announceTier(next.value)).toContain('systemd-run failed: no bus');
  });
});

describe('systemd', () => {
  it('asks for what the version knows', () => {
    const old = scopeCommand({ kind: 'user', version: 252 });
    expect(old).toContain('--user');
    expect(old).not.toContain('--property=OOMPolicy=continue');
    const recent = scopeCommand({ kind: 'system', version: 253 });
    expect(recent).toContain('--property=OOMPolicy=continue');
    expect(recent).not.toContain('--user');
    expect(recent.at(-1)).toBe('--');
  });

  it.each([
    ['system', ['/system.slice/ci.service'], 100],
    ['system', ['/system.slice/ci.service', '/system.slice'], 100],
    ['system', ['/system.slice'], undefined],
    ['system', ['/machine.slice/box.scope/inner', '/machine.slice'], 100],
    ['user', ['/user.slice/user-7.slice/session-3.scope'], 100],
    ['user', ['/user.slice/user-7.slice', '/user.slice'], undefined],
    ['user', ['/system.slice/cron.service'], 100],
    ['user', [''], undefined],
  ] as const)('what limits a scope of the %s manager no more: %j', (kind, paths, lost) => {
    const levels = paths.map((path, at) => ({
      directory: `/sys/fs/cgroup${path}`,
      limitBytes: 100 + at,
      usedBytes: 0,
    }));
    const systemd = { kind: 'reachable', manager: { kind, version: 252 } } as const;
    expect(lostLimitBytes(levels, systemd, 7)).toBe(lost);
  });

  it.each([
    [
      '/user.slice/user-1.slice/user@1.service/app.slice/run-7.scope',
      { name: 'run-7.scope', user: true },
    ],
    ['/user.slice/user-1.slice/session-3.scope', { name: 'session-3.scope', user: false }],
    ['/user.slice/user-1.slice/user@1.service/init.scope', { name: 'init.scope', user: true }],
    ['/system.slice/cron.service', { name: 'cron.service', user: false }],
    ['/', undefined],
  ])('the unit of %s', (path, unit) => {
    expect(unitOf(path)).toEqual(unit);
  });
});

describe('kernelAtLeast', () => {
  it.each([
    ['6.1.0-18-amd64', 5, 19, true],
    ['5.19.0', 5, 19, true],
    ['5.4.0-rc1', 5, 9, false],
    ['6.18.44-fc', 6, 19, false],
  ])('%s is at least %i.%i: %s', (release, major, minor, expected) => {
    expect(kernelAtLeast(release, major, minor)).toBe(expected);
  });
});
