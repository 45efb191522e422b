import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { availableParallelism, release, totalmem } from 'node:os';
import { memschedVersion } from './programs.js';
import type { Machine } from './result.js';

/** How a program tells its version, and where it stands in what it prints. */
const ASKED: Readonly<Record<string, readonly [argv: readonly string[], version: RegExp]>> = {
  parallel: [['--version'], /GNU parallel (\d+)/],
  xargs: [['--version'], /findutils\) (\S+)/],
  make: [['--version'], /GNU Make (\S+)/],
  gcc: [['--version'], /^gcc .*? (\d+\.\S+)$/m],
  'g++': [['--version'], /^g\+\+ .*? (\d+\.\S+)$/m],
  xz: [['--version'], /xz \(XZ Utils\) (\S+)/],
  sort: [['--version'], /coreutils\) (\S+)/],
  python3: [['--version'], /Python (\S+)/],
  'systemd-run': [['--version'], /systemd (\d+)/],
  perl: [['--version'], /\(v([\d.]+)\)/],
  'qemu-system-x86_64': [['--version'], /version (\S+)/],
};

/**
 * The machine we run on, with the versions of some programs beside node's and our own; one that is not there has none.
 *
 * @param programs - names of {@link ASKED}.
 */
export function thisMachine(programs: readonly string[]): Machine {
  const versions = programs.flatMap((name) => {
    const version = versionOf(name);
    return version === undefined ? [] : [[name, version] as const];
  });
  return {
    where: whereWeAre(),
    processor: processorName(),
    cores: availableParallelism(),
    memoryBytes: totalmem(),
    kernel: release(),
    versions: {
      memsched: memschedVersion(),
      node: process.version.slice(1),
      ...Object.fromEntries(versions),
    },
  };
}

/** The machine in one line for people. */
export function machineLine({
  where,
  processor,
  cores,
  memoryBytes,
  kernel,
  versions,
}: Machine): string {
  const programs = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const memory = `${(memoryBytes / 2 ** 30).toFixed(1)} GiB`;
  const processors = cores === 1 ? 'one processor' : `${cores} processors`;
  return `${where}: ${processors} (${processor}), ${memory}, Linux ${kernel}; ${programs.join(', ')}`;
}

function versionOf(program: string): string | undefined {
  const [argv, pattern] = ASKED[program] ?? [[], /$^/];
  const { stdout, error } = spawnSync(program, argv, { encoding: 'utf8' });
  return error === undefined ? pattern.exec(stdout)?.[1] : undefined;
}

function processorName(): string {
  const name = /^model name\s*: (.+)$/m.exec(readFileSync('/proc/cpuinfo', 'utf8'))?.[1];
  return name?.trim() ?? process.arch;
}

/** test/vm/guest/boot.sh sets the variable in its guests; without KVM the guest's processor is an emulated one. */
function whereWeAre(): Machine['where'] {
  if (process.env['MEMSCHED_GUEST'] === undefined) return 'host';
  return processorName().includes('QEMU TCG') ? 'guest, emulated' : 'guest, KVM';
}
