import { Option, type Command } from 'commander';
import type { TierWish } from '../adapters/host/tier-choice.js';
import type { Override } from '../adapters/jobfile/load.js';
import type { Tier } from '../core/events.js';
import type { Verbosity } from '../reporters/reporter.js';
import type { CiPaths } from './ci-files.js';
import { UsageError } from './errors.js';
import { addOutputOptions, readOutputOptions, type OutputOptions } from './output-options.js';
import type { ProfileChoice } from './profiles.js';

/** Options that replace a value of the jobfile: the option, what it takes, the key, and what it means. */
const OVERRIDES = [
  [
    '--budget <size>',
    ['memory', 'budget'],
    'memory that all tasks together may use: auto, 12G or 75%',
  ],
  ['--hold <pct>', ['memory', 'hold'], 'start no tasks above this share of the budget'],
  ['--preempt <pct>', ['memory', 'preempt'], 'stop preemptible tasks above this share'],
  ['--critical <pct>', ['memory', 'critical'], 'kill them without grace above this share'],
  [
    '--overcommit <factor>',
    ['memory', 'overcommit'],
    'claims may fill this much of the budget (0.9)',
  ],
  ['--interval <duration>', ['interval'], 'time between two looks at memory (100ms)'],
  ['-j, --max-parallel <n>', ['max_parallel'], 'tasks at a time, at the most'],
  [
    '--preemptible <level>',
    ['defaults', 'preemptible'],
    'never, low, medium, high, always: for jobs that do not say',
  ],
  [
    '--on-pressure <steps>',
    ['defaults', 'on_pressure'],
    'suspend,preempt freezes preemptible tasks before it stops any; for jobs that do not say',
  ],
  ['--retries <n>', ['defaults', 'retries'], 'tries after a failure, for jobs that do not say'],
  [
    '--timeout <duration>',
    ['defaults', 'timeout'],
    'longest time of an attempt, for jobs that do not say',
  ],
  ['--halt <rule>', ['halt'], 'never, or soon|now,fail=N|P%: when to give up on the run'],
  [
    '--max-pids <n>',
    ['max_pids'],
    'processes and threads that all tasks together may have: auto, none or a number',
  ],
  [
    '--max-log <size>',
    ['max_log'],
    'what one stream of an attempt may leave in its log (1G), or none; not where output is passed on',
  ],
  [
    '--max-growth <pct>',
    ['max_growth'],
    "fail when a group's peak grew by more against its stored profile, such as 20%",
  ],
] as const;

/** What the command line of `run` and `plan` came to. */
export interface RunOptions extends OutputOptions {
  readonly overrides: readonly Override[];
  readonly tier: TierWish;
  readonly verbosity: Verbosity;
  readonly json: boolean;
  readonly dryRun: boolean;
  readonly colour: boolean;
  readonly profiles: ProfileChoice;
  /** File for a copy of the event stream. */
  readonly events: string | undefined;
  /** Files that are kept up to date while the run goes on. */
  readonly ciPaths: CiPaths;
  /** File for the HTML report at the end. */
  readonly report: string | undefined;
}

interface RawOptions extends Readonly<Record<string, unknown>> {
  readonly tier: Tier | 'auto';
  readonly requireCgroup?: true;
  readonly quiet?: true;
  readonly verbose?: true;
  readonly json?: true;
  readonly dryRun?: true;
  readonly events?: string;
  readonly junit?: string;
  readonly summary?: string;
  readonly metrics?: string;
  readonly report?: string;
  readonly profileFile?: string;
  readonly profile: boolean;
  readonly color: boolean;
  readonly set?: readonly string[];
}

/** Adds the options that decide what a run is: `run` and `plan` share them. */
export function addPlanOptions(command: Command): Command {
  for (const [flags, , description] of OVERRIDES) command.option(flags, description);
  return command
    .option('--set <JOB.KEY=VALUE>', "replace one job's key; may be repeated", collect)
    .addOption(tierOption().default('auto', 'the best there is'))
    .option('--require-cgroup', 'better not at all than without the cgroup tier')
    .option(
      '--profile-file <file>',
      'read and keep what was learned in this file instead of the state folder',
    )
    .option('--no-profile', 'neither read nor keep what was learned')
    .option('--json', 'one JSON object a line on stdout')
    .option('--no-color', 'no colour, whatever the terminal');
}

/** Adds the options that name files to be made of a run: `run` and `resume` share them. */
export function addFileOptions(command: Command): Command {
  return command
    .option('--junit <file>', 'keep a JUnit XML report of the run in this file')
    .option('--summary <file>', 'keep a summary of the run in Markdown in this file')
    .option(
      '--metrics <file>',
      "keep the run's metrics in this file, for the textfile collector of Prometheus' node_exporter",
    )
    .option('--report <file>', 'write an HTML report to this file when the run is over');
}

/** How tasks are contained and measured. */
export function tierOption(): Option {
  return new Option('--tier <tier>', 'how tasks are contained and measured').choices([
    'auto',
    'cgroup',
    'hybrid',
    'procfs',
  ]);
}

/** Adds the options of `run` alone. */
export function addRunOptions(command: Command): Command {
  addFileOptions(addPlanOptions(command))
    .option('--events <file>', 'write a copy of the event stream to this file')
    .option('--dry-run', 'show what would happen and start nothing')
    .option('-q, --quiet', 'tell of failures and the end only')
    .option('-v, --verbose', 'tell of everything');
  return addOutputOptions(command);
}

/**
 * Reads the options of a parsed command.
 *
 * @throws UsageError when they contradict each other.
 */
export function readRunOptions(command: Command): RunOptions {
  const raw = command.opts<RawOptions>();
  if (raw.quiet && raw.verbose)
    throw new UsageError('--quiet and --verbose contradict each other: leave one of the two out');
  return {
    overrides: [...plainOverrides(command, raw), ...(raw.set ?? []).map(setOverride)],
    tier: { tier: raw.tier, requireCgroup: raw.requireCgroup ?? false },
    verbosity: raw.quiet ? 'quiet' : raw.verbose ? 'verbose' : 'normal',
    json: raw.json ?? false,
    dryRun: raw.dryRun ?? false,
    colour: raw.color,
    profiles: profileChoice(raw),
    events: raw.events,
    ciPaths: { junit: raw.junit, summary: raw.summary, metrics: raw.metrics },
    report: raw.report,
    ...readOutputOptions(raw),
  };
}

function profileChoice({ profile, profileFile }: RawOptions): ProfileChoice {
  if (profileFile === undefined) return { kind: profile ? 'host' : 'none' };
  if (profile) return { kind: 'file', path: profileFile };
  throw new UsageError(
    '--profile-file and --no-profile contradict each other: leave one of the two out',
  );
}

function plainOverrides(command: Command, raw: RawOptions): Override[] {
  return OVERRIDES.flatMap(([flags, path]) => {
    const option = command.options.find((candidate) => candidate.flags === flags);
    const given = option === undefined ? undefined : raw[option.attributeName()];
    const value = path[0] === 'max_parallel' ? (given ?? raw['P']) : given;
    return value === undefined ? [] : [{ option: option?.long ?? flags, path, value }];
  });
}

/**
 * Reads the value of `--set`.
 *
 * @throws UsageError when it is not JOB.KEY=VALUE.
 */
export function setOverride(text: string): Override {
  const match = /^([^.=]+)\.([^=]+)=(.*)$/s.exec(text);
  if (match === null)
    throw new UsageError(`--set takes JOB.KEY=VALUE, such as --set align.memory=2G, not "${text}"`);
  const [, job = '', key = '', value = ''] = match;
  return { option: `--set ${job}.${key}`, path: ['jobs', job, ...key.split('.')], value };
}

/** For options that may be repeated. */
export function collect(value: string, before: readonly string[] = []): string[] {
  return [...before, value];
}
