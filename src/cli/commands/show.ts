import { Command } from 'commander';
import { logPaths } from '../../adapters/journal/run-folder.js';
import { colourFor } from '../../reporters/colour.js';
import { usedBytesIn } from '../../reporters/peak.js';
import { growths, hasFailed, notShown, totals } from '../../reporters/summary.js';
import { LastLook } from '../../reporters/views/last-look.js';
import { localTime, runHeading, taskObject, tasksText } from '../../reporters/views/show.js';
import { UsageError } from '../errors.js';
import { examplesText } from '../examples.js';
import { findRun, replay, standingNote } from '../past-run.js';
import { print } from '../print.js';
import { survivorsNote, survivorsOf } from '../survivors.js';
import { printableJson } from '../../util/printable.js';

const EXAMPLES = [
  ['memsched show', 'the latest run'],
  ['memsched show latest --failed', 'only what failed in it'],
  ['memsched show 20261123-0649 --json', 'an older run, by the beginning of its id'],
] as const;

interface ShowOptions {
  readonly failed?: true;
  readonly json?: true;
  readonly markdown?: true;
  readonly color: boolean;
}

/** `memsched show`: one run's tasks and attempts. */
export function showCommand(): Command {
  return new Command('show')
    .summary("one run's tasks and attempts")
    .description(
      "Shows one run's tasks, and what became of each attempt of those that did not simply succeed. Of a run that goes on, or died, also what ran at the last look, and what it used then.",
    )
    .argument('[run]', 'a run, or the beginning of its id; default: the latest')
    .option('--failed', 'only tasks that failed')
    .option('--markdown', 'a summary in Markdown instead, as run --summary writes it')
    .option('--json', 'one JSON object a line on stdout, one for each task')
    .option('--no-color', 'no colour, whatever the terminal')
    .addHelpText('after', examplesText(EXAMPLES))
    .action(async (run: string | undefined, options: ShowOptions) => {
      if (options.markdown === true && (options.json === true || options.failed === true))
        throw new UsageError(
          '--markdown is a form of its own: leave --json and --failed out, or leave it out',
        );
      await print(options.markdown === true ? await markdown(run) : show(run, options));
    });
}

function show(run: string | undefined, options: ShowOptions): string {
  let peakBytes = 0;
  const look = new LastLook();
  const past = replay(findRun(run), (event, state) => {
    peakBytes = Math.max(peakBytes, usedBytesIn(event));
    look.add(event, state);
  });
  const { state, nowMs, standing } = past;
  const records = [...state.tasks.values()].filter(
    (record) => options.failed === undefined || hasFailed(record),
  );
  if (options.json === true)
    return records.map((record) => printableJson(taskObject(record, state))).join('\n');
  const colour = colourFor(process.stdout, process.env, options.color);
  const tasks =
    records.length === 0
      ? options.failed === true
        ? 'no task failed'
        : 'no tasks'
      : tasksText(records, state, nowMs, colour);
  return [
    runHeading(state, standing),
    tasks,
    notShown(state, options.failed === true),
    standing === 'ended' ? '' : look.text(state, localTime),
    standing === 'died' ? `The last that it told:\n${look.news()}` : '',
    growths(state, colour),
    totals(state, peakBytes),
    standingNote(past),
    survivorsNote(survivorsOf(past), state),
  ]
    .filter((part) => part !== '')
    .join('\n\n');
}

async function markdown(run: string | undefined): Promise<string> {
  const { RunTally } = await import('../../reporters/ci/tally.js');
  const { summaryMarkdown } = await import('../../reporters/ci/summary-markdown.js');
  const { createMaskReporter, OutputMasks } = await import('../../reporters/output-masks.js');
  const tally = new RunTally();
  const folder = findRun(run);
  const logs = { ...logPaths(folder), masks: new OutputMasks() };
  const masks = createMaskReporter(logs);
  const { state, standing, nowMs } = replay(folder, (event, soFar) => {
    masks.event(event, soFar);
    tally.event(event, soFar);
  });
  const view = {
    state,
    tally,
    logs,
    standing: standing === 'elsewhere' ? ('live' as const) : standing,
    nowMs,
  };
  return summaryMarkdown(view, Infinity).trimEnd();
}
