import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { RunEvent } from '../../src/core/events.js';
import { descendantsOf } from './process-cost.js';
import { BenchError, MEMSCHED } from './programs.js';

/** A run of memsched that is under way. */
export interface LiveRun {
  readonly pid: number;
  /** Its journal so far. */
  readonly events: () => readonly RunEvent[];
  /** Waits until something holds. @throws BenchError after a while, or when the run ends before. */
  readonly until: (what: string, holds: () => boolean, withinMs: number) => Promise<void>;
  /** Ends it, tasks and all. */
  readonly end: () => Promise<void>;
  /** Waits for it to end by itself. */
  readonly ended: Promise<void>;
}

const POLL_MS = 50;
/** It is not to cost what is measured: of the time so many times as much is left alone. */
const POLL_REST = 20;
const MOST_END_MS = 20_000;

/**
 * Starts `memsched run` on a jobfile in a folder, which also keeps its state.
 *
 * @param jobfile - as an object, or as text where it is large.
 */
export function startRun(
  folder: string,
  jobfile: string | Readonly<Record<string, unknown>>,
  options: readonly string[],
): LiveRun {
  const state = join(folder, 'state');
  mkdirSync(state, { recursive: true });
  const text = typeof jobfile === 'string' ? jobfile : JSON.stringify({ version: 1, ...jobfile });
  writeFileSync(join(folder, 'jobs.yaml'), text);
  const child = spawn(process.execPath, [MEMSCHED, 'run', 'jobs.yaml', '--quiet', ...options], {
    cwd: folder,
    stdio: ['ignore', 'ignore', 'pipe'],
    env: { ...process.env, XDG_STATE_HOME: state, NO_COLOR: '1' },
  });
  let said = '';
  child.stderr.on('data', (text: Buffer) => {
    said = `${said}${text.toString()}`.slice(-4000);
  });
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  const ended = once(child, 'exit').then(() => undefined);
  const until: LiveRun['until'] = async (what, holds, withinMs) => {
    const deadlineMs = performance.now() + withinMs;
    for (;;) {
      const beganMs = performance.now();
      if (holds()) return;
      const tookMs = performance.now() - beganMs;
      if (hasEnded()) throw new BenchError(`the run ended before ${what}\n${said}`);
      if (performance.now() > deadlineMs)
        throw new BenchError(`not within ${withinMs} ms: ${what}\n${said}`);
      await pause(Math.max(POLL_MS, POLL_REST * tookMs));
    }
  };
  return {
    pid: child.pid ?? 0,
    events: () => eventsIn(state),
    until,
    ended,
    end: async () => {
      // The first asks, the second kills; then it has a while to tidy up.
      for (const waitMs of [1000, MOST_END_MS]) {
        if (!hasEnded()) child.kill('SIGINT');
        await Promise.race([ended, pause(waitMs, undefined, { ref: false })]);
      }
      if (hasEnded()) return;
      const all = [{ pid: child.pid ?? 0 }, ...descendantsOf(child.pid ?? 0)];
      for (const { pid } of all) killIfThere(pid);
      await ended;
    },
  };
}

function killIfThere(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** The journal of the only run in a state folder; its last line may be under way. */
function eventsIn(state: string): readonly RunEvent[] {
  const runs = join(state, 'memsched/runs');
  const [run] = existsSync(runs) ? readdirSync(runs) : [];
  const journal = join(runs, run ?? '', 'journal.jsonl');
  if (run === undefined || !existsSync(journal)) return [];
  const lines = readFileSync(journal, 'utf8').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as RunEvent);
}
