import { spawnSync } from 'node:child_process';
import { accessSync, closeSync, constants, openSync, readSync, fstatSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import type { ExitStatus } from '../../core/outcome.js';
import type { NodeSignal } from '../../core/task-spec.js';
import type { LaunchEnd, LaunchOrder, Launcher } from '../../supervisor/ports.js';
import { err, ok, type Result } from '../../util/result.js';
import { inheritable, layered } from './environment.js';
import { describeError } from '../../util/system-error.js';
import { limitToRestore } from './open-files-limit.js';
import { stripShellPrefix, takeMarker, withPrelude, type Execution } from './prelude.js';
import { resolveProgram } from './resolve-program.js';
import { openStreams, type Streams } from './streams.js';

/** What the launcher is given once for the whole run. */
export interface ExecaLauncherOptions {
  /** A private folder, absolute and there already: where a launch that failed late leaves word. */
  readonly statusDir: string;
  /** What tasks inherit from; default: our own environment. */
  readonly environment?: NodeJS.ProcessEnv;
}

/**
 * Starts attempts with execa: each in its own session, inside its cgroup before the command is executed, with its
 * output going straight to files. Nothing here throws for what a task or the host does wrong, and a child outlives us
 * unless its {@link TaskHost} ends it.
 */
export function createExecaLauncher(options: ExecaLauncherOptions): Launcher {
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
        return spawn(execution, cwd, streams.value, (exit) => {
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

/**
 * One spawn. Of execa's settings: `detached` makes the session, `cleanup: false` lets children outlive us,
 * `buffer: false` and descriptors as stdio keep output out of this process, `reject: false` makes every end a value.
 */
function spawn(
  { file, args, env }: Execution,
  cwd: string,
  { stdin, stdout, stderr }: Streams,
  onExit: (exit: ExitStatus) => void,
): Result<{ readonly pid: number }, string> {
  const subprocess = execa(file, args, {
    cwd,
    env,
    extendEnv: false,
    stdin: stdin === 'ignore' ? stdin : descriptor(stdin),
    stdout: descriptor(stdout),
    stderr: descriptor(stderr),
    detached: true,
    cleanup: false,
    buffer: false,
    reject: false,
    stripFinalNewline: false,
  });
  // Never rejects; should a defect make it, then loudly, and not as an unhandled rejection.
  subprocess.catch((defect: unknown) => {
    setImmediate(() => {
      throw defect;
    });
  });
  const { pid } = subprocess;
  if (pid === undefined)
    return err(`cannot start a process: ${whySpawnFails({ file, args, env }, cwd)}`);
  subprocess.once('exit', (code, signal) => {
    onExit(exitStatus(code, signal));
  });
  return ok({ pid });
}

/** execa takes any descriptor ("a file descriptor integer"); its types name 3 to 9 only. */
function descriptor(fd: number): 3 {
  return fd as 3;
}

/**
 * Node tells why a spawn failed only later, by an event. Asking again for the same thing with a script that does
 * nothing tells at once: same program, same length of arguments and environment, same limits.
 */
function whySpawnFails({ file, args, env }: Execution, cwd: string): string {
  const [flag = '-c', , ...rest] = args;
  const probe = spawnSync(file, [flag, ':', ...rest], { cwd, env, stdio: 'ignore', timeout: 1000 });
  return probe.error === undefined
    ? 'the kernel refused it a moment ago, and would not any more'
    : describeError(probe.error);
}

function exitStatus(code: number | null, signal: NodeJS.Signals | null): ExitStatus {
  if (signal !== null) return { kind: 'signal', signal: signal satisfies NodeSignal };
  return { kind: 'code', code: code ?? 0 };
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
