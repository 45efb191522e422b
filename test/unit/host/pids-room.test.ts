import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { autoMaxPids, readPidsRoom } from '../../../src/adapters/host/pids-room.js';
import { tempDir } from '../../support/temp-dir.js';

/** A `/proc` and a cgroup with what matters here. */
function host(
  pidsMax: string,
  pidsCurrent: number,
  ulimit: string,
): { proc: string; cgroup: string } {
  const root = tempDir();
  const files = {
    'proc/sys/kernel/pid_max': '40000\n',
    'proc/sys/kernel/threads-max': '20000\n',
    'proc/self/limits': `Limit  Soft Limit  Hard Limit  Units\nMax processes  ${ulimit}  ${ulimit}  processes\n`,
    'cgroup/pids.max': `${pidsMax}\n`,
    'cgroup/pids.current': `${pidsCurrent}\n`,
  };
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(root, name, '..'), { recursive: true });
    writeFileSync(join(root, name), text);
  }
  return { proc: join(root, 'proc'), cgroup: join(root, 'cgroup') };
}

function auto(at: ReturnType<typeof host>, uid: number): number {
  return autoMaxPids(readPidsRoom(at.proc, [at.cgroup], uid));
}

describe('max_pids: auto', () => {
  it('a quarter of what the kernel can have', () => {
    expect(auto(host('max', 10, 'unlimited'), 1000)).toBe(5000);
  });

  it('three quarters of what a cgroup above leaves, where that is less', () => {
    expect(auto(host('1000', 200, 'unlimited'), 1000)).toBe(600);
  });

  it('the same of ulimit -u, but not for root', () => {
    expect(auto(host('max', 0, '400'), 1000)).toBe(300);
    expect(auto(host('max', 0, '400'), 0)).toBe(5000);
  });

  it('never so few that a script could not run', () => {
    expect(auto(host('20', 19, 'unlimited'), 0)).toBe(64);
  });

  it('without any of these files, what is left to choose', () => {
    expect(autoMaxPids(readPidsRoom(join(tempDir(), 'none'), [], 0))).toBeGreaterThan(1e6);
  });
});
