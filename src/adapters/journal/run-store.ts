import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { err, ok, type Result } from '../../util/result.js';
import { makeFolder } from '../../util/make-folder.js';
import { describeError, errorCode } from '../../util/system-error.js';
import { HostError } from '../host/host-error.js';
import { suggest } from '../../util/suggest.js';
import { runFolder, type RunFolder } from './run-folder.js';
import { compareRunIds, isRunId, runIdOf } from './run-id.js';
import { ensureStateDir, hasStateDir, stateDir } from './state-dir.js';

/** How many ids to try when runs of one name and process start in the same millisecond. */
const ID_TRIES = 1000;

/** How many runs an error message lists. */
const SHOWN_RUNS = 5;

/** The runs of this user, on disk. Nothing is made before the first run. */
export interface RunStore {
  /** The state folder. */
  readonly path: string;
  /**
   * Makes the folder of a new run, mode 0700.
   *
   * @throws HostError when the state folder cannot be made or trusted.
   */
  create(name: string, startedAtMs: number): RunFolder;
  /** All runs, the newest first. */
  list(): readonly RunFolder[];
  /**
   * Finds the run that RUN means: an id, the unique beginning of one, or `latest` (also when it is left out).
   *
   * @returns a sentence for the user when there is none, or more than one.
   */
  resolve(run: string | undefined): Result<RunFolder, string>;
}

/**
 * Opens the store of the state folder.
 *
 * @param path - the state folder; default: as the environment says.
 * @throws HostError when the environment names no usable folder.
 */
export function openRunStore(path: string = stateDir()): RunStore {
  const runsPath = join(path, 'runs');
  const list = (): readonly RunFolder[] =>
    hasStateDir(path) ? runIds(runsPath).map((id) => runFolder(join(runsPath, id))) : [];
  return {
    path,
    list,
    create(name, startedAtMs) {
      ensureStateDir(path);
      return createRun(runsPath, name, startedAtMs);
    },
    resolve(run) {
      return resolveRun(list(), run);
    },
  };
}

function createRun(runsPath: string, name: string, startedAtMs: number): RunFolder {
  try {
    makeFolder(runsPath, 0o700);
    for (let tries = 0; tries < ID_TRIES; tries += 1) {
      const path = join(runsPath, runIdOf(name, startedAtMs + tries, process.pid));
      if (makeNew(path)) return runFolder(path);
    }
  } catch (error) {
    throw new HostError(
      `cannot make the folder of a run in ${runsPath}: ${describeError(error)}`,
      'export XDG_STATE_HOME=/some/folder/of/yours',
    );
  }
  throw new HostError(
    `${runsPath} has no room for a run of this second`,
    'date # is the clock right?',
  );
}

function makeNew(path: string): boolean {
  try {
    mkdirSync(path, { mode: 0o700 });
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

function runIds(runsPath: string): string[] {
  try {
    return readdirSync(runsPath, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && isRunId(entry.name))
      .map((entry) => entry.name)
      .sort((a, b) => compareRunIds(b, a));
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw new HostError(`cannot read ${runsPath}: ${describeError(error)}`, `ls -ld '${runsPath}'`);
  }
}

function resolveRun(runs: readonly RunFolder[], run = 'latest'): Result<RunFolder, string> {
  const [newest] = runs;
  if (newest === undefined) return err('there are no runs yet; "memsched run" starts one');
  if (run === 'latest') return ok(newest);
  const exact = runs.find(({ runId }) => runId === run);
  if (exact !== undefined) return ok(exact);
  const [first, ...others] = run === '' ? [] : runs.filter(({ runId }) => runId.startsWith(run));
  if (first !== undefined && others.length === 0) return ok(first);
  if (first !== undefined) return err(ambiguous(run, [first, ...others]));
  const { suggestion } = suggest(
    run,
    runs.map(({ runId }) => runId),
  );
  const near = suggestion === undefined ? '' : `the nearest is "${suggestion}", and `;
  return err(`there is no run "${run}"; ${near}"memsched ps" lists them all`);
}

function ambiguous(run: string, runs: readonly RunFolder[]): string {
  const shown = runs.slice(0, SHOWN_RUNS).map(({ runId }) => runId);
  const more = runs.length > shown.length ? `, and ${runs.length - shown.length} more` : '';
  return `"${run}" may mean ${runs.length} runs: ${shown.join(', ')}${more}; type more of the one you mean`;
}
