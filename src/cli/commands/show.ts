import { Command } from 'commander';
import { colourFor } from '../../reporters/colour.js';
import { usedBytesIn } from '../../reporters/peak.js';
import { growths, totals } from '../../reporters/summary.js';
import { runHeading, taskObject, tasksText } from '../../reporters/views/show.js';
import { isFailure } from '../../reporters/words.js';
import { examplesText } from '../examples.js';
import { findRun, replay, standingNote } from '../past-run.js';
import { print } from '../print.js';

const EXAMPLES = [
  ['memsched show', 'the latest run'],
  ['memsched show latest --failed', 'only what failed in it'],
  ['memsched show 20261123-0649 --json', 'an older run, by the beginning of its id'],
] as const;

interface ShowOptions {
  readonly failed?: true;
  readonly json?: true;
  readonly color: boolean;
}

/** `memsched show`: one run's tasks and attempts. */
export function showCommand(): Command {
  return new Command('show')
    .summary("one run's tasks and attempts")
    .description(
      "Shows one run's tasks, and what became of each attempt of those that did not simply succeed.",
    )
    .argument('[run]', 'a run, or the beginning of its id; default: the latest')
    .option('--failed', 'only tasks that failed')
    .option('--json', 'one JSON object a line on stdout, one for each task')
    .option('--no-color', 'no colour, whatever the terminal')
    .addHelpText('after', examplesText(EXAMPLES))
    .action(async (run: string | undefined, options: ShowOptions) => {
      await print(show(run, options));
    });
}

function show(run: string | undefined, options: ShowOptions): string {
  let peakBytes = 0;
  const past = replay(findRun(run), (event) => {
    peakBytes = Math.max(peakBytes, usedBytesIn(event));
  });
  const { state, nowMs, standing } = past;
  const records = [...state.tasks.values()].filter(
    ({ phase }) =>
      options.failed === undefined || (phase.kind === 'finished' && isFailure(phase.outcome)),
  );
  if (options.json === true)
    return records.map((record) => JSON.stringify(taskObject(record, state))).join('\n');
  const colour = colourFor(process.stdout, process.env, options.color);
  const tasks =
    records.length === 0
      ? options.failed === true
        ? 'no task failed'
        : 'no tasks'
      : tasksText(records, state, nowMs, colour);
  const note = standingNote(past);
  const grown = growths(state, colour);
  return [
    runHeading(state, standing),
    tasks,
    ...(grown === '' ? [] : [grown]),
    totals(state, peakBytes),
    ...(note === '' ? [] : [note]),
  ].join('\n\n');
}
