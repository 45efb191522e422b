import { Command } from 'commander';
import { surveyHost } from '../../adapters/host/survey.js';
import { chosenTier, hereOrRelaunched } from '../here-or-relaunched.js';
import { examplesText } from '../examples.js';
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
  if (options.dryRun) {
    const choice = chosenTier(survey, options.tier);
    const loaded = await loadPlan({ path, jobs, overrides: options.overrides, survey });
    const priors = lookAtProfiles(options.profiles, loaded, tell);
    const { printPlan } = await import('../print-plan.js');
    await printPlan({ plan: loaded.plan, priors, path, survey, choice, json: options.json });
    return 0;
  }
  const load = (): Promise<LoadedPlan> =>
    loadPlan({ path, jobs, overrides: options.overrides, survey });
  return hereOrRelaunched({
    survey,
    wish: options.tier,
    // Standard input can be read only once, over there.
    check: async () => (path === '-' ? undefined : load()),
    session: async (here) => {
      const loaded = await load();
      // Whoever only relaunches, or has a wrong jobfile, has no use for what a session is made of.
      const { runSession } = await import('../session.js');
      return runSession({ loaded, survey, choice: here, options, jobs, face: 'run' });
    },
  });
}
