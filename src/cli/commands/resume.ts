import { Command } from 'commander';
import type { TierHere, TierWish } from '../../adapters/host/tier-choice.js';
import { surveyHost, type HostSurvey } from '../../adapters/host/survey.js';
import type { RunFolder } from '../../adapters/journal/run-folder.js';
import { openRunStore } from '../../adapters/journal/run-store.js';
import type { Tier } from '../../core/events.js';
import type { Verbosity } from '../../reporters/reporter.js';
import { printable } from '../../util/printable.js';
import { UsageError } from '../errors.js';
import { examplesText } from '../examples.js';
import { hereOrRelaunched } from '../here-or-relaunched.js';
import { loadPlan } from '../load-plan.js';
import { findRun } from '../past-run.js';
import { tell } from '../print.js';
import { hasJobfile, overridesOf, readOrigin, type RunOrigin } from '../run-origin.js';
import { briefOf } from '../run-brief.js';
import { joblogOption, outputOption, readOutputOptions } from '../output-options.js';
import {
  addFileOptions,
  collect,
  setOverride,
  tierOption,
  type RunOptions,
} from '../run-options.js';

const EXAMPLES = [
  ['memsched resume', 'the latest run that died, or did not succeed'],
  ['memsched resume 20261123-064927-nightly-k33mv', 'that one'],
  ['memsched resume --set align.env.TOKEN="$TOKEN"', 'again what is not kept'],
] as const;

interface RawOptions extends Readonly<Record<string, unknown>> {
  readonly set?: readonly string[];
  readonly tier?: Tier | 'auto';
  readonly requireCgroup?: true;
  readonly junit?: string;
  readonly summary?: string;
  readonly metrics?: string;
  readonly report?: string;
  readonly json?: true;
  readonly quiet?: true;
  readonly verbose?: true;
  readonly events?: string;
  readonly color: boolean;
}

/** `memsched resume`: goes on with a run after a crash, a reboot or a failure. */
export function resumeCommand(): Command {
  const command = new Command('resume')
    .summary('go on with a run after a crash, a reboot or a failure')
    .description(
      'Goes on with a run whose supervisor died, or that ended without success. It goes on as it was started: with its own copy of the jobfile, and the options of then. What succeeded stays so. After a crash or a reboot what failed stays so, too, and everything else goes on; attempts that still run are taken over. A run that had ended, or was being stopped, runs everything again that did not succeed. Output is passed on, and files beside the run, such as those of --junit and --joblog, are written only when that is said again: those of --junit, --summary, --metrics and --report tell of the whole run, --joblog of tasks that end from here on.',
    )
    .argument('[run]', 'a run, or the beginning of its id; default: the latest that can be resumed')
    .option(
      '--set <JOB.env.NAME=VALUE>',
      'again what was set in the environment, which is not kept; may be repeated',
      collect,
    )
    .addOption(tierOption().default(undefined, 'as it was started'))
    .option('--require-cgroup', 'better not at all than without the cgroup tier');
  addFileOptions(command)
    .addOption(outputOption())
    .addOption(joblogOption())
    .option('--events <file>', 'write a copy of the event stream from here on to this file')
    .option('--json', 'one JSON object a line on stdout')
    .option('-q, --quiet', 'tell of failures and the end only')
    .option('-v, --verbose', 'tell of everything')
    .option('--no-color', 'no colour, whatever the terminal')
    .addHelpText('after', examplesText(EXAMPLES));
  return command.action(async (run: string | undefined) => {
    process.exitCode = await resume(run, command.opts<RawOptions>());
  });
}

async function resume(run: string | undefined, raw: RawOptions): Promise<number> {
  const folder = run === undefined ? findResumable() : findRun(run);
  // What is wrong is told of before anything is started elsewhere.
  const { look } = await import('../resume-run.js');
  const origin = readOrigin(folder);
  await look({ folder, tell });
  const options = optionsOf(raw, origin);
  const survey = surveyHost();
  return hereOrRelaunched({
    survey,
    wish: options.tier,
    check: () => Promise.resolve(),
    session: (here) => goOn({ folder, origin, options, survey, here }),
  });
}

interface ResumeOrder {
  readonly folder: RunFolder;
  readonly origin: RunOrigin;
  readonly options: RunOptions;
  readonly survey: HostSurvey;
  readonly here: TierHere;
}

async function goOn({ folder, origin, options, survey, here }: ResumeOrder): Promise<number> {
  const { takeRun } = await import('../resume-run.js');
  const taken = await takeRun({ folder, origin, choice: here, procPath: survey.procPath, tell });
  const { state } = taken.resumption;
  const loaded = await loadPlan({
    path: state.started?.jobfile ?? folder.jobfilePath,
    keptPath: folder.jobfilePath,
    baseDir: origin.baseDir,
    jobs: origin.jobs,
    overrides: options.overrides,
    survey,
  });
  const resumed = taken.with(loaded.plan);
  const plan = { ...loaded.plan, config: state.started?.config ?? loaded.plan.config };
  const { runSession } = await import('../session.js');
  return runSession({
    loaded: { ...loaded, plan },
    survey,
    choice: here,
    options,
    resumed,
    face: 'run',
  });
}

function optionsOf(raw: RawOptions, origin: RunOrigin): RunOptions {
  if (raw.quiet && raw.verbose)
    throw new UsageError('--quiet and --verbose contradict each other: leave one of the two out');
  const verbosity: Verbosity = raw.quiet ? 'quiet' : raw.verbose ? 'verbose' : 'normal';
  return {
    overrides: overridesOf(origin, (raw.set ?? []).map(setOverride)),
    tier: tierOf(raw, origin),
    verbosity,
    json: raw.json ?? false,
    dryRun: false,
    colour: raw.color,
    profiles: origin.profiles,
    events: raw.events,
    ciPaths: { junit: raw.junit, summary: raw.summary, metrics: raw.metrics },
    report: raw.report,
    ...readOutputOptions(raw),
  };
}

function tierOf({ tier, requireCgroup }: RawOptions, origin: RunOrigin): TierWish {
  if (tier === undefined && requireCgroup === undefined) return origin.tier;
  return { tier: tier ?? 'auto', requireCgroup: requireCgroup ?? false };
}

/** @throws UsageError when every run is live, has succeeded or has no jobfile. */
function findResumable(): RunFolder {
  const folders = openRunStore().list();
  for (const folder of folders.filter(hasJobfile)) {
    const brief = briefOf(folder);
    if (brief.state === 'died' || (brief.state === 'ended' && brief.unsuccessful > 0))
      return folder;
  }
  throw new UsageError(
    folders.length === 0
      ? 'there are no runs yet; "memsched run" starts one'
      : `no run can be resumed: all have succeeded, still run, cannot be read or were of map or exec; the latest is ${printable(folders[0]?.runId ?? '')}`,
  );
}
