import { accessSync, closeSync, constants, openSync, readSync, fstatSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { ExitStatus } from '../../core/outcome.js';
import type { LaunchEnd, LaunchOrder, Launcher } from '../../supervisor/ports.js';
import { err } from '../../util/result.js';
import { inheritable, layered } from './environment.js';
import { describeError } from '../../util/system-error.js';
import { limitToRestore } from './open-files-limit.js';
import { stripShellPrefix, takeMarker, withPrelude } from './prelude.js';
import { resolveProgram } from './resolve-program.js';
import { spawnDetached } from './spawn-detached.js';
import { openStreams } from './streams.js';

/** What the launcher is given once for the whole run. */
export interface SpawnLauncherOptions {
  /** A private folder, absolute and there already: where a launch that failed late leaves word. */
  readonly statusDir: string;
  /** What tasks inherit from; default: our own environment. */
  readonly environment?: NodeJS.ProcessEnv;
}

/**
 * Starts attempts: each in its own session, inside its cgroup before the command is executed, with its
 * output going straight to files. Nothing here throws for what a task or the host does wrong, and a child outlives us
 * unless its {@link TaskHost} ends it.
 */
export function createSpawnLauncher(options: SpawnLauncherOptions): Launcher {
  const inherited = inheritable(options.environment ?? process.env);
  const openFilesLimit = limitToRestore();
  return {
    launch(order, onExit) {
      const { spec } = order;
      const env = layered(spec.cwd, inherited, spec.env, order.entry.env, order.env);
      const argv = argvOf(order);
      const unfit = unfitOrder(argv, env, spec.cwd);
      if (unfit !== undefined) return err(unfit);
      const markerPath = join(options.statusDir, `${order.task}.${order.attempt}.not-started`);
      const execution = withPrelude({
        markerPath,
        procsFile: order.entry.procsFile,
        oomScoreAdj: order.oomScoreAdj,
        openFilesLimit,
        argv,
        env,
      });
      const { stdin, cwd } = spec;
      const streams = openStreams({
        stdin,
        stdoutPath: order.stdoutPath,
        stderrPath: order.stderrPath,
      });
      if (!streams.ok) return streams;
      try {
        return spawnDetached(execution, cwd, streams.value, (exit) => {
          onExit(endOf(exit, markerPath, order));
        });
      } finally {
        streams.value.close();
      }
    },
  };
}

function argvOf(order: LaunchOrder): readonly string[] {
  const { command } = order.spec;
  return command.kind === 'argv' ? command.argv : [...command.shell, command.script];
}

/** What can be known to fail before anything is started, as a sentence. */
function unfitOrder(
  argv: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd: string,
): string | undefined {
  if (argv.some((word) => word.includes('\0'))) {
    return 'the command contains a NUL character, which no program can be given';
  }
  const spoilt = Object.entries(env).find(([name, value]) => `${name}${value}`.includes('\0'));
  if (spoilt !== undefined) {
    return `the environment variable ${spoilt[0].replaceAll('\0', '?')} contains a NUL character, which no program can be given`;
  }
  try {
    if (!statSync(cwd).isDirectory()) return `cannot start in ${cwd}: it is not a folder`;
    accessSync(cwd, constants.X_OK);
  } catch (error) {
    return `cannot start in ${cwd}: ${describeError(error)}`;
  }
  const program = resolveProgram(argv[0] ?? '', cwd, env['PATH']);
  return program.ok ? undefined : program.error;
}

/** Tells the command's own exit from the prelude's. Exit code 0 is never the prelude's. */
function endOf(exit: ExitStatus, markerPath: string, order: LaunchOrder): LaunchEnd {
  if (exit.kind === 'signal' || exit.code === 0) return exit;
  const failure = takeMarker(markerPath);
  if (failure === undefined) return exit;
  const complaint = stripShellPrefix(lastLine(order.stderrPath)) || 'no reason was given';
  const error =
    failure === 'entry'
      ? `could not enter the cgroup of ${order.entry.procsFile ?? '(none)'}: ${complaint}`
      : `could not execute ${argvOf(order)[0] ?? ''}: ${complaint}`;
  return { kind: 'could-not-start', error };
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
