import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import type { ExitStatus, StartFault } from '../../core/outcome.js';
import type { NodeSignal } from '../../core/task-spec.js';
import { err, ok, type Result } from '../../util/result.js';
import { describeError, errorCode } from '../../util/system-error.js';
import { startFault } from '../host/start-fault.js';
import type { Execution } from './prelude.js';
import type { Streams } from './streams.js';

/**
 * Starts one process in its own session, with descriptors as its streams: nothing of its output passes through us, and
 * it outlives us unless someone ends it.
 *
 * Node's own `spawn` rather than execa: execa's share was 1.4 ms of processor time a task, more than all the rest, for
 * comforts (promises, buffers, clean-up) that are all switched off here.
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
): Result<{ readonly pid: number }, StartFault> {
  const { file, args, env } = execution;
  let child: ChildProcess;
  try {
    child = spawn(file, args, { cwd, env, detached: true, stdio: [stdin, stdout, stderr] });
  } catch (error) {
    return err(cannotStart(error));
  }
  const { pid } = child;
  if (pid === undefined) {
    // Node tells the same by an event, when it is too late to return it.
    child.once('error', () => undefined);
    return err(whySpawnFails(execution, cwd));
  }
  child.once('exit', (code, signal) => {
    onExit(exitStatus(code, signal));
  });
  return ok({ pid });
}

/**
 * Node tells why a spawn failed only later, by an event. Asking again for the same thing with a script that does
 * nothing tells at once: same program, same length of arguments and environment, same limits.
 */
function whySpawnFails({ file, args, env }: Execution, cwd: string): StartFault {
  const shortage = descriptorShortage();
  if (shortage !== undefined) return cannotStart(shortage);
  const [flag = '-c', , ...rest] = args;
  const probe = spawnSync(file, [flag, ':', ...rest], { cwd, env, stdio: 'ignore', timeout: 1000 });
  return probe.error === undefined
    ? {
        error: 'cannot start a process: the kernel refused it a moment ago, and would not any more',
        isShortage: true,
      }
    : cannotStart(probe.error);
}

function cannotStart(error: unknown): StartFault {
  return startFault(`cannot start a process: ${describeError(error)}`, errorCode(error));
}

/** `spawnSync` needs an event loop of its own; where it cannot have one, Node 20 leaks a descriptor. */
const PROBE_DESCRIPTORS = 16;

function descriptorShortage(): unknown {
  const spare: number[] = [];
  try {
    while (spare.length < PROBE_DESCRIPTORS) spare.push(openSync('/dev/null', 'r'));
    return undefined;
  } catch (error) {
    return error;
  } finally {
    for (const fd of spare) closeSync(fd);
  }
}

function exitStatus(code: number | null, signal: NodeJS.Signals | null): ExitStatus {
  if (signal !== null) return { kind: 'signal', signal: signal satisfies NodeSignal };
  return { kind: 'code', code: code ?? 0 };
}
