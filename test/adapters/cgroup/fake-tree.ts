import {
  existsSync,
  mkdirSync,
  readdirSync,
  rmdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { CgroupTree } from '../../../src/adapters/cgroup/cgroup-fs.js';

/** What the kernel puts into a new cgroup. */
const FILES: Readonly<Record<string, string>> = {
  'cgroup.procs': '',
  'cgroup.type': 'domain\n',
  'cgroup.events': 'populated 0\nfrozen 0\n',
  'cgroup.controllers': 'memory pids\n',
  'cgroup.subtree_control': '',
  'cgroup.freeze': '0\n',
  'cgroup.kill': '',
  'cgroup.stat': 'nr_descendants 0\n',
  'cpu.stat': 'usage_usec 2500000\n',
  'memory.current': '0\n',
  'memory.peak': '0\n',
  'memory.stat': 'anon 0\n',
  'memory.events': 'high 0\n',
  'memory.events.local': 'high 0\nmax 0\noom 0\noom_kill 0\n',
  'memory.high': 'max\n',
  'memory.max': 'max\n',
  'memory.low': '0\n',
  'memory.swap.max': 'max\n',
  'memory.oom.group': '0\n',
  'memory.pressure':
    'some avg10=0.00 avg60=0.00 avg300=0.00 total=1\nfull avg10=0.00 avg60=0.00 avg300=0.00 total=0\n',
};

/** A directory tree that looks like cgroupfs, with a say in when things go wrong. */
export class FakeTree implements CgroupTree {
  /** Directories that answer EBUSY so many times when they are removed. */
  readonly busy = new Map<string, number>();
  /** What the next `make` throws. */
  failWith: string | undefined;

  constructor(readonly root: string) {
    this.#fill(root);
  }

  make(directory: string): void {
    if (this.failWith !== undefined) throw Object.assign(new Error(), { code: this.failWith });
    mkdirSync(directory);
    this.#fill(directory);
  }

  remove(directory: string): 'removed' | 'busy' {
    if (!existsSync(directory)) return 'removed';
    const left = this.busy.get(directory) ?? 0;
    if (left > 0) {
      this.busy.set(directory, left - 1);
      return 'busy';
    }
    if (readdirSync(directory).some((name) => statSync(join(directory, name)).isDirectory())) {
      return 'busy';
    }
    for (const name of readdirSync(directory)) rmSync(join(directory, name));
    rmdirSync(directory);
    return 'removed';
  }

  /** Lets the kernel say something. */
  set(path: string, text: string): void {
    writeFileSync(join(this.root, path), text);
  }

  #fill(directory: string): void {
    for (const [name, text] of Object.entries(FILES)) writeFileSync(join(directory, name), text);
  }
}
