import { describe, expect, it } from 'vitest';
import { diagnose, type DiagnosisFacts } from '../../../src/adapters/host/diagnosis.js';
import type { HostSurvey } from '../../../src/adapters/host/survey.js';
import { GiB, MiB } from '../../../src/util/bytes.js';

const SURVEY: HostSurvey = {
  procPath: '/proc',
  uid: 1000,
  kernelRelease: '6.1.0',
  cgroups: {
    mode: 'unified',
    limits: [],
    cpuDirectories: [],
    pidsDirectories: [],
    own: {
      path: '/ours',
      directory: '/cg/ours',
      mountPoint: '/cg',
      position: 'inner',
      controllers: ['memory', 'pids'],
      otherPids: [],
      rootDirectory: '/cg/ours',
      probe: { kind: 'writable', cgroupKill: true, pressure: true },
    },
  },
  systemd: { kind: 'reachable', manager: { kind: 'user', version: 252 } },
  features: {
    cgroupKill: true,
    memoryPeak: true,
    safeBrake: true,
    psi: 'present',
  },
  meminfo: { totalBytes: 8 * GiB, availableBytes: 7 * GiB, swapTotalBytes: 0, swapFreeBytes: 0 },
  levels: [],
  cpus: 4,
  pids: { hostMax: 32_768, above: [] },
  tiers: {
    cgroup: { kind: 'here', rootDirectory: '/cg' },
    hybrid: { kind: 'here', rootDirectory: '/cg' },
  },
};

const FINE: DiagnosisFacts = {
  survey: SURVEY,
  choice: { kind: 'here', tier: 'cgroup', rootDirectory: '/cg' },
  budget: { budgetBytes: 7 * GiB, capacityBytes: 8 * GiB, ceilingBytes: 7 * GiB, outsideBytes: 0 },
  rlimits: { openFiles: 1 << 20, processes: 'unlimited' },
  launchWay: { kind: 'helper', perl: '/usr/bin/perl' },
  oomDaemons: [],
  fillRate: { bytesPerS: 1 * GiB, sampleBytes: 256 * MiB },
  intervalMs: 100,
  stateFolder: { kind: 'usable', path: '/home/a/.local/state/memsched' },
};

const procfs = {
  kind: 'here',
  tier: 'procfs',
  downgrade: { why: 'nothing is writable', mend: 'sudo mend-it' },
} as const;

function find(facts: Partial<DiagnosisFacts>, check: string) {
  return diagnose({ ...FINE, ...facts }).find((finding) => finding.check === check);
}

describe('diagnose', () => {
  it('has nothing to mend on a good host', () => {
    const findings = diagnose(FINE);
    expect(findings.filter((finding) => finding.state !== 'ok')).toEqual([]);
    expect(findings.some((finding) => finding.mend !== undefined)).toBe(false);
  });

  it.each<[string, Partial<DiagnosisFacts>, string, RegExp]>([
    ['tier', { choice: procfs }, 'warn', /^sudo mend-it$/],
    [
      'tier',
      {
        choice: {
          kind: 'relaunch',
          tier: 'hybrid',
          command: ['systemd-run'],
          downgrade: procfs.downgrade,
        },
      },
      'warn',
      /^sudo mend-it$/,
    ],
    [
      'pressure',
      { survey: { ...SURVEY, features: { ...SURVEY.features, psi: 'absent' } } },
      'warn',
      /psi=1/,
    ],
    [
      'systemd',
      { survey: { ...SURVEY, systemd: { kind: 'no-user-manager' } } },
      'warn',
      /enable-linger/,
    ],
    ['systemd', { survey: { ...SURVEY, systemd: { kind: 'no-systemd-run' } } }, 'warn', /apt-get/],
    ['budget', { budget: { ...FINE.budget, budgetBytes: 1 } }, 'warn', /ps aux/],
    ['oom daemons', { oomDaemons: ['earlyoom'] }, 'warn', /stop earlyoom$/],
    // Its socket and logins would start it again.
    [
      'oom daemons',
      { oomDaemons: ['systemd-oomd'] },
      'warn',
      /mask --runtime --now systemd-oomd\.socket systemd-oomd$/,
    ],
    [
      'state folder',
      { stateFolder: { kind: 'unusable', why: 'read-only', mend: 'export XDG_STATE_HOME=/x' } },
      'missing',
      /^export XDG_STATE_HOME=/,
    ],
    ['starts', { launchWay: { kind: 'no-perl' } }, 'warn', /apt-get install perl/],
    [
      'starts',
      { launchWay: { kind: 'broken-perl', perl: '/opt/perl', why: 'ended with exit code 2' } },
      'warn',
      /apt-get install perl/,
    ],
    ['open files', { rlimits: { openFiles: 256, processes: 99999 } }, 'warn', /ulimit -n/],
    ['processes', { rlimits: { openFiles: 99999, processes: 64 } }, 'warn', /ulimit -u/],
    [
      'fill rate',
      { choice: procfs, fillRate: { bytesPerS: 90 * GiB, sampleBytes: 1 } },
      'warn',
      /--interval 10ms/,
    ],
  ])('%s is mended by a command', (check, facts, state, mend) => {
    const finding = find(facts, check);
    expect(finding?.state).toBe(state);
    expect(finding?.mend).toMatch(mend);
  });

  it('the brake covers what sampling misses', () => {
    const fast = { bytesPerS: 90 * GiB, sampleBytes: 1 };
    expect(find({ fillRate: fast }, 'fill rate')).toMatchObject({
      state: 'ok',
      detail: expect.stringContaining('memory.high') as string,
    });
  });

  it('kernels without features are told of', () => {
    const features = { ...SURVEY.features, cgroupKill: false, memoryPeak: false };
    const survey = { ...SURVEY, features };
    expect(find({ survey }, 'cgroup.kill')?.state).toBe('warn');
    expect(find({ survey }, 'memory.peak')?.state).toBe('warn');
  });

  it('pressure of the tasks is enough, where they have cgroups', () => {
    const features = { ...SURVEY.features, psi: 'tasks-only' } as const;
    const survey = { ...SURVEY, features };
    expect(find({ survey }, 'pressure')?.state).toBe('ok');
    expect(find({ survey, choice: procfs }, 'pressure')?.state).toBe('warn');
  });

  it('root is not told to use sudo', () => {
    const survey = { ...SURVEY, uid: 0 };
    expect(find({ survey, choice: procfs }, 'tier')?.mend).toBe('mend-it');
  });

  it('limits are listed with who sets them', () => {
    const levels = [{ directory: '/cg/box', limitBytes: 2 * GiB, usedBytes: 512 * MiB }];
    expect(find({ survey: { ...SURVEY, levels } }, 'limits')?.detail).toBe(
      '2.0G by /cg/box (512M used)',
    );
  });
});
