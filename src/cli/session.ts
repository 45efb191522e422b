import { mkdirSync } from 'node:fs';
import { createCgroupHost } from '../adapters/cgroup/cgroup-host.js';
import { systemClock } from '../adapters/clock/system-clock.js';
import { fileSizes } from '../adapters/host/file-sizes.js';
import { HostError } from '../adapters/host/host-error.js';
import { surveyedBudget, type HostSurvey } from '../adapters/host/survey.js';
import type { TierHere } from '../adapters/host/tier-choice.js';
import { JournalWriter } from '../adapters/journal/journal-writer.js';
import { keepJobfile, logPaths, type RunFolder } from '../adapters/journal/run-folder.js';
import { lockRun, type RunLock } from '../adapters/journal/run-lock.js';
import { openRunStore } from '../adapters/journal/run-store.js';
import { bootId, markSupervised } from '../adapters/journal/supervisor-mark.js';
import { createLauncher } from '../adapters/process/launcher.js';
import { createProcfsHost } from '../adapters/procfs/procfs-host.js';
import type { RunEvent } from '../core/events.js';
import type { Priors } from '../core/knowledge.js';
import type { AttemptRef } from '../core/observation.js';
import type { RunState } from '../core/run-state.js';
import { streamOutput } from '../reporters/output.js';
import type { Launcher, TaskHost } from '../supervisor/ports.js';
import type { Resumption } from '../supervisor/resume.js';
import { Supervisor, type RunEnd } from '../supervisor/supervisor.js';
import type { RunPlan } from '../supervisor/run-plan.js';
import { present } from '../util/assert.js';
import { formatBytes, MiB } from '../util/bytes.js';
import type { CiFiles } from './ci-files.js';
import { ciSurroundings } from './ci-surroundings.js';
import { openControl } from './control.js';
import { EXIT, exitCodeForSignal } from './exit-codes.js';
import { keepHeapLean } from './lean-heap.js';
import { hostFacts, type LoadedPlan } from './load-plan.js';
import { openRunProfiles, warnIfGateIsIdle, type RunProfiles } from './profiles.js';
import { createReporters, openEvents, type Reporters } from './reporters.js';
import { keepOrigin, keepPlace, type RunOrigin } from './run-origin.js';
import type { RunOptions } from './run-options.js';
import { catchSignals, outliveSignals } from './signals.js';
import { ownVersion } from './version.js';

/** Between two looks of the reporters at the time. */
const REPORT_EVERY_MS = 100;

/** A run that can start now: the jobfile is right, the tier is chosen. */
export interface SessionOrder {
  readonly loaded: LoadedPlan;
  readonly survey: HostSurvey;
  readonly choice: TierHere;
  readonly options: RunOptions;
  /** Jobs that were chosen; empty: all. */
  readonly jobs: readonly string[];
  /** A run that goes on; absent: a new one. */
  readonly resumed?: ResumedRun;
}

/** A run that was begun by another process, and that this one may supervise. */
export interface ResumedRun {
  readonly folder: RunFolder;
  readonly lock: RunLock;
  readonly origin: RunOrigin;
  readonly resumption: Resumption;
  /** Events of before, as far as the profiles have still to learn from them. */
  readonly unlearned: readonly RunEvent[];
}

/**
 * Runs a plan from its first event to its last: the composition root, where ports meet adapters.
 *
 * @returns the exit code.
 * @throws HostError when the state folder or the tree of cgroups cannot be made; nothing was started then.
 */
export async function runSession(order: SessionOrder): Promise<number> {
  const { loaded, options, choice } = order;
  requireBudget(order);
  keepHeapLean();
  const ci = await ciSurroundings(process.env);
  const stderr = ci.text(streamOutput(process.stderr));
  const warn = (sentence: string): void => {
    stderr.write(`memsched: ${sentence}\n`);
  };
  const report = await prepareReport(options.report, warn);
  const profiles = await openRunProfiles(options.profiles, loaded, warn);
  const ciFiles = await openFiles(options, loaded);
  const events = options.events === undefined ? undefined : openEvents(options.events);
  const { folder, origin, resumption, unlearned, lock } = order.resumed ?? newRun(order);
  markSupervised(folder);
  keepPlace(folder, choice);
  profiles.sink.emit(unlearned);
  const logs = logPaths(folder);
  const reporters = await createReporters({ options, choice, warn, logs, events, ci, ciFiles });
  const journal =
    resumption === undefined
      ? JournalWriter.create(folder.journalPath, { onTrouble: warn })
      : JournalWriter.reopen(folder.journalPath, { onTrouble: warn });
  for (const warning of loaded.plan.warnings) warn(`warning: ${warning}`);
  if (options.profiles.kind !== 'none')
    warnIfGateIsIdle(loaded.plan, profiles.priors, choice.tier, warn);
  mkdirSync(folder.statusPath, { mode: 0o700, recursive: true });
  const host = makeHost(order, { folder, origin }, warn);
  // Where the host has put us, and as protected: a helper process inherits both.
  const launcher = createLauncher({ statusDir: folder.statusPath, runId: folder.runId, warn });
  let end: RunEnd;
  let known: Priors;
  try {
    const held = await lock;
    const parts = { loaded, folder, host, launcher, journal, reporters, profiles, resumption };
    const supervisor = makeSupervisor(parts);
    const control = openControl({ supervisor, folder, host: hostFacts(order.survey), warn });
    end = await supervise(supervisor, reporters, warn);
    (await control).close();
    held.release();
    known = supervisor.knownGroups;
  } finally {
    await launcher.close();
    for (const path of await host.dispose()) warn(`could not be removed: ${path}`);
    journal.close();
  }
  await reporters.close(end.state);
  await profiles.store(known);
  report?.(folder);
  return exitCodeOf(end);
}

/** Makes the folder of a new run, with all that is needed to go on with it one day. */
function newRun({ loaded, options, jobs }: SessionOrder): BegunRun {
  const folder = openRunStore().create(loaded.plan.config.name, systemClock.epochMs());
  keepJobfile(folder, loaded.content);
  const { overrides, tier, profiles } = options;
  const { baseDir } = loaded;
  const origin = keepOrigin(folder, { baseDir, jobs: [...jobs], overrides, tier, profiles });
  return { folder, origin, resumption: undefined, unlearned: [], lock: lockNew(folder) };
}

interface BegunRun extends Omit<ResumedRun, 'lock' | 'resumption'> {
  readonly resumption: Resumption | undefined;
  /** It is on its way while the run is prepared. */
  readonly lock: Promise<RunLock> | RunLock;
}

/** Nobody else knows of the folder yet. */
async function lockNew(folder: RunFolder): Promise<RunLock> {
  const lock = await lockRun(folder);
  if (lock.ok) return lock.value;
  throw new HostError(lock.error, 'memsched ps');
}

/** @throws UsageError when one of the files that are kept up to date cannot be written. */
async function openFiles(
  { ciPaths, events, profiles }: RunOptions,
  { path }: LoadedPlan,
): Promise<CiFiles | undefined> {
  if (Object.values(ciPaths).every((wanted) => wanted === undefined)) return undefined;
  const { openCiFiles } = await import('./ci-files.js');
  return openCiFiles(ciPaths, {
    'the jobfile': path === '-' ? undefined : path,
    '--events': events,
    '--profile-file': profiles.kind === 'file' ? profiles.path : undefined,
  });
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

/** With less than this nothing of note can run. */
const SMALLEST_BUDGET_BYTES = 64 * MiB;

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
  readonly reporters: Reporters;
  readonly profiles: RunProfiles;
  readonly resumption: Resumption | undefined;
}

function makeSupervisor(order: SupervisorOrder): Supervisor {
  const { loaded, folder, host, launcher, journal, reporters, profiles, resumption } = order;
  const supervisor: Supervisor = new Supervisor({
    plan: loaded.plan,
    priors: profiles.priors,
    ...(resumption === undefined ? {} : { resumption }),
    clock: systemClock,
    host,
    launcher,
    inputs: fileSizes,
    logs: logPaths(folder),
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

function makeHost(
  { survey, choice, loaded, resumed }: SessionOrder,
  { folder, origin }: Pick<ResumedRun, 'folder' | 'origin'>,
  warn: (sentence: string) => void,
): TaskHost {
  const common = {
    budget: loaded.plan.config.budget,
    limits: survey.cgroups.limits,
    nameOf: attemptNames(loaded.plan),
    now: () => systemClock.monotonicMs(),
    procPath: survey.procPath,
  };
  if (choice.tier === 'procfs') return createProcfsHost({ ...common, cookie: origin.cookie, warn });
  const { tier, rootDirectory } = choice;
  const { safeBrake } = survey.features;
  const host = createCgroupHost({
    ...common,
    tier,
    rootDirectory,
    runId: folder.runId,
    keepsTree: resumed !== undefined,
    safeBrake,
    warn,
  });
  if (!host.ok) throw host.error;
  return host.value;
}

/** `task-<index>.<attempt>`: short, unique, and never the name of one of the kernel's own files. */
function attemptNames(plan: RunPlan): (ref: AttemptRef) => string {
  const indexes = new Map(plan.tasks.map(({ id, index }) => [id, index]));
  return ({ task, attempt }) =>
    `task-${present(indexes.get(task), `task ${task} was planned`)}.${attempt}`;
}

/** From the first tick to the last; in between signals become requests, and the reporters see time go by. */
async function supervise(
  supervisor: Supervisor,
  reporters: Reporters,
  warn: (sentence: string) => void,
): Promise<RunEnd> {
  outliveSignals();
  const release = catchSignals({
    onStop: (signal) => {
      supervisor.requestStop(signal);
    },
    onPause: () => {
      warn('a run cannot be paused with Ctrl-Z: its tasks would go on with nobody watching');
    },
  });
  const timer = setInterval(() => {
    reporters.tick(supervisor.state, supervisor.nowMs());
  }, REPORT_EVERY_MS);
  try {
    return await new Promise<RunEnd>((resolve) => {
      supervisor.start(resolve);
    });
  } finally {
    clearInterval(timer);
    release();
  }
}

function exitCodeOf(end: RunEnd): number {
  if (end.kind === 'broken') throw end.error;
  const { stop } = end.state;
  if (stop !== undefined) return exitCodeForSignal(stop.signal as NodeJS.Signals);
  return allSucceeded(end.state) && end.state.grown.length === 0 ? EXIT.ok : EXIT.tasksFailed;
}

function allSucceeded(state: RunState): boolean {
  return state.counts.outcomes.get('succeeded') === state.tasks.size || state.tasks.size === 0;
}
