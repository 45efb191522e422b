import { randomUUID } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  type Stats,
} from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { RunFolder } from '../adapters/journal/run-folder.js';
import { reportHtml, type PageAssets } from '../reporters/report/html.js';
import { ReportCollector, type UntoldReport } from '../reporters/report/report-of.js';
import { localTime } from '../reporters/views/show.js';
import { formatDuration } from '../util/duration.js';
import { describeError } from '../util/system-error.js';
import { UsageError } from './errors.js';
import { replay, standingNote, type PastRun } from './past-run.js';
import { ownVersion } from './version.js';

/** A report is made to be shown to others; the umask takes off what it must. */
const NEW_FILE_MODE = 0o666;

/**
 * The report of a run as its journal tells it, as one HTML file. The journal is read twice, so that no more than what the
 * page shows has to be held.
 *
 * @throws JournalError when the journal is damaged, UsageError when it has no beginning yet.
 */
export function reportOfRun(folder: RunFolder): string {
  const { untold, events } = collect(folder);
  let again = 0;
  replay(folder, (event, state) => {
    again += 1;
    // A live run writes on.
    if (again <= events) untold.stories.event(event, state);
  });
  return reportHtml(untold.told(), pageAssets());
}

/** The first pass, apart: the state it ends with is the larger part of what is held, and let go of before the second. */
function collect(folder: RunFolder): { readonly untold: UntoldReport; readonly events: number } {
  const collector = new ReportCollector();
  let events = 0;
  const past = replay(folder, (event, state) => {
    events += 1;
    collector.event(event, state);
  });
  if (past.state.started === undefined)
    throw new UsageError(`run ${folder.runId} has not begun: its journal is empty`);
  const madeAtMs = Date.now();
  const { standing, nowMs: untilMs } = past;
  const untold = collector.finish(past.state, {
    memsched: ownVersion(),
    madeAtMs,
    standing,
    untilMs,
    note: noteOf(past, madeAtMs),
  });
  return { untold, events };
}

function noteOf(past: PastRun, madeAtMs: number): string {
  const { standing, state, nowMs } = past;
  if (standing === 'ended') return '';
  if (standing === 'live')
    return `This run is still running: this is how it stood at ${localTime(madeAtMs)}.`;
  const note = standingNote(past);
  const lastWord = localTime((state.started?.startedAtMs ?? 0) + nowMs);
  return `${note.charAt(0).toUpperCase()}${note.slice(1)} Its last word is of ${lastWord}, ${formatDuration(nowMs)} after its start; what ran then is shown as running.`;
}

/** Made by the build, beside this program. */
function pageAssets(): PageAssets {
  const read = (name: string): string =>
    readFileSync(fileURLToPath(new URL(name, import.meta.url)), 'utf8');
  return {
    script: read('report-page.js'),
    style: read('report-page.css'),
    licences: read('report-page-licences.txt'),
  };
}

/**
 * Puts the report where it is wanted; a file is there whole or as it was.
 *
 * @throws UsageError when it cannot be written.
 */
export function writeReport(path: string, html: string): void {
  try {
    const before = statSync(path, { throwIfNoEntry: false });
    // A pipe or a device is written to.
    if (before?.isFile() === false) writeFileSync(path, html);
    else replaceWhole(path, html, before);
  } catch (error) {
    throw new UsageError(`the report cannot be written to ${path}: ${describeError(error)}`);
  }
}

/** Under a name that nobody can know before, and with no more rights for others than the old one gave. */
function replaceWhole(path: string, html: string, before: Stats | undefined): void {
  const beside = join(dirname(resolve(path)), `.memsched-report-${randomUUID()}.tmp`);
  const fd = openSync(beside, 'wx', before === undefined ? NEW_FILE_MODE : before.mode & 0o777);
  try {
    writeFileSync(fd, html);
    renameSync(beside, path);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
}

/**
 * Finds out before a run whether its report can be written after it.
 *
 * @throws UsageError when it cannot.
 */
export function checkReportPath(path: string): void {
  if (path === '-')
    throw new UsageError(
      '--report takes a file, as stdout has the summary; afterwards, "memsched report -o -" prints it',
    );
  const folder = dirname(resolve(path));
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isDirectory() === true)
    throw new UsageError(
      `--report ${path} is a folder; name a file in it, such as ${join(path, 'report.html')}`,
    );
  try {
    accessSync(folder, constants.W_OK);
  } catch (error) {
    throw new UsageError(`--report ${path} cannot be written: ${describeError(error)}`);
  }
}

/** Writes the report of a run that has just ended. It can be made again from the journal, so trouble is only told. */
export function reportAfterRun(
  path: string,
  folder: RunFolder,
  warn: (sentence: string) => void,
): void {
  try {
    writeReport(path, reportOfRun(folder));
  } catch (error) {
    warn(
      `there is no report at ${path}: ${error instanceof Error ? error.message : String(error)}; "memsched report ${folder.runId}" tries again`,
    );
  }
}
