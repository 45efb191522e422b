import { Command } from 'commander';
import { chooseTier } from '../../adapters/host/tier-choice.js';
import { surveyHost } from '../../adapters/host/survey.js';
import { BYTES_GRAMMAR, parseBytes } from '../../util/bytes.js';
import { DURATION_GRAMMAR, parseDuration } from '../../util/duration.js';
import { UsageError } from '../errors.js';
import { examplesText } from '../examples.js';
import { loadPlan } from '../load-plan.js';
import { tell } from '../print.js';
import { printPlan } from '../print-plan.js';
import { lookAtProfiles } from '../profiles.js';
import { addPlanOptions, readRunOptions } from '../run-options.js';

const EXAMPLES = [
  ['memsched plan jobs.yaml', 'what would start at once, and why not the rest'],
  ['memsched plan jobs.yaml --simulate', 'how long it would take, here and on other machines'],
  [
    'memsched plan jobs.yaml --simulate --budget 16G --cpus 8',
    'the same on a machine that is not here',
  ],
] as const;

interface PlanOnly {
  readonly simulate?: true;
  readonly cpus?: string;
  readonly assumeDuration?: string;
  readonly budget?: string;
}

/** `memsched plan`: what a run would do, and whether it fits. */
export function planCommand(): Command {
  const command = new Command('plan')
    .summary('show what a run would do')
    .description(
      'Shows the expanded tasks in starting order, what they are expected to need, and what would start at once.',
    )
    .argument('<jobfile>', 'YAML file, or - for standard input')
    .argument('[job...]', 'jobs to run, with what they need; default: all')
    .option(
      '--simulate',
      'play the whole run by what earlier ones have shown: makespan, peak and preemptions, here and on other machines',
    )
    .option('--cpus <n>', 'with --simulate: processors of the machine; default: those of this host')
    .option(
      '--assume-duration <duration>',
      'with --simulate: how long tasks take that no earlier run has shown; default: the mean of the others, or 1m',
    )
    .addHelpText('after', examplesText(EXAMPLES));
  return addPlanOptions(command).action(async (path: string, jobs: string[]) => {
    await plan(path, jobs, command);
  });
}

async function plan(path: string, jobs: readonly string[], command: Command): Promise<void> {
  const options = readRunOptions(command);
  const raw = command.opts<PlanOnly>();
  const cpus = cpusFrom(raw);
  const assumedDurationMs = durationFrom(raw);
  const survey = surveyHost();
  const choice = chooseTier(survey, options.tier);
  if (!choice.ok) throw choice.error;
  const { overrides, json } = options;
  const machine = raw.simulate === true ? { bytes: budgetFrom(raw), cpus } : {};
  const loaded = await loadPlan({ path, jobs, overrides, survey, machine });
  const priors = lookAtProfiles(options.profiles, loaded, tell);
  const common = { plan: loaded.plan, priors, path, survey, json };
  if (raw.simulate !== true) {
    printPlan({ ...common, choice: choice.value });
    return;
  }
  const { simulatePlan } = await import('../simulate-plan.js');
  await simulatePlan({ ...common, cpus, assumedDurationMs });
}

function cpusFrom({ simulate, cpus }: PlanOnly): number | undefined {
  if (cpus === undefined) return undefined;
  if (simulate !== true) throw new UsageError('--cpus goes with --simulate: plan asks this host');
  const count = Number(cpus);
  if (cpus.trim() !== '' && Number.isFinite(count) && count > 0) return count;
  throw new UsageError(`--cpus takes a number of processors, such as 8 or 0.5, not "${cpus}"`);
}

function durationFrom({ simulate, assumeDuration }: PlanOnly): number | undefined {
  if (assumeDuration === undefined) return undefined;
  if (simulate !== true) throw new UsageError('--assume-duration goes with --simulate');
  const ms = parseDuration(assumeDuration);
  if (ms !== undefined && ms > 0) return ms;
  throw new UsageError(`--assume-duration takes ${DURATION_GRAMMAR}, not "${assumeDuration}"`);
}

/** A machine that is not here may be as large as it likes. */
function budgetFrom({ budget }: PlanOnly): number | undefined {
  if (budget === undefined || budget === 'auto') return undefined;
  if (budget.endsWith('%'))
    throw new UsageError(
      `--simulate takes --budget as ${BYTES_GRAMMAR}, not "${budget}": of what machine would that be?`,
    );
  return parseBytes(budget);
}
