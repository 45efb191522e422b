import { Command } from 'commander';
import {
  chooseTier,
  chooseWithoutRelaunch,
  type TierHere,
  type TierWish,
} from '../../adapters/host/tier-choice.js';
import { ownCommandLine, relaunch } from '../../adapters/host/relaunch.js';
import { surveyHost, type HostSurvey } from '../../adapters/host/survey.js';
import type { Result } from '../../util/result.js';
import { examplesText } from '../examples.js';
import { loadPlan, type LoadedPlan } from '../load-plan.js';
import { tell } from '../print.js';
import { lookAtProfiles } from '../profiles.js';
import { addRunOptions, readRunOptions } from '../run-options.js';
import { outliveSignals } from '../signals.js';

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
    return runSession({ loaded, survey, choice: here, options });
  };
  if (choice.kind === 'here') return session(choice);
  if (path !== '-') await load();
  const release = outliveSignals();
  const end = await relaunch({ command: choice.command, self: ownCommandLine(), env: process.env });
  if (end.kind === 'ran') return end.exitCode;
  release();
  return session(fallBack(survey, options.tier, end.why));
}

function fallBack(survey: HostSurvey, wish: TierWish, why: string): TierHere {
  const choice = unwrap(chooseWithoutRelaunch(survey, wish, why));
  if (choice.kind === 'relaunch') throw new TypeError('a relaunch that failed is not tried again');
  return choice;
}

function unwrap<T>(result: Result<T, Error>): T {
  if (!result.ok) throw result.error;
  return result.value;
}
