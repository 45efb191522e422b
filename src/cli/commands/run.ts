import { Command } from 'commander';
import { chooseTier, type TierHere } from '../../adapters/host/tier-choice.js';
import { surveyHost } from '../../adapters/host/survey.js';
import { examplesText } from '../examples.js';
import { inTier, unwrap } from '../in-tier.js';
import { loadPlan, type LoadedPlan } from '../load-plan.js';
import { tell } from '../print.js';
import { lookAtProfiles } from '../profiles.js';
import { addRunOptions, readRunOptions } from '../run-options.js';

const EXAMPLES = [
  ['memsched run jobs.yaml', 'everything'],
  ['memsched run jobs.yaml report', 'the job "report" and what it needs'],
  [
    'memsched run jobs.yaml --budget 12G --preemptible high --retries 2',
    'not more than 12 GiB; whatever has to stop for that runs again',
  ],
  ['memsched run jobs.yaml --set align.memory=4G', 'another value for one key of one job'],
  ['generate-jobs | memsched run -', 'the jobfile comes from standard input'],
] as const;

/** `memsched run`: the main job. */
export function runCommand(): Command {
  const command = new Command('run')
    .summary('run the tasks of a jobfile')
    .description('Runs the tasks of a jobfile, as many at a time as memory really allows.')
    .argument('<jobfile>', 'YAML file, or - for standard input')
    .argument('[job...]', 'jobs to run, with what they need; default: all')
    .addHelpText('after', examplesText(EXAMPLES));
  return addRunOptions(command).action(async (path: string, jobs: string[]) => {
    process.exitCode = await run(path, jobs, command);
  });
}

async function run(path: string, jobs: readonly string[], command: Command): Promise<number> {
  const options = readRunOptions(command);
  const survey = surveyHost();
  const choice = unwrap(chooseTier(survey, options.tier));
  if (options.dryRun) {
    const loaded = await loadPlan({ path, jobs, overrides: options.overrides, survey });
    const priors = lookAtProfiles(options.profiles, loaded, tell);
    const { printPlan } = await import('../print-plan.js');
    printPlan({ plan: loaded.plan, priors, path, survey, choice, json: options.json });
    return 0;
  }
  // A wrong jobfile is told of before anything is started; standard input can be read only once, over there.
  const load = (): Promise<LoadedPlan> =>
    loadPlan({ path, jobs, overrides: options.overrides, survey });
  // Whoever only relaunches, or has a wrong jobfile, has no use for what a session is made of.
  const session = async (here: TierHere): Promise<number> => {
    const loaded = await load();
    const { runSession } = await import('../session.js');
    return runSession({ loaded, survey, choice: here, options, jobs });
  };
  if (choice.kind === 'relaunch' && path !== '-') await load();
  return inTier({ choice, survey, wish: options.tier }, session);
}
