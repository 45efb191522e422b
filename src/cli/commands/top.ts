import { Command, InvalidArgumentError, Option } from 'commander';
import { canDrawLive, colourFor } from '../../reporters/colour.js';
import { lookObject } from '../../reporters/tty/top/look-object.js';
import { onceText } from '../../reporters/tty/top/once.js';
import { SORTS, type Sort } from '../../reporters/tty/top/task-rows.js';
import { FIRST_UI } from '../../reporters/tty/top/ui.js';
import { DURATION_GRAMMAR, parseDuration } from '../../util/duration.js';
import { examplesText } from '../examples.js';
import { keepHeapLean } from '../lean-heap.js';
import { findRun } from '../past-run.js';
import { print } from '../print.js';
import { HostWatch } from '../top/host-watch.js';
import { runTop } from '../top/top-session.js';
import { printableJson } from '../../util/printable.js';

interface TopOptions {
  readonly once?: true;
  readonly json?: true;
  readonly all?: true;
  readonly interval: number;
  readonly sort: Sort;
  readonly filter: string;
  readonly color: boolean;
}

/** Columns of a picture for a reader that has none. */
const PLAIN_COLUMNS = 160;
const INTERVAL_MIN_MS = 250;
const INTERVAL_MAX_MS = 60_000;

const LIVE = `
In the live view ? lists the keys.
`;

const EXAMPLES = [
  ['memsched top', 'all runs that are under way on this host'],
  ['memsched top latest', 'one run'],
  ['memsched top --once | less -S', 'the picture as text, once'],
  ["memsched top --json | jq '.runs[].usedBytes'", ''],
] as const;

/** `memsched top`: a live view of the runs on this host. */
export function topCommand(): Command {
  return new Command('top')
    .summary('live view of the runs on this host')
    .description(
      'Shows the runs that are under way on this host, or one run: memory against its lines, pressure, and each task with its memory, its estimate and why it waits; from here they can be held, released and canceled. Where there is no terminal it prints the picture once.',
    )
    .argument('[run]', 'a run, the beginning of its id, or latest; default: all that are under way')
    .option('--once', 'print the picture once, as text')
    .option('--json', 'print what is seen once, as one JSON object')
    .option('-a, --all', 'finished tasks, too')
    .option('-d, --interval <duration>', 'time between two looks', interval, 1000)
    .addOption(new Option('--sort <by>', 'order of the tasks').choices(SORTS).default('order'))
    .option('--filter <text>', "only tasks with this in their name, state or run's id", '')
    .option('--no-color', 'no colour, whatever the terminal')
    .addHelpText('after', `${LIVE}${examplesText(EXAMPLES)}`)
    .action(async (run: string | undefined, options: TopOptions) => {
      await top(run, options);
    });
}

async function top(run: string | undefined, options: TopOptions): Promise<void> {
  keepHeapLean();
  const watch = new HostWatch(run === undefined ? undefined : findRun(run));
  const { sort, filter, all = false } = options;
  const ui = { ...FIRST_UI, sort, filter, showsFinished: all };
  const colour = colourFor(process.stdout, process.env, options.color);
  if (options.json === true) {
    await print(printableJson(lookObject(watch.look(), ui)));
  } else if (options.once === true || !canDrawLive(process.stdout, process.env)) {
    const columns = process.stdout.isTTY ? process.stdout.columns : PLAIN_COLUMNS;
    await print(onceText(watch.look(), ui, { columns, colour }));
  } else {
    const { stdin: input, stdout: output } = process;
    process.exitCode = await runTop({
      watch,
      ui,
      colour,
      intervalMs: options.interval,
      input,
      output,
    });
  }
}

function interval(text: string): number {
  const ms = parseDuration(text);
  if (ms === undefined || ms < INTERVAL_MIN_MS || ms > INTERVAL_MAX_MS)
    throw new InvalidArgumentError(`${DURATION_GRAMMAR}, from 250ms to 60s.`);
  return ms;
}
