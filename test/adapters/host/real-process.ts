import { spawn, type ChildProcess } from 'node:child_process';
import type { Entry } from '../../../src/supervisor/ports.js';

const ENTER = 'echo 0 > "$0" && exec "$@"';

/** A process in an attempt's enclosure, entered before exec as a launcher would. */
export interface RealProcess {
  readonly pid: number;
  readonly child: ChildProcess;
  /** Resolves with the exit code or the signal's name. */
  readonly ended: Promise<number | string>;
}

/** Starts `argv` in its own session inside `entry`. */
export function startIn(entry: Entry, argv: readonly string[]): RealProcess {
  const full =
    entry.procsFile === undefined ? argv : ['/bin/sh', '-c', ENTER, entry.procsFile, ...argv];
  const [file = '', ...args] = full;
  const child = spawn(file, args, {
    detached: true,
    stdio: ['ignore', 'ignore', 'inherit'],
    env: { ...process.env, ...entry.env },
  });
  const ended = new Promise<number | string>((resolve) => {
    child.once('exit', (code, signal) => {
      resolve(code ?? signal ?? 'unknown');
    });
  });
  return { pid: child.pid ?? 0, child, ended };
}
