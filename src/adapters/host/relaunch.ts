import { spawn, type ChildProcess } from 'node:child_process';
import { constants } from 'node:os';
import { runtimeDirectory } from './systemd.js';

/** Set in the relaunched process, so that it does not try again. Not for tasks to see. */
export const RELAUNCHED_VARIABLE = 'MEMSCHED_RELAUNCHED';

/** What became of a relaunch. */
export type RelaunchResult =
  /** It ran to its end; leave with its code (128 + n when signal n ended it). */
  | { readonly kind: 'ran'; readonly exitCode: number }
  /** Nothing of ours was started; go on without. */
  | { readonly kind: 'could-not-start'; readonly why: string };

/**
 * Handed on, each once. SIGTSTP, too: the run goes on, and says why it is not paused; SIGWINCH, so that what is drawn on
 * the terminal keeps its width.
 */
const FORWARDED = [
  'SIGINT',
  'SIGTERM',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGTSTP',
  'SIGWINCH',
] as const;
/** Where the relaunched side reports that it is running, and finds the real standard error. */
const STARTED_FD = 3;
const STDERR_FD = 4;
const WHY_MAX_CHARS = 500;

/**
 * Says on fd 3 that we got this far, puts the real standard error back in place, and becomes the command. What
 * `systemd-run` itself has to say stays with the parent, which so can tell its failure from the command's.
 */
const SHIM = `exec 2>&${STDERR_FD} ${STDERR_FD}>&-; echo started >&${STARTED_FD}; exec ${STARTED_FD}>&-; exec "$@"`;

/** What to start, and how we look from outside. */
export interface RelaunchOptions {
  /** `systemd-run … --`, from the tier choice. */
  readonly command: readonly string[];
  /** Our own command line: node, its options, the program, its arguments. */
  readonly self: readonly string[];
  readonly env: NodeJS.ProcessEnv;
}

/** The command line that started this process. */
export function ownCommandLine(): readonly string[] {
  return [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
}

/**
 * Starts this program once more under `command`, with our standard streams, hands it every signal that we get, and waits
 * for its end.
 *
 * It has a session of its own, out of reach of what the terminal sends to the foreground (Ctrl-C, Ctrl-Z) and others to
 * whole process groups: a signal comes to us, wherever it is from, and goes on from here exactly once. Two would count as
 * a second request. The terminal stays readable and writable: job control holds only for a session's own terminal
 * (credentials(7)), and without one, SIGTSTP does not stop a process even before it has a handler (setpgid(2), "orphaned").
 */
export async function relaunch(options: RelaunchOptions): Promise<RelaunchResult> {
  const [file, ...args] = [...options.command, '/bin/sh', '-c', SHIM, 'sh', ...options.self];
  if (file === undefined) return { kind: 'could-not-start', why: 'no command to relaunch with' };
  const child = spawn(file, args, {
    detached: true,
    stdio: ['inherit', 'inherit', 'pipe', 'pipe', 2],
    env: {
      ...options.env,
      ...(args.includes('--user') && {
        XDG_RUNTIME_DIR: runtimeDirectory(process.getuid?.() ?? 0),
      }),
      [RELAUNCHED_VARIABLE]: '1',
    },
  });
  const said = collect(child, 2);
  const started = collect(child, STARTED_FD);
  const stopForwarding = forwardSignals(child);
  try {
    const end = await ending(child);
    if (started.text() === '') {
      const why = end.error ?? firstLine(said.text());
      return { kind: 'could-not-start', why: why === '' ? `${file} gave no reason` : why };
    }
    return { kind: 'ran', exitCode: end.exitCode };
  } finally {
    stopForwarding();
  }
}

/** Forwards signals until the returned function is called. */
function forwardSignals(child: ChildProcess): () => void {
  const forward = (signal: NodeJS.Signals): void => {
    child.kill(signal);
  };
  for (const signal of FORWARDED) process.on(signal, forward);
  return () => {
    for (const signal of FORWARDED) process.off(signal, forward);
  };
}

interface Ending {
  readonly exitCode: number;
  readonly error?: string;
}

function ending(child: ChildProcess): Promise<Ending> {
  return new Promise((resolve) => {
    child.once('error', (error) => {
      resolve({ exitCode: 1, error: error.message });
    });
    child.once('close', (code, signal) => {
      resolve({ exitCode: code ?? 128 + (signal === null ? 0 : constants.signals[signal]) });
    });
  });
}

function collect(child: ChildProcess, fd: number): { text(): string } {
  let text = '';
  child.stdio[fd]?.on('data', (chunk: Buffer) => {
    if (text.length < WHY_MAX_CHARS) text += chunk.toString();
  });
  return { text: () => text };
}

function firstLine(text: string): string {
  return text.trim().split('\n', 1)[0] ?? '';
}
