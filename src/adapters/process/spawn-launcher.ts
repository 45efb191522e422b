import { closeSync, constants, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import type { ExitStatus, StartFault } from '../../core/outcome.js';
import type { LaunchEnd, LaunchOrder, Launcher } from '../../supervisor/ports.js';
import { ok, type Result } from '../../util/result.js';
import { describeError } from '../../util/system-error.js';
import { endPart } from './end-part.js';
import { inheritable } from './environment.js';
import { limitToRestore } from './open-files-limit.js';
import { argvOf, prepareOrder } from './prepare-order.js';
import { programFinder } from './resolve-program.js';
import { stripShellPrefix, takeMarker, withPrelude, type Execution } from './prelude.js';
import { spawnDetached } from './spawn-detached.js';
import { openStreams, type Streams } from './streams.js';

/** What the launcher is given once for the whole run. */
export interface SpawnLauncherOptions {
  /** A private folder, absolute and there already: where a launch that failed late leaves word. */
  readonly statusDir: string;
  /** What tasks inherit from; default: our own environment. */
  readonly environment?: NodeJS.ProcessEnv;
  /** Streams of ours that tasks have as their own; default: none. */
  readonly inherit?: 'stdin' | 'all';
}

/**
 * Starts attempts out of this very process: slower than with a {@link HelperLauncher}, but it needs nothing but
 * `/bin/sh`. Each runs in its own session, inside its cgroup before the command is executed, with its output going
 * straight to files. Nothing here throws for what a task or the host does wrong, and a child outlives us unless its
 * {@link TaskHost} ends it.
 */
export function createSpawnLauncher(options: SpawnLauncherOptions): Launcher {
  const inherited = inheritable(options.environment ?? process.env);
  const openFilesLimit = limitToRestore();
  const findProgram = programFinder();
  return {
    launch(order, listener) {
      const prepared = prepareOrder(order, inherited, findProgram);
      if (!prepared.ok) return prepared;
      const { argv, env } = prepared.value;
      const markerPath = join(options.statusDir, `${attemptName(order)}.not-started`);
      const execution = withPrelude({
        markerPath,
        procsFile: order.entry.procsFile,
        oomScoreAdj: order.oomScoreAdj,
        openFilesLimit,
        argv,
        env: { ...inherited, ...env },
      });
      return spawnInto(execution, order, options.inherit, {
        onStarted: (pid) => {
          listener.onStarted(pid);
        },
        onExit: (exit) => {
          listener.onEnd(endOf(exit, markerPath, order, options.inherit === 'all'));
        },
      });
    },
    endPart,
    close: () => Promise.resolve(),
  };
}

function attemptName({ task, attempt, part }: LaunchOrder): string {
  return part === undefined ? `${task}.${attempt}` : `${task}.${attempt}.${part}`;
}

/** Handed on as they are; they stay open for us. */
const OUR_STREAMS: Streams = { stdin: 0, stdout: 1, stderr: 2, close: () => undefined };

function spawnInto(
  execution: Execution,
  { spec: { stdin, cwd }, stdoutPath, stderrPath }: LaunchOrder,
  inherit: SpawnLauncherOptions['inherit'],
  told: { readonly onStarted: (pid: number) => void; readonly onExit: (exit: ExitStatus) => void },
): Result<void, StartFault> {
  const streams =
    inherit === 'all' ? ok(OUR_STREAMS) : openStreams({ stdin, stdoutPath, stderrPath });
  if (!streams.ok) return streams;
  try {
    const taken = inherit === 'stdin' ? { ...streams.value, stdin: 0 } : streams.value;
    const child = spawnDetached(execution, cwd, taken, told.onExit);
    if (!child.ok) return child;
    // Before anything else happens, and after we have returned.
    queueMicrotask(() => {
      told.onStarted(child.value.pid);
    });
    return ok(undefined);
  } finally {
    streams.value.close();
  }
}

/** Tells the command's own exit from the prelude's. Exit code 0 is never the prelude's. */
function endOf(
  exit: ExitStatus,
  markerPath: string,
  order: LaunchOrder,
  isSeen: boolean,
): LaunchEnd {
  if (exit.kind !== 'code' || exit.code === 0) return exit;
  const failure = takeMarker(markerPath);
  if (failure === undefined) return exit;
  const complaint = isSeen
    ? 'the reason stands above'
    : stripShellPrefix(lastLine(order.stderrPath)) || 'no reason was given';
  const error =
    failure === 'entry'
      ? `could not enter the cgroup of ${order.entry.procsFile ?? '(none)'}: ${complaint}`
      : `could not execute ${argvOf(order)[0] ?? ''}: ${complaint}`;
  return { kind: 'could-not-start', fault: { error } };
}

const TAIL_BYTES = 1024;

function lastLine(path: string): string {
  let fd: number;
  try {
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    return describeError(error);
  }
  try {
    const { size } = fstatSync(fd);
    const buffer = Buffer.alloc(Math.min(size, TAIL_BYTES));
    const read = readSync(fd, buffer, 0, buffer.length, Math.max(0, size - TAIL_BYTES));
    return buffer.toString('utf8', 0, read).trimEnd().split('\n').at(-1) ?? '';
  } finally {
    closeSync(fd);
  }
}
