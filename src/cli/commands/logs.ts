import { existsSync } from 'node:fs';
import { Command, InvalidArgumentError } from 'commander';
import { logPaths } from '../../adapters/journal/run-folder.js';
import type { TaskRecord } from '../../core/run-state.js';
import { queueView } from '../../reporters/views/queue-words.js';
import { endOfTaskWords } from '../../reporters/views/task-facts.js';
import { printable } from '../../util/printable.js';
import { UsageError } from '../errors.js';
import { examplesText } from '../examples.js';
import { followLogs } from '../follow-logs.js';
import { printLog, type LogStream } from '../log-output.js';
import { findTask } from '../find-task.js';
import { findRun, readRunAndTask, replay, standingNote, type PastRun } from '../past-run.js';
import { print } from '../print.js';

interface LogsOptions {
  readonly follow?: true;
  readonly attempt?: number;
  readonly stdout?: true;
  readonly stderr?: true;
}

const EXAMPLES = [
  ['memsched logs align.a', 'what the last attempt of a task of the latest run wrote'],
  ['memsched logs latest align.a -f', 'and what it writes from now on, until the task is finished'],
  [
    'memsched logs align.a --attempt 1 --stderr',
    'the first attempt, and only what it complained of',
  ],
] as const;

/** `memsched logs`: what a task wrote. */
export function logsCommand(): Command {
  return new Command('logs')
    .summary("a task's output")
    .description(
      'Prints what an attempt of a task wrote: stdout, then stderr. On a terminal nothing in it but colours is obeyed; anywhere else it comes out as it was written.',
    )
    .argument('[run]', 'a run, or the beginning of its id; default: the latest')
    .argument('[task]', 'a task of it')
    .option(
      '-f, --follow',
      'go on as more is written, over all attempts, until the task is finished',
    )
    .option('--attempt <n>', 'which attempt, from 1; default: the last', positive)
    .option('--stdout', 'only its standard output')
    .option('--stderr', 'only its standard error')
    .addHelpText('after', examplesText(EXAMPLES))
    .action(async (first: string | undefined, second: string | undefined, options: LogsOptions) => {
      const { run, task } = readRunAndTask(first, second, 'logs');
      const past = replay(findRun(run), undefined, task);
      const record = findTask(past, task);
      const streams = wantedStreams(options);
      checkAttempt(record, options);
      if (options.follow === true && past.standing === 'live') {
        await followLogs({
          folder: past.folder,
          task: record.spec.id,
          streams,
          attempt: options.attempt,
        });
      } else {
        await printLogs(past, record, streams, options.attempt);
      }
    });
}

function wantedStreams({ stdout, stderr }: LogsOptions): readonly LogStream[] {
  if (stdout === stderr) return ['stdout', 'stderr'];
  return stdout === true ? ['stdout'] : ['stderr'];
}

function checkAttempt({ spec, attempts }: TaskRecord, { attempt, follow }: LogsOptions): void {
  if (attempt === undefined || attempt <= attempts || follow === true) return;
  throw new UsageError(
    `task "${spec.id}" has had ${attempts} attempts; there is no attempt ${attempt}`,
  );
}

async function printLogs(
  past: PastRun,
  record: TaskRecord,
  streams: readonly LogStream[],
  wanted: number | undefined,
): Promise<void> {
  const attempt = wanted ?? record.attempts;
  const note = standingNote(past);
  if (note !== '') process.stderr.write(`memsched: ${note}\n`);
  if (attempt === 0) {
    process.stderr.write(
      `memsched: ${printable(record.spec.id)} has written nothing: ${whyNothing(record, past)}\n`,
    );
    return;
  }
  const why = whyNotKept(record, past, attempt);
  if (why !== undefined) {
    process.stderr.write(`memsched: the output of ${printable(record.spec.id)} ${why}\n`);
    return;
  }
  const paths = logPaths(past.folder).pathsFor(record.spec.id, attempt);
  for (const stream of streams) {
    const label = `==> ${printable(record.spec.id)}, attempt ${attempt}, ${stream} <==`;
    if (streams.length > 1 && !(await print(label))) return;
    if (!(await printLog(stream === 'stdout' ? paths.stdoutPath : paths.stderrPath))) return;
  }
}

/** What `map` has passed on it keeps no more, and what `exec` runs writes to where `exec` was started. */
function whyNotKept(
  { spec, phase }: TaskRecord,
  { folder, state }: PastRun,
  attempt: number,
): string | undefined {
  const { stdoutPath } = logPaths(folder).pathsFor(spec.id, attempt);
  if (phase.kind !== 'finished' || existsSync(stdoutPath)) return undefined;
  switch (state.started?.jobfile) {
    case 'map':
      return 'was passed on when it was finished; memsched map --keep-logs keeps it';
    case 'exec':
      return 'went straight to where memsched was started; memsched exec --output group keeps it';
    default:
      return undefined;
  }
}

function whyNothing(record: TaskRecord, { state, nowMs }: PastRun): string {
  return record.phase.kind === 'finished'
    ? endOfTaskWords(record)
    : `it is queued: ${queueView(state, nowMs).whyInFull(record)}`;
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('a whole number from 1 on, such as --attempt 2.');
  return value;
}
