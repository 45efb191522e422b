// Peak predictors against each other, on recorded or made-up tasks: memory wasted, overruns, time. Exit code 1 when
// expected-cost misses its gate, 2 when the traces cannot be read. `npm run bench:predict -- --help`.
import { Command, InvalidArgumentError } from 'commander';
import { contestants } from './contestants.js';
import type { TraceSet } from './job.js';
import { replay, type Feedback } from './replay.js';
import { jsonOf, judge, lineOf, tableOf, type Contest } from './report.js';
import { syntheticSet } from './synthetic.js';
import { readTraces } from './traces.js';

const FEEDBACKS: readonly Feedback[] = ['sequential', 'delayed'];

const { traces, seed, json } = new Command('bench:predict')
  .option('--traces <dir>', 'folder with sizey_nfcore.csv.gz and kseg_timeseries.csv.gz')
  .option('--seed <n>', 'of the made-up tasks that are taken without --traces', wholeNumber, 1)
  .option('--json', 'print JSON instead of tables', false)
  .parse()
  .opts<{ traces?: string; seed: number; json: boolean }>();

try {
  const sets = traces === undefined ? [syntheticSet(seed)] : readTraces(traces);
  const contests = sets.flatMap((set) => FEEDBACKS.map((feedback) => contest(set, feedback)));
  const verdicts = judge(contests);
  const lines = json
    ? [jsonOf(contests, verdicts)]
    : [...contests.map((one) => `${tableOf(one)}\n`), ...verdicts.map(lineOf)];
  console.log(lines.join('\n'));
  process.exitCode = verdicts.every(({ isMet }) => isMet) ? 0 : 1;
} catch (error) {
  console.error(`bench:predict: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}

function contest(set: TraceSet, feedback: Feedback): Contest {
  const scores = new Map(
    contestants(set.hasInputs).map((contestant) => [
      contestant.name,
      replay(set.jobs, contestant, feedback),
    ]),
  );
  return { set: set.name, feedback, leftOut: set.leftOut, scores };
}

function wholeNumber(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw new InvalidArgumentError('Not a whole number.');
  return value;
}
