import { Command, Option } from 'commander';
import { chooseTier } from '../../adapters/host/tier-choice.js';
import { surveyHost } from '../../adapters/host/survey.js';
import { UsageError } from '../errors.js';
import { loadPlan } from '../load-plan.js';
import { tell } from '../print.js';
import { printPlan } from '../print-plan.js';
import { lookAtProfiles } from '../profiles.js';
import { addPlanOptions, readRunOptions } from '../run-options.js';

/** `memsched plan`: what a run would do, and whether it fits. */
export function planCommand(): Command {
  const command = new Command('plan')
    .summary('show what a run would do')
    .description(
      'Shows the expanded tasks in starting order, what they are expected to need, and what would start at once.',
    )
    .argument('<jobfile>', 'YAML file, or - for standard input')
    .argument('[job...]', 'jobs to run, with what they need; default: all')
    .addOption(new Option('--simulate').hideHelp());
  return addPlanOptions(command).action(async (path: string, jobs: string[]) => {
    if (command.opts<{ simulate?: true }>().simulate) {
      throw new UsageError(
        '--simulate comes with a later version of memsched, with the profiles it needs',
      );
    }
    const options = readRunOptions(command);
    const survey = surveyHost();
    const choice = chooseTier(survey, options.tier);
    if (!choice.ok) throw choice.error;
    const loaded = await loadPlan({ path, jobs, overrides: options.overrides, survey });
    const priors = lookAtProfiles(options.profiles, loaded, tell);
    printPlan({
      plan: loaded.plan,
      priors,
      path,
      survey,
      choice: choice.value,
      json: options.json,
    });
  });
}
