import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { assert } from '../../util/assert.js';
import type { LogPaths } from '../../supervisor/ports.js';

/** Where everything of one run is. All paths are absolute. */
export interface RunFolder {
  readonly runId: string;
  readonly path: string;
  readonly journalPath: string;
  readonly jobfilePath: string;
  /** What `map` and `exec` were given instead of a jobfile. */
  readonly commandPath: string;
  readonly logsPath: string;
  /** What tasks keep from one attempt to the next, a folder for each. */
  readonly checkpointsPath: string;
  readonly controlSocketPath: string;
  /** Locked by whoever supervises it; see `run-lock.ts`. */
  readonly lockPath: string;
  /** How it was started, and where its tasks live; see `cli/run-origin.ts`. */
  readonly originPath: string;
  readonly placePath: string;
  /** What is left of attempts whose supervisor could not be told. */
  readonly statusPath: string;
  /** Which process supervises it; see `supervisor-mark.ts`. */
  readonly markPath: string;
}

/** The layout of a run's folder. */
export function runFolder(path: string): RunFolder {
  return {
    runId: basename(path),
    path,
    journalPath: join(path, 'journal.jsonl'),
    jobfilePath: join(path, 'jobfile.yaml'),
    commandPath: join(path, 'command.json'),
    logsPath: join(path, 'logs'),
    checkpointsPath: join(path, 'checkpoints'),
    controlSocketPath: join(path, 'control.sock'),
    markPath: join(path, 'supervisor.json'),
    lockPath: join(path, 'lock'),
    originPath: join(path, 'origin.json'),
    placePath: join(path, 'place.json'),
    statusPath: join(path, 'status'),
  };
}

/** Keeps the jobfile as it was, mode 0600. */
export function keepJobfile(folder: RunFolder, content: Uint8Array): void {
  writeFileSync(folder.jobfilePath, content, { mode: 0o600, flag: 'wx' });
}

/** Keeps the words of a command that has no jobfile, mode 0600. */
export function keepCommand(folder: RunFolder, words: readonly string[]): void {
  const content = `${JSON.stringify({ command: words })}\n`;
  writeFileSync(folder.commandPath, content, { mode: 0o600, flag: 'wx' });
}

/**
 * `logs/<task>.<attempt>.out` and `.err`, all in one folder: with a folder for each task, making it and the first file in
 * it took a tenth of all the time that a short task takes.
 */
export function logPaths(folder: RunFolder): LogPaths {
  return {
    pathsFor(task, attempt) {
      assert(
        /^[^/\0]+$/.test(task) && task !== '.' && task !== '..',
        `the task id "${task}" is a safe file name`,
      );
      const stem = join(folder.logsPath, `${task}.${attempt}`);
      return { stdoutPath: `${stem}.out`, stderrPath: `${stem}.err` };
    },
  };
}
