import { spawn, type ChildProcess } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { until } from './until.js';

/** Where cgroup v2 is mounted when it is the only hierarchy. */
export const CGROUP_MOUNT = '/sys/fs/cgroup';

const ENTER = 'echo 0 > "$0/cgroup.procs" && exec "$@"';

/** A cgroup of a test: kernel files by name, and processes that are born inside. */
export class Cgroup {
  constructor(readonly path: string) {}

  /** Makes a child; controllers for it must have been enabled with {@link Cgroup.enable}. */
  child(name: string): Cgroup {
    const path = join(this.path, name);
    mkdirSync(path);
    return new Cgroup(path);
  }

  /** Gives children the controllers, memory unless said otherwise. */
  enable(...controllers: readonly string[]): this {
    for (const name of controllers.length === 0 ? ['memory'] : controllers) {
      this.write('cgroup.subtree_control', `+${name}`);
    }
    return this;
  }

  read(file: string): string {
    return readFileSync(join(this.path, file), 'utf8').trim();
  }

  write(file: string, text: string | number): void {
    writeFileSync(join(this.path, file), String(text));
  }

  /** A file that holds one number. */
  number(file: string): number {
    return Number(this.read(file));
  }

  /** A value of a flat keyed file, such as `oom_kill` of `memory.events`. */
  value(file: string, key: string): number {
    const line = this.read(file)
      .split('\n')
      .find((candidate) => candidate.startsWith(`${key} `));
    if (line === undefined) throw new Error(`${join(this.path, file)} has no line "${key}"`);
    return Number(line.slice(key.length + 1));
  }

  /** Microseconds of stall so far: `total=` of a line of `memory.pressure`. */
  stallUs(line: 'some' | 'full'): number {
    const match = new RegExp(`^${line} .*total=(\\d+)`, 'm').exec(this.read('memory.pressure'));
    return Number(match?.[1]);
  }

  pids(): number[] {
    return this.read('cgroup.procs').split('\n').filter(Boolean).map(Number);
  }

  /** `populated` of `cgroup.events`: a live process anywhere below. */
  populated(): boolean {
    return this.value('cgroup.events', 'populated') === 1;
  }

  /** Starts a process that enters this cgroup before it executes its command. */
  spawn(argv: readonly string[], stdio: 'ignore' | 'pipe' = 'ignore'): ChildProcess {
    return spawn('/bin/sh', ['-c', ENTER, this.path, ...argv], { stdio });
  }

  /** Ends all processes below and removes everything, children first. */
  async destroy(): Promise<void> {
    if (!existsSync(this.path)) return;
    this.write('cgroup.kill', 1);
    await until(`nothing lives in ${this.path}`, () => !this.populated());
    await until(`${this.path} is removed`, () => removed(this.path));
  }
}

/** A cgroup for the running test with the memory controller for its children; gone when the test is over. */
export function freshCgroup(): Cgroup {
  freshNumber += 1;
  const cgroup = delegatedRoot().child(`vmtest-${process.pid}-${freshNumber}`).enable();
  onTestFinished(() => cgroup.destroy());
  return cgroup;
}

let freshNumber = 0;

/**
 * The cgroup below which tests may make their own, with the memory controller for its children: the real root, or
 * the one we were born in. In the second case we move ourselves into a child, because a cgroup with processes of its
 * own cannot give controllers away (cgroup-v2.rst, "No Internal Process Constraint").
 */
export function delegatedRoot(): Cgroup {
  const own = ownCgroupPath();
  const root = new Cgroup(basename(own) === 'vmtest-runner' ? dirname(own) : own);
  if (root.path !== CGROUP_MOUNT && root.path === own) {
    const home = root.child('vmtest-runner');
    for (const pid of root.pids()) home.write('cgroup.procs', pid);
  }
  return root.enable();
}

/** Why tests of cgroup v2 cannot run here; undefined when they can. */
export function whyNoCgroup(): string | undefined {
  if (!existsSync(join(CGROUP_MOUNT, 'cgroup.controllers'))) {
    return 'cgroup v2 is not mounted at /sys/fs/cgroup';
  }
  try {
    delegatedRoot();
    return undefined;
  } catch (error) {
    return `cgroup ${ownCgroupPath()} is not ours to divide (${String(error)})`;
  }
}

function ownCgroupPath(): string {
  const line = readFileSync('/proc/self/cgroup', 'utf8')
    .split('\n')
    .find((candidate) => candidate.startsWith('0::'));
  return join(CGROUP_MOUNT, line?.slice('0::/'.length) ?? '');
}

function removed(path: string): boolean {
  try {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (entry.isDirectory() && !removed(join(path, entry.name))) return false;
    }
    rmdirSync(path);
    return true;
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return true;
    if (code === 'EBUSY') return false;
    throw error;
  }
}
