import type { TaskId } from '../../core/task-spec.js';
import type { LaunchSpec } from '../../supervisor/ports.js';
import type { RunPlan } from '../../supervisor/run-plan.js';
import { err, ok, type Result } from '../../util/result.js';
import { runConfig, warnUnused, type HostFacts } from './config.js';
import { expandJob, type PlannedTask, type RunContext } from './expand.js';
import { checkNeeds, selectJobs } from './graph.js';
import { JobfileError } from './jobfile-error.js';
import { jobsOf, type Job } from './jobs.js';
import { applyOverrides, type Override } from './overrides.js';
import { MAX_JOBFILE_BYTES, parseYaml } from './parse-yaml.js';
import { Report } from './report.js';
import { SourceText } from './source-text.js';
import { validate, type Validated } from './validate.js';

export { JobfileError, type Diagnostic } from './jobfile-error.js';
export { MAX_JOBFILE_BYTES } from './parse-yaml.js';
export type { HostFacts } from './config.js';
export type { Override } from './overrides.js';

/** What loading a jobfile needs to know beside its content. */
export interface LoadOptions {
  /** As typed; `-` is the standard input. */
  readonly path: string;
  /** Absolute: `cwd` is relative to it, and `stdin` to the job's `cwd`. */
  readonly baseDir: string;
  /** Absolute: the project that the jobfile is part of; default: `baseDir`. Groups are told apart from here. */
  readonly projectDir?: string;
  readonly host: HostFacts;
  /** Values of options, laid over the file in order. */
  readonly overrides: readonly Override[];
  /** Jobs to run, with their needs; empty: all. */
  readonly select: readonly string[];
}

/**
 * Reads, validates and expands a jobfile. Touches no file and throws nothing: everything that is wrong with the content
 * or the options comes back as one {@link JobfileError}.
 */
export function loadJobfile(
  content: Uint8Array,
  options: LoadOptions,
): Result<RunPlan, JobfileError> {
  const file = options.path === '-' ? '<stdin>' : options.path;
  const decoded = decode(content, file);
  if (!decoded.ok) return decoded;
  const report = new Report(new SourceText(file, decoded.value));
  const parsed = parseYaml(report);
  if (parsed === undefined) return err(new JobfileError(report.diagnostics));
  const root = applyOverrides(parsed, options.overrides, report);
  const validated = validate(root, report);
  const plan = validated === undefined ? undefined : expandAll(validated, options, report);
  return plan === undefined || report.diagnostics.length > 0
    ? err(new JobfileError(report.diagnostics))
    : ok(plan);
}

function decode(content: Uint8Array, file: string): Result<string, JobfileError> {
  const fault = (message: string, mend: string) => err(new JobfileError([{ file, message, mend }]));
  if (content.length > MAX_JOBFILE_BYTES) {
    const mib = (bytes: number): string => `${String(Math.ceil(bytes / 1024 / 1024))} MiB`;
    return fault(
      `the jobfile has ${mib(content.length)}, more than the ${mib(MAX_JOBFILE_BYTES)} that are read`,
      'is this the right file? A matrix makes many tasks from few lines',
    );
  }
  try {
    return ok(new TextDecoder('utf-8', { fatal: true }).decode(content));
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const offset = firstBadByte(content);
    return fault(`the jobfile is not UTF-8: see byte ${String(offset)}`, 'save it as UTF-8');
  }
}

/** Offset of the first byte that is not part of valid UTF-8, by halving. */
function firstBadByte(content: Uint8Array): number {
  let good = 0;
  let bad = content.length;
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2);
    if (isPrefixOfUtf8(content.subarray(0, middle))) good = middle;
    else bad = middle;
  }
  return good;
}

function isPrefixOfUtf8(content: Uint8Array): boolean {
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(content, { stream: true });
    return true;
  } catch (error) {
    if (error instanceof TypeError) return false;
    throw error;
  }
}

function expandAll(
  validated: Validated,
  options: LoadOptions,
  report: Report,
): RunPlan | undefined {
  const { input, root, jobNames } = validated;
  const { host, baseDir, projectDir = baseDir, select } = options;
  const config = runConfig(input, root, host, report);
  const context: RunContext = {
    config,
    host,
    budgetBytes: config.budget.kind === 'auto' ? host.autoBudgetBytes : config.budget.bytes,
    baseDir,
    projectDir,
    report,
    broken: validated.brokenTop,
    usedGroups: new Set(),
    usedResources: new Set(),
  };
  const jobs = jobsOf(input, root);
  checkNeeds(jobs, jobNames, report);
  const chosen = new Set(selectJobs(jobs, select, report));
  const tasks: PlannedTask[] = [];
  for (const job of jobs) {
    // Jobs that are not to run are checked all the same, but count as nothing.
    const made = expandJob(
      job,
      validated.brokenKeys(job.name),
      chosen.has(job) ? tasks.length : 0,
      context,
    );
    if (chosen.has(job)) for (const task of made) tasks.push(task);
  }
  warnUnused(config, context.usedGroups, context.usedResources, report);
  if (report.diagnostics.length > 0) return undefined;
  return {
    config,
    tasks: tasks.map((task) => task.spec),
    launches: launchesOf(tasks, jobs, report),
    warnings: report.warnings,
  };
}

function launchesOf(
  tasks: readonly PlannedTask[],
  jobs: readonly Job[],
  report: Report,
): ReadonlyMap<TaskId, LaunchSpec> {
  const launches = new Map<TaskId, LaunchSpec>();
  for (const { spec, launch } of tasks) {
    if (launches.has(spec.id)) {
      const job = jobs.find((one) => one.name === spec.job);
      const fault = {
        message: `two tasks would have the id "${spec.id}"`,
        mend: 'rename the job or change the matrix value',
      };
      if (job === undefined) report.general(fault);
      else report.at(job.origin('matrix'), fault);
    }
    launches.set(spec.id, launch);
  }
  return launches;
}
