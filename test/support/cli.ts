import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { onTestFinished } from 'vitest';
import { compareRunIds } from '../../src/adapters/journal/run-id.js';
import type { RunEvent } from '../../src/core/events.js';
import { tempDir } from './temp-dir.js';

/** The built CLI's entry, as a user's shell would find it. */
export const MEMSCHED = fileURLToPath(new URL('../../bin/memsched.js', import.meta.url));

const TIMEOUT_MS = 240_000;
const ENTER = 'echo 0 > "$0/cgroup.procs" && exec "$@"';

/** The tests may run in a CI system; what they start is to know of it only when they say so. */
const NO_CI = { GITHUB_ACTIONS: '', GITHUB_STEP_SUMMARY: '', GITLAB_CI: '' };

/** How to start the CLI; everything is optional. */
export interface CliOptions {
  /** Default: a new temporary folder. */
  readonly cwd?: string;
  /** `$XDG_STATE_HOME`; default: a new temporary folder. */
  readonly stateHome?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** Folder of a cgroup that the CLI enters before it is executed. */
  readonly cgroup?: string;
  readonly timeoutMs?: number;
  /** Soft and hard limit on open files. */
  readonly openFiles?: number;
}

/** A CLI that has ended. */
export interface FinishedCli {
  readonly exitCode: number | undefined;
  readonly signal: string | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly wallMs: number;
  readonly stateHome: string;
  /** The journal of the newest run in the state folder; empty when there was none. */
  readonly events: readonly RunEvent[];
  /** What happened, short enough for an assertion's message. */
  readonly story: string;
}

/** A CLI that runs. */
export interface LiveCli {
  readonly pid: number;
  readonly stateHome: string;
  kill(signal: NodeJS.Signals): void;
  /** The journal so far. */
  events(): readonly RunEvent[];
  readonly finished: Promise<FinishedCli>;
}

/**
 * Starts the built CLI with a state folder of its own. A CLI that never ends is killed, and its test
 * fails; one that a failed test leaves running is told to end, so that the next test has a clean host.
 */
export function startCli(args: readonly string[], options: CliOptions = {}): LiveCli {
  const stateHome = options.stateHome ?? tempDir();
  const startMs = performance.now();
  const child = launch(args, options, stateHome);
  onTestFinished(async () => {
    child.kill('SIGTERM');
    await child;
  });
  return {
    pid: child.pid ?? 0,
    stateHome,
    kill: (signal) => void child.kill(signal),
    events: () => readJournal(stateHome),
    finished: finish(child, stateHome, startMs),
  };
}

function launch(args: readonly string[], options: CliOptions, stateHome: string) {
  const limit = options.openFiles === undefined ? [] : ['prlimit', `--nofile=${options.openFiles}`];
  const cli = [...limit, process.execPath, MEMSCHED, ...args];
  const [file = '', ...rest] =
    options.cgroup === undefined ? cli : ['/bin/sh', '-c', ENTER, options.cgroup, ...cli];
  return execa(file, rest, {
    cwd: options.cwd ?? tempDir(),
    env: { NO_COLOR: '1', ...NO_CI, ...options.env, XDG_STATE_HOME: stateHome },
    input: options.stdin ?? '',
    reject: false,
    timeout: options.timeoutMs ?? TIMEOUT_MS,
    killSignal: 'SIGKILL',
    forceKillAfterDelay: false,
  });
}

/** Runs the built CLI to its end. */
export function runCli(args: readonly string[], options: CliOptions = {}): Promise<FinishedCli> {
  return startCli(args, options).finished;
}

/**
 * Writes `jobfile` (an object; JSON is YAML) into a folder and starts `memsched run` on it.
 *
 * @param extra - further options of `run`.
 */
export function startJobs(
  jobfile: Readonly<Record<string, unknown>>,
  extra: readonly string[] = [],
  options: CliOptions = {},
): LiveCli {
  const cwd = options.cwd ?? tempDir();
  writeFileSync(join(cwd, 'jobs.yaml'), JSON.stringify({ version: 1, ...jobfile }, null, 2));
  return startCli(['run', 'jobs.yaml', ...extra], { ...options, cwd });
}

/** {@link startJobs}, to its end. */
export function runJobs(
  jobfile: Readonly<Record<string, unknown>>,
  extra: readonly string[] = [],
  options: CliOptions = {},
): Promise<FinishedCli> {
  return startJobs(jobfile, extra, options).finished;
}

async function finish(
  child: ReturnType<typeof launch>,
  stateHome: string,
  startMs: number,
): Promise<FinishedCli> {
  const result = await child;
  const wallMs = performance.now() - startMs;
  if (result.timedOut) {
    throw new Error(`memsched did not end within ${wallMs} ms\n${result.stderr.slice(-4_000)}`);
  }
  const events = readJournal(stateHome);
  const { exitCode, signal, stdout, stderr } = result;
  const story = tell(exitCode, signal, stderr, events);
  return { exitCode, signal, stdout, stderr, wallMs, stateHome, events, story };
}

/** The folder of the newest run below a state folder; undefined while there is none. */
export function runFolder(stateHome: string): string | undefined {
  const runs = join(stateHome, 'memsched', 'runs');
  const newest = existsSync(runs) ? readdirSync(runs).sort(compareRunIds).at(-1) : undefined;
  return newest === undefined ? undefined : join(runs, newest);
}

/** What the first attempt of a task has written to its standard output so far. */
export function taskOutput(stateHome: string, task: string): string {
  const path = join(runFolder(stateHome) ?? '', 'logs', `${task}.1.out`);
  return existsSync(path) ? readFileSync(path, 'utf8') : '';
}

/** The journal of the only run below a state folder. A torn last line (the supervisor may be writing it) is left out. */
export function readJournal(stateHome: string): readonly RunEvent[] {
  const folder = runFolder(stateHome);
  const path = join(folder ?? '', 'journal.jsonl');
  if (folder === undefined || !existsSync(path)) return [];
  const lines = readFileSync(path, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as RunEvent);
}

const TOLD = new Set<RunEvent['kind']>([
  'level-changed',
  'attempt-admitted',
  'attempt-stopping',
  'attempt-killed',
  'attempt-ended',
  'task-requeued',
  'task-finished',
  'victims-missing',
  'run-ended',
]);

function tell(
  exitCode: number | undefined,
  signal: string | undefined,
  stderr: string,
  events: readonly RunEvent[],
): string {
  const lines = events
    .filter((event) => TOLD.has(event.kind))
    .map((event) => JSON.stringify(event).slice(0, 400));
  return [
    `exit ${String(exitCode)} signal ${String(signal)}`,
    `stderr: …${stderr.slice(-3_000)}`,
    `${events.length} events, the last of note:`,
    ...lines.slice(-60),
  ].join('\n');
}
