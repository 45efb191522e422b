import { Command, InvalidArgumentError } from 'commander';
import { openRunStore } from '../../adapters/journal/run-store.js';
import { tableText } from '../../reporters/table.js';
import { localTime } from '../../reporters/views/show.js';
import { counted } from '../../reporters/words.js';
import { formatDuration } from '../../util/duration.js';
import { printable, printableJson } from '../../util/printable.js';
import { examplesText } from '../examples.js';
import { print } from '../print.js';
import { briefOf, type RunBrief } from '../run-brief.js';

/** Runs listed when nobody asks for more. */
const RUNS_SHOWN = 20;

const EXAMPLES = [
  ['memsched ps', 'the last 20'],
  ['memsched ps --all --json', 'all of them, for a program'],
] as const;

interface PsOptions {
  readonly all?: true;
  readonly last: number;
  readonly json?: true;
}

/** `memsched ps`: the runs on this host, newest first. */
export function psCommand(): Command {
  return new Command('ps')
    .summary('runs, newest first')
    .description(
      'Lists runs, newest first: live ones, those that ended, and those whose supervisor died.',
    )
    .option('-n, --last <n>', 'how many', positive, RUNS_SHOWN)
    .option('-a, --all', 'all of them')
    .option('--json', 'one JSON object a line on stdout, one for each run')
    .addHelpText('after', examplesText(EXAMPLES))
    .action(async (options: PsOptions) => {
      const folders = openRunStore().list();
      const briefs = folders.slice(0, options.all === true ? Infinity : options.last).map(briefOf);
      if (options.json === true) {
        if (briefs.length > 0) await print(briefs.map((brief) => printableJson(brief)).join('\n'));
        return;
      }
      if (briefs.length === 0) {
        await print('no runs yet; "memsched run jobs.yaml" starts one');
        return;
      }
      const more = folders.length - briefs.length;
      await print(
        more > 0
          ? `${runTable(briefs)}\n\n${counted(more, 'older run')}: memsched ps --all`
          : runTable(briefs),
      );
    });
}

function runTable(briefs: readonly RunBrief[]): string {
  const table = tableText(
    [
      { title: 'RUN' },
      { title: 'NAME' },
      { title: 'STATE' },
      { title: 'FINISHED', align: 'right' },
      { title: 'UNSUCCESSFUL', align: 'right' },
      { title: 'STARTED' },
      { title: 'TOOK', align: 'right' },
    ],
    briefs.map((brief) =>
      brief.state === 'unreadable'
        ? [brief.run, '', brief.state, '', '', '', '']
        : [
            brief.run,
            printable(brief.name),
            standingWords(brief),
            `${brief.finished}/${brief.tasks}`,
            String(brief.unsuccessful),
            localTime(brief.startedAtMs),
            formatDuration(brief.tookMs),
          ],
    ),
  );
  const problems = briefs.flatMap(({ problem }) =>
    problem === undefined ? [] : [printable(problem)],
  );
  return [table, ...problems].join('\n');
}

/** `died, 2 tasks live`, `ended, resumed`. */
function standingWords({ state, resumes, surviving }: RunBrief): string {
  const notes = [
    ...(surviving > 0 ? [`${counted(surviving, 'task')} live`] : []),
    ...(resumes > 0 ? ['resumed'] : []),
  ];
  return [state, ...notes].join(', ');
}

function positive(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('a whole number from 1 on, such as -n 50.');
  return value;
}
