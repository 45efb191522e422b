import { mkdirSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { createCheckpointFolders } from '../adapters/checkpoints/checkpoint-folders.js';
import { systemClock } from '../adapters/clock/system-clock.js';
import { fileSizes } from '../adapters/host/file-sizes.js';
import { HostError } from '../adapters/host/host-error.js';
import { surveyedBudget, type HostSurvey } from '../adapters/host/survey.js';
import type { TierHere } from '../adapters/host/tier-choice.js';
import { JournalWriter } from '../adapters/journal/journal-writer.js';
import { logPaths, type RunFolder } from '../adapters/journal/run-folder.js';
import { bootId, markSupervised } from '../adapters/journal/supervisor-mark.js';
import { createLauncher } from '../adapters/process/launcher.js';
import { SMALLEST_BUDGET_BYTES } from '../core/budget.js';
import type { Priors } from '../core/knowledge.js';
import type { TaskRecord } from '../core/run-state.js';
import type { TaskId } from '../core/task-spec.js';
import { OutputMasks } from '../reporters/output-masks.js';
import { streamOutput, type Output } from '../reporters/output.js';
import type {
  CheckpointFolders,
  Launcher,
  LogKeeper,
  TaskHost,
  TaskSource,
} from '../supervisor/ports.js';
import type { Resumption } from '../supervisor/resume.js';
import { Supervisor, type RunEnd } from '../supervisor/supervisor.js';
import { formatBytes } from '../util/bytes.js';
import { newRun, type BegunRun } from './begin-run.js';
import type { CiFiles } from './ci-files.js';
import { ciSurroundings } from './ci-surroundings.js';
import { whileControlled } from './control.js';
import { requireDistinctFiles } from './distinct-files.js';
import { keepHeapLean } from './lean-heap.js';
import { hostFacts, type LoadedPlan } from './load-plan.js';
import { keeperOf } from './log-keeping.js';
import { makeHost } from './make-host.js';
import { openRunProfiles, warnIfGateIsIdle, type RunProfiles } from './profiles.js';
import { createReporters, type Face, type Reporters } from './reporters.js';
import { exitCodeAfterLoss, exitCodeOf, exitCodeOfCommand } from './run-exit-code.js';
import type { RunFiles } from './run-files.js';
import { keepPlace } from './run-origin.js';
import type { RunOptions } from './run-options.js';
import { catchSignals, onAnySignal, outliveSignals } from './signals.js';
import { ownVersion } from './version.js';
import { printableLines } from '../util/printable.js';

/** A run that can start now: the jobfile is right, the tier is chosen. */
export interface SessionOrder {
  readonly loaded: LoadedPlan;
  readonly survey: HostSurvey;
  readonly choice: TierHere;
  readonly options: RunOptions;
  /** Jobs that were chosen; absent or empty: all. */
  readonly jobs?: readonly string[];
  /** A run that goes on; absent: a new one. */
  readonly resumed?: BegunRun;
  /** Which command it is for: that decides what is shown, and where signals go. */
  readonly face: Face;
  /** Where tasks come from beside the plan's. */
  readonly source?: TaskSource;
  /** Logs are kept also where what they hold was passed on. */
  readonly keepLogs?: boolean;
}

/**
 * Runs a plan from its first event to its last: the composition root, where ports meet adapters.
 *
 * @returns the exit code.
 * @throws HostError when the state folder or the tree of cgroups cannot be made; nothing was started then.
 */
export async function runSession(order: SessionOrder): Promise<number> {
  const { loaded, options, choice, face } = order;
  requireBudget(order);
  requireDistinct(options, loaded);
  // One command is no reason to be lean: clearing up early would cost its start as much as it saves.
  if (face !== 'exec') keepHeapLean();
  const ci = await ciSurroundings(process.env);
  const { warn, showIn } = warnings(ci.text(streamOutput(process.stderr)));
  const report = await prepareReport(options.report, warn);
  const profiles = await openRunProfiles(options.profiles, loaded, warn);
  const ciFiles = await openCiFilesOf(options);
  const files = await openFiles(options, warn);
  const begun = order.resumed ?? newRun(order);
  const { folder } = begun;
  markSupervised(folder);
  keepPlace(folder, choice);
  profiles.sink.emit(begun.unlearned);
  const logs = { ...logPaths(folder), masks: new OutputMasks() };
  const checkpoints = createCheckpointFolders(folder.checkpointsPath, warn);
  let supervisor: Supervisor | undefined;
  const reporters = await createReporters({
    options,
    face,
    choice,
    warn,
    logs,
    files,
    ci,
    ciFiles,
    keepLogs: face === 'run' || order.keepLogs === true,
    launchOf: (task) => supervisor?.launchOf(task),
    onUnread: () => supervisor?.requestStop('SIGPIPE'),
  });
  showIn(reporters);
  if (ciFiles !== undefined || ci.masks) retell(begun, reporters);
  const journal = openJournal(begun, warn);
  for (const warning of loaded.plan.warnings) warn(`warning: ${warning}`);
  if (options.profiles.kind !== 'none')
    warnIfGateIsIdle(loaded.plan, profiles.priors, choice.tier, warn);
  mkdirSync(folder.statusPath, { mode: 0o700, recursive: true });
  const host = openHost(order, begun, warn, (task) => supervisor?.state.tasks.get(task));
  // Where the host has put us, and as protected: a helper process inherits both.
  const launcher = openLauncher(order, folder, warn);
  const source = order.source && heldBack(order.source, () => reporters.room());
  let end: RunEnd;
  let known: Priors | undefined;
  let learning: Promise<void> | undefined;
  try {
    const held = await begun.lock;
    const ports = { host, launcher, journal, checkpoints, source };
    const parts = { ...begun, ...ports, loaded, reporters, profiles };
    supervisor = makeSupervisor({ ...parts, logKeeper: keeperOf(order, logs, warn) });
    const control = { supervisor, folder, host: hostFacts(order.survey), warn };
    const supervised = supervisor;
    end = await whileControlled(control, () => supervise(supervised, reporters, face, warn));
    held?.release();
    known = supervisor.knownGroups;
  } finally {
    await launcher.close();
    for (const path of await host.dispose()) warn(`could not be removed: ${path}`);
    // A process takes the lock for it: none may be started before the tree is gone, which it would be born in.
    if (known !== undefined) learning = profiles.store(known);
    await checkpoints.close();
    journal.close();
  }
  await closeUnlessTold(reporters, end);
  await learning;
  report?.(folder);
  // What stdout says to the last write comes a turn of the event loop later.
  await setImmediate();
  const code = face === 'exec' ? exitCodeOfCommand(end) : exitCodeOf(end);
  return exitCodeAfterLoss(code, reporters.lost());
}

/** Says what is left to say; a signal that comes now cuts it short. */
async function closeUnlessTold(reporters: Reporters, { state }: RunEnd): Promise<void> {
  const release = onAnySignal(() => {
    reporters.abandon();
  });
  await reporters.close(state);
  release();
}

/** Warnings go to stderr, from `showIn` on by way of the view that may be drawn there. */
function warnings(stderr: Output): {
  readonly warn: (sentence: string) => void;
  readonly showIn: (view: Pick<Reporters, 'say'>) => void;
} {
  let say: Reporters['say'] = () => false;
  return {
    warn: (sentence) => {
      const line = `memsched: ${printableLines(sentence)}`;
      if (!say(line)) stderr.write(`${line}\n`);
    },
    showIn: (view) => {
      say = view.say;
    },
  };
}

type Warn = (sentence: string) => void;

/** Files that tell of a whole run have to know what happened before it was resumed. */
function retell(begun: BegunRun, reporters: Reporters): void {
  begun.retell?.((event, state) => {
    reporters.catchUp(event, state);
  });
}

/** What goes on is written behind what is there. */
function openJournal({ folder, resumption }: BegunRun, warn: Warn): JournalWriter {
  const { journalPath } = folder;
  return resumption === undefined
    ? JournalWriter.create(journalPath, { onTrouble: warn })
    : JournalWriter.reopen(journalPath, { onTrouble: warn });
}

function openHost(
  { survey, choice, loaded }: SessionOrder,
  { folder, cookie, resumption }: BegunRun,
  warn: Warn,
  recordOf: (task: TaskId) => TaskRecord | undefined,
): TaskHost {
  return makeHost({
    survey,
    choice,
    plan: loaded.plan,
    runId: folder.runId,
    cookie,
    keepsTree: resumption !== undefined,
    warn,
    indexOf: (task) => recordOf(task)?.spec.index,
  });
}

function openLauncher(
  { face, options }: SessionOrder,
  { runId, statusPath }: RunFolder,
  warn: Warn,
): Launcher {
  return createLauncher({
    statusDir: statusPath,
    warn,
    // Nobody comes for what a helper of another command would leave.
    ...(face === 'run' ? { runId } : {}),
    ...inherited(face, options),
  });
}

/** Most runs have none. */
async function openFiles(options: RunOptions, warn: Warn): Promise<RunFiles> {
  if (options.events === undefined && options.joblog === undefined) return NO_FILES;
  const { openRunFiles } = await import('./run-files.js');
  return openRunFiles(options, warn);
}

const NO_FILES: RunFiles = { events: undefined, joblog: undefined };

/** What `exec` passes on goes past us: a program may ask whether it speaks to a terminal. */
function inherited(face: Face, { output }: RunOptions): { readonly inherit?: 'stdin' | 'all' } {
  if (face !== 'exec') return {};
  return { inherit: output === undefined ? 'all' : 'stdin' };
}

/** No more tasks are taken while readers of the output lag far behind. */
function heldBack(source: TaskSource, room: () => Promise<void>): TaskSource {
  return {
    async next(atMost) {
      await room();
      return source.next(atMost);
    },
    close: () => {
      source.close();
    },
  };
}

/** @throws UsageError when two files that the run reads or writes are one. */
function requireDistinct(options: RunOptions, { path, command }: LoadedPlan): void {
  const { ciPaths, events, joblog, profiles } = options;
  requireDistinctFiles({
    'the jobfile': path === '-' || command !== undefined ? undefined : path,
    '--profile-file': profiles.kind === 'file' ? profiles.path : undefined,
    '--events': events,
    '--joblog': joblog?.path,
    '--report': options.report,
    '--junit': ciPaths.junit,
    '--summary': ciPaths.summary,
    '--metrics': ciPaths.metrics,
  });
}

/** @throws UsageError when one of the files that are kept up to date cannot be written. */
async function openCiFilesOf({ ciPaths }: RunOptions): Promise<CiFiles | undefined> {
  if (Object.values(ciPaths).every((wanted) => wanted === undefined)) return undefined;
  const { openCiFiles } = await import('./ci-files.js');
  return openCiFiles(ciPaths);
}

/** How to write the report at the end; undefined when none is wanted, and then nothing of it is loaded. */
async function prepareReport(
  path: string | undefined,
  warn: (sentence: string) => void,
): Promise<((folder: RunFolder) => void) | undefined> {
  if (path === undefined) return undefined;
  const { checkReportPath, reportAfterRun } = await import('./report-file.js');
  checkReportPath(path);
  return (folder) => {
    reportAfterRun(path, folder, warn);
  };
}

function requireBudget({ survey, loaded }: SessionOrder): void {
  const { budgetBytes, outsideBytes } = surveyedBudget(survey, loaded.plan.config.budget);
  if (budgetBytes >= SMALLEST_BUDGET_BYTES) return;
  throw new HostError(
    `only ${formatBytes(budgetBytes)} of memory is left for tasks, less than ${formatBytes(SMALLEST_BUDGET_BYTES)}: others use ${formatBytes(outsideBytes)}`,
    'ps -eo pid,rss,comm --sort=-rss | head # see who, and end what is not needed',
  );
}

interface SupervisorOrder {
  readonly loaded: LoadedPlan;
  readonly folder: RunFolder;
  readonly host: TaskHost;
  readonly launcher: Launcher;
  readonly journal: JournalWriter;
  readonly checkpoints: CheckpointFolders;
  readonly reporters: Reporters;
  readonly profiles: RunProfiles;
  readonly source: TaskSource | undefined;
  readonly logKeeper: LogKeeper | undefined;
  readonly resumption?: Resumption;
}

function makeSupervisor(order: SupervisorOrder): Supervisor {
  const { loaded, folder, host, launcher, journal, checkpoints, reporters, profiles } = order;
  const { source, logKeeper, resumption } = order;
  const supervisor: Supervisor = new Supervisor({
    plan: loaded.plan,
    priors: profiles.priors,
    clock: systemClock,
    host,
    launcher,
    inputs: fileSizes,
    logs: logPaths(folder),
    checkpoints,
    ...(source === undefined ? {} : { source }),
    ...(logKeeper === undefined ? {} : { logKeeper }),
    ...(resumption === undefined ? {} : { resumption }),
    sink: {
      emit(events) {
        journal.emit(events);
        profiles.sink.emit(events);
        for (const event of events) reporters.event(event, supervisor.state);
      },
    },
    about: {
      runId: folder.runId,
      bootId: bootId(),
      pid: process.pid,
      memsched: ownVersion(),
      jobfile: loaded.path,
      ...(profiles.file === undefined ? {} : { profileFile: profiles.file }),
    },
  });
  return supervisor;
}

/** From the first tick to the last; in between signals become requests, and the reporters see time go by. */
async function supervise(
  supervisor: Supervisor,
  reporters: Reporters,
  face: Face,
  warn: (sentence: string) => void,
): Promise<RunEnd> {
  outliveSignals();
  const release = catchSignals({
    onStop: (signal) => {
      if (face === 'exec') supervisor.passSignal(signal);
      else supervisor.requestStop(signal);
    },
    ...(face === 'exec'
      ? {
          onOther: (signal: NodeJS.Signals) => {
            supervisor.passSignal(signal);
          },
        }
      : {}),
    onPause: () => {
      warn('a run cannot be paused with Ctrl-Z: its tasks would go on with nobody watching');
    },
  });
  const { tickEveryMs } = reporters;
  const tick = (): void => {
    reporters.tick(supervisor.state, supervisor.nowMs());
  };
  const timer = tickEveryMs === undefined ? undefined : setInterval(tick, tickEveryMs);
  try {
    return await new Promise<RunEnd>((resolve) => {
      supervisor.start(resolve);
    });
  } finally {
    clearInterval(timer);
    release();
  }
}
