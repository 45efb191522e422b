import { resolve } from 'node:path';
import { DEFAULT_STRATEGY } from '../../core/learning/default-strategy.js';
import type { RunConfig, TaskSpec } from '../../core/task-spec.js';
import type { LaunchSpec } from '../../supervisor/ports.js';
import { jobCheckpoint, type JobCheckpoint } from './checkpoint.js';
import { jobCommand, type JobCommand } from './command.js';
import type { HostFacts } from './config.js';
import { defaultGroup } from './group-key.js';
import { jobEnv } from './job-env.js';
import { jobRows } from './job-matrix.js';
import { memorySpec, PartReader, retrySpec } from './job-parts.js';
import type { Job } from './jobs.js';
import type { Row } from './matrix.js';
import { pressurePlan } from './on-pressure.js';
import { quote } from './printable.js';
import type { Report } from './report.js';
import { suggest } from '../../util/suggest.js';
import { taskIds } from './task-ids.js';
import { readText, type JobText } from './texts.js';

/** How many tasks one run may have. */
export const MAX_TASKS = 1_000_000;

/** The longest name of a profile group. */
const GROUP_MAX_CHARS = 200;

/** What all jobs of a run share. */
export interface RunContext {
  readonly config: RunConfig;
  readonly host: HostFacts;
  readonly budgetBytes: number;
  readonly baseDir: string;
  readonly projectDir: string;
  readonly report: Report;
  /** Keys of the top level that were refused already: what refers to them is not judged. */
  readonly broken: ReadonlySet<string>;
  readonly usedGroups: Set<string>;
  readonly usedResources: Set<string>;
}

/** A task and how to start it. */
export interface PlannedTask {
  readonly spec: TaskSpec;
  readonly launch: LaunchSpec;
}

/**
 * All tasks of a job; faults are reported.
 *
 * @param broken - keys of the job that were refused already: nothing more is said of them.
 * @param firstIndex - position of the job's first task in the run.
 */
export function expandJob(
  job: Job,
  broken: ReadonlySet<string>,
  firstIndex: number,
  context: RunContext,
): readonly PlannedTask[] {
  const { report } = context;
  if (broken.has('matrix')) return [];
  const expanded = jobRows(job, MAX_TASKS - firstIndex, report);
  if (expanded === undefined) return [];
  const { rows, keys } = expanded;
  const command =
    broken.has('run') || broken.has('shell') ? undefined : jobCommand(job, keys, report);
  const maker = new TaskMaker(job, keys, command, context);
  const ids = taskIds(job.name, rows);
  const tasks = rows.map((row, index) =>
    maker.make(row, ids[index] ?? job.name, firstIndex + index),
  );
  warnOfJob(job, tasks, command, report);
  return tasks;
}

const NOTHING: JobCommand = {
  forRow: () => ({ kind: 'argv', argv: [] }),
  words: [],
  appends: false,
};

class TaskMaker {
  readonly #reader: PartReader;
  readonly #env: (row: Row) => Readonly<Record<string, string>>;
  readonly #command: JobCommand;
  readonly #checkpoint: JobCheckpoint | undefined;
  readonly #inputs: readonly JobText[];
  readonly #texts: Readonly<Record<'group' | 'concurrency' | 'cwd' | 'stdin', JobText | undefined>>;
  readonly #checked = new Set<string>();
  readonly #defaultGroup: string;
  readonly #needs: readonly string[];
  /** What is the same in all rows, made once. */
  #shared: Pick<TaskSpec, 'memory' | 'retries' | 'resources'> | undefined;
  readonly #sharable: boolean;

  constructor(
    readonly job: Job,
    readonly keys: readonly string[],
    command: JobCommand | undefined,
    readonly context: RunContext,
  ) {
    const { report } = context;
    this.#reader = new PartReader(job, keys, report);
    this.#env = jobEnv(job, keys, report);
    this.#command = command ?? NOTHING;
    this.#checkpoint = jobCheckpoint(job, keys, report);
    this.#needs = job.needs;
    const text = (key: 'group' | 'concurrency' | 'cwd' | 'stdin'): JobText | undefined => {
      const value = job.input[key];
      return value === undefined
        ? undefined
        : readText(value, job.origin(key), `${key} of job ${quote(job.name)}`, keys, report);
    };
    this.#texts = {
      group: text('group'),
      concurrency: text('concurrency'),
      cwd: text('cwd'),
      stdin: text('stdin'),
    };
    this.#defaultGroup = defaultGroup({
      job: job.name,
      command: this.#command.words,
      cwd: this.#texts.cwd?.text,
      baseDir: context.baseDir,
      projectDir: context.projectDir,
    });
    this.#inputs = inputTexts(job, keys, report);
    const { memory, retries, resources } = job.input;
    this.#sharable = !JSON.stringify([memory, retries, resources]).includes('"template"');
  }

  make(row: Row, id: string, index: number): PlannedTask {
    const { input, name } = this.job;
    const reader = this.#reader;
    const shared = this.#sharedFor(row);
    const timeoutMs = reader.read('timeout', input.timeout, row, ['timeout']);
    const concurrency = this.#concurrency(row);
    const { maySuspend, preemptible } = pressurePlan(
      reader.read('preemptible', input.preemptible, row, ['preemptible']) ?? 0,
      input.on_pressure,
      this.job.own.on_pressure !== undefined,
    );
    const spec: TaskSpec = {
      id,
      index,
      job: name,
      matrix: row,
      needs: this.#needs,
      when: input.when ?? 'success',
      ...shared,
      cpus: this.#cpus(row),
      preemptible,
      onPreempt: {
        signal: input.on_preempt?.signal ?? 'SIGTERM',
        graceMs: input.on_preempt?.grace ?? 5000,
      },
      ...(maySuspend ? { maySuspend } : {}),
      ...(this.#checkpoint === undefined ? {} : { checkpoint: this.#checkpoint.spec }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
      priority: reader.read('priority', input.priority, row, ['priority']) ?? 0,
      group: this.#group(row),
      profile: input.profile ?? DEFAULT_STRATEGY,
      ...(this.#inputs.length > 0 || this.#texts.stdin !== undefined ? { hasInputs: true } : {}),
      ...(concurrency === undefined ? {} : { concurrency }),
    };
    return { spec, launch: this.#launch(row) };
  }

  #sharedFor(row: Row): Pick<TaskSpec, 'memory' | 'retries' | 'resources'> {
    if (this.#shared !== undefined) return this.#shared;
    const { host, budgetBytes } = this.context;
    const made = {
      memory: memorySpec(this.#reader, row, { host, budgetBytes }),
      retries: retrySpec(this.#reader, row),
      resources: this.#resources(row),
    };
    if (this.#sharable) this.#shared = made;
    return made;
  }

  #launch(row: Row): LaunchSpec {
    const cwd = resolve(this.context.baseDir, this.#texts.cwd?.fill(row) ?? '.');
    const stdin = this.#texts.stdin?.fill(row);
    const hook = this.#checkpoint?.hook;
    const inputs = this.#inputs.map((text) => resolve(cwd, text.fill(row)));
    return {
      command: this.#command.forRow(row),
      cwd,
      env: this.#env(row),
      ...(stdin === undefined ? {} : { stdin: resolve(cwd, stdin) }),
      ...(inputs.length === 0 ? {} : { inputs }),
      ...(hook === undefined ? {} : { checkpoint: hook.forRow(row) }),
    };
  }

  #cpus(row: Row): number | 'auto' {
    const { host, report } = this.context;
    const cpus = this.#reader.read('cpus', this.job.input.cpus, row, ['cpus']);
    if (cpus === undefined || cpus === 'auto') return 'auto';
    if (cpus > host.cpus) {
      report.at(this.job.origin('cpus'), {
        message: `job ${quote(this.job.name)} wants ${String(cpus)} processors, but this host has ${String(host.cpus)}`,
        mend: 'ask for fewer, or for 0 to leave processors out of it',
      });
    }
    return cpus;
  }

  #group(row: Row): string {
    const text = this.#texts.group;
    const name = text?.fill(row);
    if (text === undefined || name === undefined) return this.#defaultGroup;
    if (name.length > GROUP_MAX_CHARS) {
      this.context.report.at(text.origin, {
        message: `${text.place} is longer than ${String(GROUP_MAX_CHARS)} characters: ${quote(name)}`,
        mend: 'choose a short name; tasks of one name share a profile',
      });
    }
    return name;
  }

  #concurrency(row: Row): string | undefined {
    const text = this.#texts.concurrency;
    const name = text?.fill(row);
    if (text === undefined || name === undefined || this.#checked.has(name)) return name;
    this.#checked.add(name);
    const { config, report, usedGroups } = this.context;
    usedGroups.add(name);
    if (!Object.hasOwn(config.groups, name) && !this.context.broken.has('groups')) {
      const groups = Object.keys(config.groups);
      report.at(text.origin, {
        message: `${text.place}: there is no group ${quote(name)} under the top-level "groups"`,
        ...(groups.length === 0
          ? { mend: 'add it: groups: { NAME: { max_parallel: 4 } }' }
          : { allowed: groups }),
        ...suggest(name, groups),
      });
    }
    return name;
  }

  #resources(row: Row): Readonly<Record<string, number>> {
    const { config, report, usedResources } = this.context;
    const wanted: Record<string, number> = {};
    for (const [name, value] of Object.entries(this.job.input.resources ?? {})) {
      usedResources.add(name);
      const amount = this.#reader.read('count', value, row, ['resources', name]) ?? 0;
      wanted[name] = amount;
      const known = Object.keys(config.resources);
      const capacity = Object.hasOwn(config.resources, name) ? config.resources[name] : undefined;
      if (this.context.broken.has('resources')) continue;
      if (capacity === undefined) {
        report.at(this.job.keyOrigin('resources', name), {
          message: `job ${quote(this.job.name)} takes the resource ${quote(name)}, which has no capacity under the top-level "resources"`,
          ...(known.length === 0
            ? { mend: `add it: resources: { ${name}: ${String(amount)} }` }
            : { allowed: known }),
          ...suggest(name, known),
        });
      } else if (amount > capacity) {
        report.at(this.job.origin('resources', name), {
          message: `job ${quote(this.job.name)} takes ${String(amount)} of the resource ${quote(name)}, but there are only ${String(capacity)}`,
        });
      }
    }
    return wanted;
  }
}

function inputTexts(job: Job, keys: readonly string[], report: Report): readonly JobText[] {
  const { inputs = [] } = job.input;
  const place = `inputs of job ${quote(job.name)}`;
  if (typeof inputs === 'string')
    return [readText(inputs, job.origin('inputs'), place, keys, report)];
  return inputs.map((text, at) => readText(text, job.origin('inputs', at), place, keys, report));
}

function warnOfJob(
  job: Job,
  tasks: readonly PlannedTask[],
  command: JobCommand | undefined,
  report: Report,
): void {
  const preemptible = tasks.some((task) => task.spec.preemptible > 0);
  if (preemptible && command?.appends === true) {
    report.warn(
      `job ${quote(job.name)} may be preempted and run again, but its script appends to files (>>): a second attempt appends again.`,
    );
  }
  if (!preemptible && job.own.on_preempt !== undefined) {
    report.warn(`on_preempt of job ${quote(job.name)} has no effect: the job is not preemptible.`);
  }
  warnOfPressure(job, preemptible, report);
  const { required, stale } = job.own.checkpoint ?? {};
  if (!preemptible && (required === true || stale !== undefined)) {
    report.warn(
      `checkpoint of job ${quote(job.name)}: required and stale have no effect, as the job is not preemptible.`,
    );
  }
}

/** Where `preemptible` and `on_pressure` do not go together. */
function warnOfPressure(job: Job, preemptible: boolean, report: Report): void {
  const steps = job.own.on_pressure;
  const name = quote(job.name);
  if (steps === undefined) return;
  const isNever = job.input.preemptible === undefined || job.input.preemptible === 0;
  if (!steps.includes('preempt') && !isNever)
    report.warn(
      `preemptible of job ${name} has no effect: its on_pressure leaves preempt out, so it is never stopped for memory.`,
    );
  if (steps.includes('preempt') && !preemptible)
    report.warn(`preempt in on_pressure of job ${name} has no effect: the job is not preemptible.`);
}
