import type { ChildProcess } from 'node:child_process';

/** Small processes for tests of the kernel, as argv. perl, because Debian always has it and its memory is exact. */

/** Touches `mib` MiB as fast as it can, one at a time, and keeps them. */
export function hog(mib: number): string[] {
  return ['perl', '-e', 'vec($m[$_], 1048575, 8) = 1 for 1 .. shift; sleep', String(mib)];
}

/** Does nothing, in next to no memory. */
export function sleeper(): string[] {
  return ['sleep', 'infinity'];
}

/** Writes `mib` MiB into a new file and keeps running. */
export function fileWriter(path: string, mib: number): string[] {
  return [
    'perl',
    '-e',
    'open F, ">", shift; print F "x" x 1048576 for 1 .. shift; close F; sleep',
    path,
    String(mib),
  ];
}

/** A main process with `count` children. */
export function family(count: number): string[] {
  return ['perl', '-e', 'for (1 .. shift) { unless (fork) { sleep; exit } } sleep', String(count)];
}

/** Ends with code 7 when it gets SIGTERM; says "ready" once it would. */
export function obedient(): string[] {
  return ['perl', '-e', '$| = 1; $SIG{TERM} = sub { exit 7 }; print "ready\\n"; sleep 1 while 1'];
}

/** Double-forks a daemon in a session of its own, and ends. */
export function daemon(): string[] {
  return ['perl', '-MPOSIX', '-e', 'exit if fork; POSIX::setsid(); exit if fork; sleep'];
}

/** How a process ended: its exit code, or the signal's name. */
export function ending(child: ChildProcess): Promise<number | NodeJS.Signals | null> {
  if (child.exitCode !== null || child.signalCode !== null) {
    return Promise.resolve(child.exitCode ?? child.signalCode);
  }
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => {
      resolve(code ?? signal);
    });
  });
}
