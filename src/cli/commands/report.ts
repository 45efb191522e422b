import { Command } from 'commander';
import { examplesText } from '../examples.js';
import { findRun } from '../past-run.js';
import { print, writeOut } from '../print.js';
import { reportOfRun, writeReport } from '../report-file.js';

const EXAMPLES = [
  ['memsched report', 'the latest run, into memsched-report-RUN.html'],
  ['memsched report 20261123-0649 -o r.html', 'an older run, by the beginning of its id'],
  ['memsched report latest -o - | gzip > report.html.gz', 'to standard output'],
] as const;

/** `memsched report`: one HTML file that shows a run. */
export function reportCommand(): Command {
  return new Command('report')
    .summary('one HTML file with timeline, memory, pressure, groups and tasks of a run')
    .description(
      'Writes one HTML file that shows a run and loads nothing: timeline of attempts, memory against budget, pressure, use of each group against its estimate, all tasks, and why each was stopped or killed. Also while the run goes on, and of a run that died.',
    )
    .argument('[run]', 'a run, or the beginning of its id; default: the latest')
    .option(
      '-o, --output <file>',
      'where to; - is standard output (default: memsched-report-RUN.html in this folder)',
    )
    .addHelpText('after', examplesText(EXAMPLES))
    .action(async (run: string | undefined, options: { readonly output?: string }) => {
      const folder = findRun(run);
      const html = reportOfRun(folder);
      if (options.output === '-') {
        await writeOut(html);
        return;
      }
      const path = options.output ?? `memsched-report-${folder.runId}.html`;
      writeReport(path, html);
      await print(path);
    });
}
