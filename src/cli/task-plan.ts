import { basename } from 'node:path';
import { autoMaxPids } from '../adapters/host/pids-room.js';
import { surveyedBudget, type HostSurvey } from '../adapters/host/survey.js';
import { defaultGroup } from '../adapters/jobfile/group-key.js';
import { loadJobfile, type Override } from '../adapters/jobfile/load.js';
import { projectDirOf } from '../adapters/jobfile/project-dir.js';
import type { PlannedTask } from '../supervisor/ports.js';
import type { RunPlan } from '../supervisor/run-plan.js';
import { present } from '../util/assert.js';
import type { TaskOptions } from './task-options.js';

/** A command that takes the place of a jobfile. */
export interface TaskPlanOrder {
  /** The words of the command, as typed: tells its group from others. */
  readonly words: readonly string[];
  readonly task: TaskOptions;
  readonly overrides: readonly Override[];
  readonly survey: HostSurvey;
}

/** A run of tasks that are all alike, and what they are like. */
export interface TaskPlan {
  readonly plan: RunPlan;
  readonly task: PlannedTask;
}

/**
 * Validates what the options say of a command's tasks, by the same rules as a jobfile with one job.
 *
 * @throws JobfileError, with everything that is wrong.
 */
export function planTask({ words, task, overrides, survey }: TaskPlanOrder): TaskPlan {
  const job = jobName(words);
  const baseDir = process.cwd();
  const projectDir = projectDirOf(baseDir);
  const { capacityBytes, ceilingBytes } = surveyedBudget(survey, { kind: 'auto' });
  const group =
    task.group ?? defaultGroup({ job, command: words, cwd: task.cwd, baseDir, projectDir });
  const loaded = loadJobfile(Buffer.from(JSON.stringify(jobfile(job, group, task.cwd))), {
    path: 'command line',
    baseDir,
    projectDir,
    host: {
      baseBytes: capacityBytes,
      autoBudgetBytes: ceilingBytes,
      cpus: survey.cpus,
      autoMaxPids: autoMaxPids(survey.pids),
    },
    overrides: [...overrides, ...task.overrides(job)],
    select: [],
  });
  if (!loaded.ok) throw loaded.error;
  const { tasks, launches } = loaded.value;
  const spec = present(tasks[0], 'a jobfile with one job has a task');
  const launch = present(launches.get(spec.id), 'a task has something to run');
  return {
    plan: loaded.value,
    task: { spec, launch: { ...launch, env: { ...launch.env, ...task.env } } },
  };
}

/** What it runs is put in later. */
function jobfile(job: string, group: string, cwd: string | undefined): unknown {
  return {
    version: 1,
    name: job,
    jobs: { [job]: { run: ['true'], group, ...(cwd === undefined ? {} : { cwd }) } },
  };
}

const NAME_MAX_CHARS = 40;

/** The name of the program, as a job may be called. */
function jobName([first = '']: readonly string[]): string {
  const program = basename(first.trim().split(/\s/, 1)[0] ?? '');
  const name = program.replaceAll(/[^A-Za-z0-9_-]+/g, '_').slice(0, NAME_MAX_CHARS);
  if (/^_*$/.test(name)) return 'task';
  return name.startsWith('-') ? `_${name}` : name;
}
