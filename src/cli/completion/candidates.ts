import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Argument, Command, Option } from 'commander';
import { PREEMPTIBLE_LABELS } from '../../core/task-spec.js';
import type { Place, Typed } from './place.js';

/** Something that may stand where the user is typing. */
export interface Candidate {
  readonly value: string;
  /** What it is, on one line. */
  readonly description?: string;
}

/** What may stand at a place: these, or what the shell itself knows of. */
export type Answer =
  | {
      readonly kind: 'these';
      readonly candidates: readonly Candidate[];
      /** The word goes on after it, so no space is to follow. */
      readonly open?: true;
    }
  | { readonly kind: 'files' }
  | { readonly kind: 'folders' }
  /** A command line of its own that begins at the word `at`, counted from 1. */
  | { readonly kind: 'inner'; readonly at: number };

const NOTHING: Answer = { kind: 'these', candidates: [] };

/** Commands that have no use for a run that is over. */
const FOR_LIVE_RUNS = new Set(['hold', 'release', 'cancel', 'set', 'top']);

/** What may stand at a place. */
export async function answerAt(place: Place, word: string): Promise<Answer> {
  switch (place.kind) {
    case 'command':
      return these(commandsOf(place.of));
    case 'option':
      return these(optionsOf(place.of, word));
    case 'inner':
      return { kind: 'inner', at: place.at };
    case 'nothing':
      return NOTHING;
    case 'value':
      return valuesFor(place.what, place.of, place.typed, word.slice(place.before.length));
    case 'argument':
      return valuesFor(place.what, place.of, place.typed, word);
  }
}

function these(candidates: readonly Candidate[]): Answer {
  return { kind: 'these', candidates };
}

function commandsOf(command: Command): readonly Candidate[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .map((one) => ({ value: one.name(), description: one.summary() || one.description() }));
}

/** The long names, and the short ones for who has typed no more than a dash. */
function optionsOf(command: Command, word: string): readonly Candidate[] {
  return command
    .createHelp()
    .visibleOptions(command)
    .flatMap(({ long, short, description }) =>
      [long, ...(word === '-' || long === undefined ? [short] : [])].flatMap((value) =>
        value === undefined ? [] : [{ value, description }],
      ),
    );
}

/** The values of an argument or an option: its choices, or else what its placeholder stands for. */
async function valuesFor(
  what: Argument | Option,
  command: Command,
  typed: Typed,
  word: string,
): Promise<Answer> {
  if (what.argChoices !== undefined) return these(what.argChoices.map((value) => ({ value })));
  switch (placeholderOf(what)) {
    case 'jobfile':
    case 'file':
      return { kind: 'files' };
    case 'folder':
    case 'dir':
      return { kind: 'folders' };
    case 'level':
      return these(PREEMPTIBLE_LABELS.map((value) => ({ value })));
    case 'rule':
      return these(['never', 'soon,fail=1', 'now,fail=1'].map((value) => ({ value })));
    case 'job':
      return these(await jobs(typed));
    case 'job.key=value':
      return overrides(typed, word);
    case 'key=value':
      return settings(typed, word);
    case 'run':
      return these(await runs(command));
    case 'task':
      return these(await tasks(typed));
    case 'group':
      return these(await groups(typed));
    default:
      return NOTHING;
  }
}

/** `jobfile` of `<jobfile>`, `job.key=value` of `--set <JOB.KEY=VALUE>`. */
function placeholderOf(what: Argument | Option): string {
  if (!('flags' in what)) return what.name();
  if (what.long === '--group') return 'group';
  return /[<[]([^\]>]+?)(?:\.\.\.)?[\]>]/.exec(what.flags)?.[1]?.toLowerCase() ?? '';
}

async function jobs({ args }: Typed): Promise<readonly Candidate[]> {
  const [jobfile, ...named] = args;
  const { jobNamesIn } = await import('../../adapters/jobfile/job-names.js');
  return jobNamesIn(pathOf(jobfile ?? ''))
    .filter((name) => !named.includes(name))
    .map((value) => ({ value }));
}

/** `align.` for each job, and when that stands there, `align.memory=` for each key. */
async function overrides(typed: Typed, word: string): Promise<Answer> {
  const dot = word.indexOf('.');
  if (word.includes('=')) return NOTHING;
  if (dot === -1) {
    const names = await jobs({ ...typed, args: typed.args.slice(0, 1) });
    return {
      kind: 'these',
      open: true,
      candidates: names.map(({ value }) => ({ value: `${value}.` })),
    };
  }
  const { job } = await import('../../adapters/jobfile/job-schema.js');
  const candidates = Object.keys(job.shape).map((key) => ({
    value: `${word.slice(0, dot)}.${key}=`,
  }));
  return { kind: 'these', open: true, candidates };
}

/** What can be changed in the run that was named, as `max_parallel=`. */
async function settings({ args }: Typed, word: string): Promise<Answer> {
  if (word.includes('=')) return NOTHING;
  const { CHANGEABLE } = await import('../../adapters/jobfile/change-config.js');
  const { concurrencyGroups } = await import('./past-names.js');
  const groups = concurrencyGroups(args[0]).map((name) => `groups.${name}`);
  const candidates = [...CHANGEABLE, ...groups].map((key) => ({ value: `${key}=` }));
  return { kind: 'these', open: true, candidates };
}

async function runs(command: Command): Promise<readonly Candidate[]> {
  const past = await import('./past-names.js');
  const found = past.runNames(FOR_LIVE_RUNS.has(command.name()));
  const takesTask = command.registeredArguments.some(
    (argument) => argument.name() === 'task' && !argument.required,
  );
  // `logs TASK` is short for `logs latest TASK`; `cancel RUN` alone is the whole run.
  const runIsOptional = command.registeredArguments.some(
    (argument) => argument.name() === 'run' && !argument.required,
  );
  return takesTask && runIsOptional ? [...past.taskNames(undefined), ...found] : found;
}

async function tasks({ args }: Typed): Promise<readonly Candidate[]> {
  const past = await import('./past-names.js');
  const named = args.slice(1);
  return past.taskNames(args[0]).filter(({ value }) => !named.includes(value));
}

async function groups({ args, values }: Typed): Promise<readonly Candidate[]> {
  const { groupNamesInFile, groupNamesInFolder } =
    await import('../../adapters/profiles/group-names.js');
  const { stateDir } = await import('../../adapters/journal/state-dir.js');
  const file = values.get('--profile-file');
  const found =
    file === undefined ? groupNamesInFolder(stateDir()) : groupNamesInFile(pathOf(file));
  const labels = new Map<string, number>();
  for (const { label } of found) labels.set(label, (labels.get(label) ?? 0) + 1);
  // A name that several groups have means none of them: those are told apart by their keys.
  return found
    .map(({ group, label }) => (labels.get(label) === 1 ? label : group))
    .filter((value) => !args.includes(value))
    .map((value) => ({ value }));
}

/** A path as the shell would hand it over: what was typed is not expanded yet. */
function pathOf(typed: string): string {
  return typed.startsWith('~/') ? join(homedir(), typed.slice(2)) : typed;
}
