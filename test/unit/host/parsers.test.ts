import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { parseCgroupEvents } from '../../../src/adapters/host/cgroup-events.js';
import { parseCpuMax } from '../../../src/adapters/host/cpu-max.js';
import { keyedNumber, singleNumber } from '../../../src/adapters/host/flat-keyed.js';
import { parseMeminfo } from '../../../src/adapters/host/meminfo.js';
import { parseMemoryEvents } from '../../../src/adapters/host/memory-events.js';
import { parseMemoryStat, workingSetBytes } from '../../../src/adapters/host/memory-stat.js';
import { limitV1, parseMemoryStatV1 } from '../../../src/adapters/host/memory-v1.js';
import { cgroupDirectory, parseCgroupMounts } from '../../../src/adapters/host/mountinfo.js';
import { parsePageBytes } from '../../../src/adapters/host/page-size.js';
import { parseAverages, parsePressure } from '../../../src/adapters/host/pressure.js';
import { parseProcCgroup } from '../../../src/adapters/host/proc-cgroup.js';
import { parseProcStat } from '../../../src/adapters/host/proc-stat.js';
import { parseUser } from '../../../src/adapters/host/proc-status.js';
import { parseSmapsRollup, parseStatm } from '../../../src/adapters/host/process-maps.js';
import { parseLimits } from '../../../src/adapters/host/rlimits.js';
import { parseVmstat } from '../../../src/adapters/host/vmstat.js';
import { GiB, MiB } from '../../../src/util/bytes.js';

function recorded(path: string): string {
  return readFileSync(
    fileURLToPath(new URL(`../../../fixtures/cgroupfs/${path}`, import.meta.url)),
    'utf8',
  );
}

describe('flat-keyed files', () => {
  it('finds whole keys only, in any order', () => {
    const text = 'pgscan 3\nanon_thp 9\nanon 5\n';
    expect(keyedNumber(text, 'anon')).toBe(5);
    expect(keyedNumber(text, 'pgscan')).toBe(3);
    expect(keyedNumber(text, 'thp')).toBeUndefined();
    expect(keyedNumber('', 'anon')).toBeUndefined();
    expect(keyedNumber('oom 1\noom_kill 2', 'oom_kill')).toBe(2);
  });

  it.each(['-1', '', 'max', '0x10', '1e9', 'NaN', '1.5', '9'.repeat(400)])(
    'takes %j for no number',
    (word) => {
      expect(keyedNumber(`anon ${word}\n`, 'anon')).toBeUndefined();
    },
  );

  it('tells a number from max', () => {
    expect(singleNumber('max\n')).toBe('max');
    expect(singleNumber('4096\n')).toBe(4096);
    expect(singleNumber('')).toBeUndefined();
    expect(singleNumber('-1')).toBeUndefined();
  });
});

describe('a recorded cgroup of kernel 6.1', () => {
  const stat = parseMemoryStat(recorded('kernel-6.1/task/memory.stat'));

  it('memory.stat', () => {
    expect(stat).toEqual({
      anonBytes: 69976064,
      shmemBytes: 50331648,
      cacheBytes: 4976640,
      slabReclaimableBytes: 275736,
      scannedPages: 0,
    });
  });

  it('the working set counts tmpfs and leaves page cache out', () => {
    const current = singleNumber(recorded('kernel-6.1/task/memory.current'));
    expect(current).toBe(126316544);
    expect(workingSetBytes(126316544, stat)).toBe(126316544 - 4976640 - 275736);
  });

  it('cgroup.events, memory.events.local, memory.pressure', () => {
    expect(parseCgroupEvents(recorded('kernel-6.1/task/cgroup.events'))).toEqual({
      populated: true,
      frozen: false,
    });
    expect(parseMemoryEvents(recorded('kernel-6.1/task/memory.events.local'))).toEqual({
      high: 0,
      max: 0,
      oom: 0,
      oomKill: 0,
    });
    expect(parsePressure(recorded('kernel-6.1/task/memory.pressure'))).toEqual({
      someUs: 0,
      fullUs: 0,
    });
  });
});

describe('workingSetBytes', () => {
  const stat = {
    anonBytes: 0,
    shmemBytes: 0,
    cacheBytes: 0,
    slabReclaimableBytes: 0,
    scannedPages: 0,
  };

  it.each([
    [
      'follows current while memory.stat lags behind an allocation',
      500,
      { anonBytes: 100, cacheBytes: 50 },
      450,
    ],
    [
      'believes anon when the page cache is stale and too large',
      500,
      { anonBytes: 400, cacheBytes: 300 },
      400,
    ],
    ['is never more than current', 300, { anonBytes: 400 }, 300],
    ['is never negative', 0, { cacheBytes: 300 }, 0],
  ])('%s', (_, current, part, expected) => {
    expect(workingSetBytes(current, { ...stat, ...part })).toBe(expected);
  });
});

describe('memory.events', () => {
  it('counts', () => {
    const text = 'low 0\nhigh 12\nmax 3\noom 2\noom_kill 1\noom_group_kill 1\n';
    expect(parseMemoryEvents(text)).toEqual({ high: 12, max: 3, oom: 2, oomKill: 1 });
  });
});

describe('pressure', () => {
  it('takes the totals', () => {
    const text =
      'some avg10=1.20 avg60=0.30 avg300=0.01 total=123456\n' +
      'full avg10=0.00 avg60=0.00 avg300=0.00 total=789\n';
    expect(parsePressure(text)).toEqual({ someUs: 123456, fullUs: 789 });
  });

  it('is absent when there is nothing to parse', () => {
    expect(parsePressure('')).toBeUndefined();
  });
});

describe('/proc', () => {
  it('meminfo', () => {
    const meminfo = parseMeminfo(recorded('kernel-6.1/proc/meminfo'));
    expect(meminfo.totalBytes).toBeGreaterThan(900 * MiB);
    expect(meminfo.totalBytes).toBeLessThan(1 * GiB);
    expect(meminfo.availableBytes).toBeLessThan(meminfo.totalBytes);
    expect(meminfo.availableBytes).toBeGreaterThan(500 * MiB);
    expect(meminfo).toMatchObject({ swapTotalBytes: 0, swapFreeBytes: 0 });
  });

  it('vmstat', () => {
    expect(parseVmstat(recorded('kernel-6.1/proc/vmstat'))).toEqual({
      scannedPages: 0,
      oomKills: 0,
    });
    expect(parseVmstat('pgscan_kswapd 5\n').oomKills).toBeUndefined();
    expect(parseVmstat('pgscan_kswapd 5\npgscan_direct 7\npgscan_anon 12\noom_kill 2\n')).toEqual({
      scannedPages: 12,
      oomKills: 2,
    });
  });

  it('stat, whatever the name', () => {
    expect(parseProcStat(recorded('kernel-6.1/proc/stat'))).toEqual({
      pid: 124,
      state: 'S',
      parentPid: 119,
      processGroup: 0,
      session: 0,
      cpuTicks: 423,
      startTicks: 727,
    });
    const odd = recorded('kernel-6.1/proc/stat').replace('(perl)', '(a) R 9 (b)');
    expect(parseProcStat(odd)).toMatchObject({ state: 'S', parentPid: 119, startTicks: 727 });
    expect(parseProcStat('')).toBeUndefined();
  });

  it('statm and smaps_rollup of a process with 60 MiB', () => {
    const statm = parseStatm(recorded('kernel-6.1/proc/statm'), 4096);
    expect(statm).toEqual({ anonBytes: (17092 - 1161) * 4096, sharedBytes: 1161 * 4096 });
    expect(parseSmapsRollup(recorded('kernel-6.1/proc/smaps_rollup'))).toEqual({
      anonBytes: 63840 * 1024,
      shmemBytes: 0,
    });
    expect(parseSmapsRollup('x [rollup]\nRss: 9 kB\nPss:   7 kB\n')?.anonBytes).toBe(7 * 1024);
    expect(parseSmapsRollup('')).toBeUndefined();
    expect(parseStatm('', 4096)).toBeUndefined();
  });

  it('limits', () => {
    expect(parseLimits(recorded('kernel-6.1/proc/limits'))).toEqual({
      openFiles: 1024,
      processes: 3796,
    });
    expect(parseLimits('Max open files            unlimited            unlimited  files')).toEqual({
      openFiles: 'unlimited',
      processes: 'unlimited',
    });
  });

  it('auxv', () => {
    const auxv = Buffer.alloc(48);
    auxv.writeBigUInt64LE(33n, 0);
    auxv.writeBigUInt64LE(6n, 16);
    auxv.writeBigUInt64LE(65536n, 24);
    expect(parsePageBytes(auxv)).toBe(65536);
    expect(parsePageBytes(Buffer.alloc(0))).toBeUndefined();
  });
});

describe('where we are', () => {
  it('pure v2', () => {
    expect(parseProcCgroup(recorded('kernel-6.1/proc/cgroup'))).toEqual({
      v2Path: '/',
      v1Paths: new Map(),
    });
    expect(parseCgroupMounts(recorded('kernel-6.1/proc/mountinfo'))).toEqual([
      {
        version: 2,
        root: '/',
        mountPoint: '/sys/fs/cgroup',
        options: ['rw', 'nsdelegate'],
        readOnly: false,
      },
    ]);
  });

  it('v2 beside v1', () => {
    const where = parseProcCgroup(recorded('hybrid-6.18/proc/cgroup'));
    expect(where.v2Path).toBe('/');
    expect(where.v1Paths.get('memory')).toBe('/box/3f');
    const mounts = parseCgroupMounts(recorded('hybrid-6.18/proc/mountinfo'));
    expect(mounts.filter((mount) => mount.version === 2).map((mount) => mount.mountPoint)).toEqual([
      '/sys/fs/cgroup/unified',
    ]);
    expect(mounts.find((mount) => mount.options.includes('memory'))?.mountPoint).toBe(
      '/sys/fs/cgroup/memory',
    );
  });

  it('two controllers in one v1 hierarchy, a path with a colon, a group that was removed', () => {
    const where = parseProcCgroup('4:cpu,cpuacct:/a:b\n0::/gone (deleted)\n');
    expect(where.v1Paths.get('cpuacct')).toBe('/a:b');
    expect(where.v2Path).toBe('/gone');
  });

  it('read-only mounts and escaped blanks', () => {
    const line = String.raw`40 30 0:26 /c\0401 /mnt/a\040b ro,nosuid - cgroup2 cgroup rw,nsdelegate`;
    expect(parseCgroupMounts(line)).toMatchObject([
      { root: '/c 1', mountPoint: '/mnt/a b', readOnly: true },
    ]);
  });

  const mount = { version: 2, mountPoint: '/cg', options: [], readOnly: false } as const;
  it.each([
    ['/', '/', '/cg'],
    ['/', '/a/b', '/cg/a/b'],
    ['/docker/1', '/docker/1', '/cg'],
    ['/docker/1', '/docker/1/x', '/cg/x'],
    ['/docker/1', '/docker/10', undefined],
    ['/', '/../other', undefined],
  ])('mounted from %s, the path %s is %s', (root, path, directory) => {
    expect(cgroupDirectory({ ...mount, root }, path)).toBe(directory);
  });
});

describe('cgroup v1 and cpu.max', () => {
  it('the limit of an ancestor counts, and page cache does not', () => {
    expect(parseMemoryStatV1(recorded('v1-memory/memory.stat'))).toEqual({
      hierarchicalLimitBytes: 2 * GiB,
      cacheBytes: 384 * MiB,
    });
  });

  it('the largest number is no limit', () => {
    expect(limitV1(9223372036854771712)).toBe('max');
    expect(limitV1(undefined)).toBe('max');
    expect(limitV1(GiB)).toBe(GiB);
  });

  it.each([
    ['max 100000', undefined],
    ['150000 100000', 1.5],
    ['', undefined],
  ])('cpu.max %s is %s', (text, cpus) => {
    expect(parseCpuMax(text)).toBe(cpus);
  });
});

describe('who runs a process', () => {
  it('is the real user, whatever the process is called', () => {
    expect(parseUser('Name:\tcat\nState:\tS\nUid:\t1000\t0\t0\t0\nGid:\t1\t1\t1\t1\n')).toBe(1000);
    expect(parseUser(String.raw`Name:	x\nUid:	0	0`)).toBeUndefined();
    expect(parseUser('')).toBeUndefined();
  });
});

describe('files that no kernel writes', () => {
  it('give nothing that cannot be reckoned with', () => {
    expect(parseMeminfo('MemTotal: -5 kB\nMemAvailable: x kB\n')).toMatchObject({
      totalBytes: 0,
      availableBytes: 0,
    });
    expect(parseLimits('Max open files  -1  4096  files\n').openFiles).toBe('unlimited');
    expect(parseAverages('some avg10=1.2.3 avg60=0')).toEqual({ somePct: 1.2, fullPct: 0 });
    expect(parsePressure(`some avg10=0 total=${'9'.repeat(400)}`)).toEqual({
      someUs: 1e20,
      fullUs: 0,
    });
    expect(parseSmapsRollup('x\nPss_Anon: -4 kB\n')).toBeUndefined();
  });
});
