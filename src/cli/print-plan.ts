import Table from 'cli-table3';
import { announceTier, type TierChoice } from '../adapters/host/tier-choice.js';
import { surveyedBudget, type HostSurvey } from '../adapters/host/survey.js';
import type { Priors } from '../core/knowledge.js';
import { preview, type PreviewedStart, type PreviewedTask } from '../core/preview.js';
import { PREEMPTIBLE_LABELS } from '../core/task-spec.js';
import { counted, waitWords } from '../reporters/words.js';
import type { RunPlan } from '../supervisor/run-plan.js';
import { formatBytes } from '../util/bytes.js';
import { inputBytesOf } from './input-bytes.js';
import { print, tell } from './print.js';
import { printable, printableJson } from '../util/printable.js';

/** More rows than this help nobody; `--json` has them all. */
const ROWS_SHOWN = 200;

/** With this the table of usual names and sizes fits 80 columns. */
const STARTS_COLUMNS = 24;

/** What to print. */
export interface PlanView {
  readonly plan: RunPlan;
  readonly priors: Priors;
  readonly path: string;
  readonly survey: HostSurvey;
  readonly choice: TierChoice;
  readonly json: boolean;
}

/** Prints what a run would do: on stdout, a table or JSON lines; warnings on stderr. */
export async function printPlan(view: PlanView): Promise<void> {
  const { plan, priors, path, survey, choice, json } = view;
  const budget = surveyedBudget(survey, plan.config.budget);
  const host = {
    ...budget,
    availableBytes: survey.meminfo.availableBytes,
    usedBytes: 0,
    swapFreeBytes: 0,
    reclaimScans: 0,
    brakeEvents: 0,
  };
  const tasks = preview(plan.config, plan.tasks, host, {
    priors,
    inputBytesOf: inputBytesOf(plan),
  });
  for (const warning of plan.warnings) tell(`warning: ${warning}`);
  if (json) {
    for (const task of tasks) if (!(await print(printableJson(jsonRow(task))))) return;
    return;
  }
  const jobs = new Set(plan.tasks.map(({ job }) => job)).size;
  const origin =
    plan.config.budget.kind === 'auto'
      ? `auto, of ${formatBytes(budget.capacityBytes)}`
      : 'as told';
  await print(
    `${printable(path)}: ${counted(plan.tasks.length, 'task')} in ${counted(jobs, 'job')}\n` +
      `budget ${formatBytes(budget.budgetBytes)} (${origin}) · ${plan.config.cpus} cpus · ${announceTier(choice)}\n` +
      `${table(tasks)}\n${verdict(tasks, budget.budgetBytes * plan.config.overcommit)}`,
  );
}

function table(tasks: readonly PreviewedTask[]): string {
  const rows = new Table({
    head: ['#', 'task', 'memory', 'cpus', 'preemptible', 'starts'],
    style: { head: [], border: [], compact: true },
    // A reason is a sentence.
    wordWrap: true,
    colWidths: [null, null, null, null, null, STARTS_COLUMNS],
  });
  let above = '';
  for (const [at, task] of tasks.slice(0, ROWS_SHOWN).entries()) {
    const { spec, estimate, start } = task;
    const words = startWords(start);
    rows.push([
      at + 1,
      spec.id,
      `${formatBytes(estimate.bytes)} (${estimate.source})`,
      String(spec.cpus),
      PREEMPTIBLE_LABELS[spec.preemptible],
      // A sentence in every row would hide the rows.
      start.kind === 'waits' && words === above ? '″' : words,
    ]);
    above = words;
  }
  const left = tasks.length - ROWS_SHOWN;
  return left > 0
    ? `${rows.toString()}\n… and ${left} more (--json has them all)`
    : rows.toString();
}

function startWords(start: PreviewedStart): string {
  switch (start.kind) {
    case 'at-once':
      return 'at once';
    case 'waits':
      return waitWords(start.reason, 0);
    case 'queued':
      return 'later';
    case 'needs':
      return `after ${start.jobs.join(', ')}`;
  }
}

function verdict(tasks: readonly PreviewedTask[], allowanceBytes: number): string {
  const tooLarge = tasks.filter(({ estimate }) => estimate.bytes > allowanceBytes);
  if (tooLarge.length === 0)
    return `every task fits: claims may fill ${formatBytes(allowanceBytes)}`;
  const names = tooLarge.slice(0, 5).map(({ spec }) => spec.id);
  return `${tooLarge.length} of ${tasks.length} tasks claim more than the ${formatBytes(allowanceBytes)} that claims may fill and will run alone: ${names.join(', ')}${tooLarge.length > 5 ? ', …' : ''}`;
}

function jsonRow({ spec, estimate, start }: PreviewedTask): object {
  const { id, job, matrix, needs, cpus, preemptible, priority, group } = spec;
  return { task: id, job, matrix, needs, cpus, preemptible, priority, group, estimate, start };
}
