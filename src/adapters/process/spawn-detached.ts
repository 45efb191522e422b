import { spawnSync, type ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { closeSync, openSync } from 'node:fs';
import { execa, type Options } from 'execa';
import type { ExitStatus } from '../../core/outcome.js';
import type { NodeSignal } from '../../core/task-spec.js';
import { assert } from '../../util/assert.js';
import { err, ok, type Result } from '../../util/result.js';
import { describeError, errorCode } from '../../util/system-error.js';
import type { Execution } from './prelude.js';
import type { Streams } from './streams.js';

/**
 * `detached` makes the session, `cleanup: false` lets children outlive us, `buffer: false` and descriptors as stdio
 * keep output out of this process, `reject: false` makes every end a value.
 */
const HANDS_OFF = {
  extendEnv: false,
  detached: true,
  cleanup: false,
  buffer: false,
  reject: false,
  stripFinalNewline: false,
} as const satisfies Options;

/**
 * Starts one process in its own session.
 *
 * @param onExit - called once, with the end of the process. Node knows the names of signals 1 to 31 only: death by a
 *   real-time signal (32 to 64) is reported by it as exit code 0.
 * @returns a sentence for the user when there is no process.
 */
export function spawnDetached(
  execution: Execution,
  cwd: string,
  { stdin, stdout, stderr }: Streams,
  onExit: (exit: ExitStatus) => void,
): Result<{ readonly pid: number }, string> {
  const { file, args, env } = execution;
  const started = guarded(() =>
    execa(file, args, {
      ...HANDS_OFF,
      cwd,
      env,
      stdin: stdin === 'ignore' ? stdin : descriptor(stdin),
      stdout: descriptor(stdout),
      stderr: descriptor(stderr),
    }),
  );
  if (!started.ok)
    return err(`cannot start a process: ${started.error ?? whySpawnFails(execution, cwd)}`);
  const child = started.value;
  // Never rejects; should a defect make it, then loudly, and not as an unhandled rejection.
  child.catch((defect: unknown) => {
    setImmediate(() => {
      throw defect;
    });
  });
  const { pid } = child;
  if (pid === undefined) return err(`cannot start a process: ${whySpawnFails(execution, cwd)}`);
  child.once('exit', (code, signal) => {
    onExit(exitStatus(code, signal));
  });
  return ok({ pid });
}

/** Node announces every ChildProcess here before it is started (diagnostics_channel, "Built-in channels"). */
const CHILDREN_CHANNEL = 'child_process';

/**
 * Runs `start`, and takes what execa 9.6 lets through when no descriptor is left (EMFILE): it throws, and the child
 * process that it has made and lost emits an `error` that would end ours.
 *
 * @returns the reason when it threw, where the exception tells it.
 */
function guarded<T>(start: () => T): Result<T, string | undefined> {
  const children: ChildProcess[] = [];
  const note = (message: unknown): void => {
    children.push((message as { readonly process: ChildProcess }).process);
  };
  subscribe(CHILDREN_CHANNEL, note);
  try {
    return ok(start());
  } catch (error) {
    const lost = children.at(-1);
    if (lost === undefined) return err(describeError(error));
    assert(lost.pid === undefined, 'a child that was started is never lost');
    lost.once('error', (cause) => {
      // Not an error of a system call: nothing that a lack of descriptors explains.
      if (errorCode(cause) === undefined) throw cause;
    });
    return err(undefined);
  } finally {
    unsubscribe(CHILDREN_CHANNEL, note);
  }
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
  const shortage = descriptorShortage();
  if (shortage !== undefined) return shortage;
  const [flag = '-c', , ...rest] = args;
  const probe = spawnSync(file, [flag, ':', ...rest], { cwd, env, stdio: 'ignore', timeout: 1000 });
  return probe.error === undefined
    ? 'the kernel refused it a moment ago, and would not any more'
    : describeError(probe.error);
}

/** `spawnSync` needs an event loop of its own; where it cannot have one, Node 20 leaks a descriptor. */
const PROBE_DESCRIPTORS = 16;

function descriptorShortage(): string | undefined {
  const spare: number[] = [];
  try {
    while (spare.length < PROBE_DESCRIPTORS) spare.push(openSync('/dev/null', 'r'));
    return undefined;
  } catch (error) {
    return describeError(error);
  } finally {
    for (const fd of spare) closeSync(fd);
  }
}

function exitStatus(code: number | null, signal: NodeJS.Signals | null): ExitStatus {
  if (signal !== null) return { kind: 'signal', signal: signal satisfies NodeSignal };
  return { kind: 'code', code: code ?? 0 };
}
