// Packing policies against each other and against lower bounds, on recorded or made-up tasks, in virtual time. Exit code
// 1 when a gate is missed, 2 when the traces cannot be read. `npm run bench:packing -- --help`.
import { availableParallelism } from 'node:os';
import { Command, InvalidArgumentError } from 'commander';
import { Arena, workloadsOf, type Contest, type Play, type Rules } from './contests.js';
import { playAll } from './crew.js';
import { POLICIES } from './policies.js';
import { jsonOf, judge, lineOf, preamble, tableOf, type Result } from './report.js';

/** Workflows with dependencies are large, and chance has little to decide in them. */
const DAG_SHUFFLES = 3;

interface Options {
  readonly traces?: string;
  readonly shuffles: number;
  readonly memory: readonly number[];
  readonly dagMemory: readonly number[];
  readonly cores: readonly number[];
  readonly only?: readonly string[];
  readonly policies?: readonly string[];
  readonly interval: number;
  readonly killLatency: number;
  readonly startUp: number;
  readonly threads: number;
  readonly json: boolean;
}

const options = new Command('bench:packing')
  .option('--traces <dir>', 'folder with kseg_timeseries.csv.gz and wfinstances_dag.csv.gz')
  .option('--shuffles <n>', 'orders of each workload', number, 10)
  .option('--memory <gb,…>', 'budgets, GB', numbers, [32, 64, 128])
  .option('--dag-memory <gb,…>', 'the same for workflows with dependencies', numbers, [8])
  .option('--cores <n,…>', 'processors; inf: without end', numbers, [Infinity, 16])
  .option('--only <name,…>', 'workloads by name', names)
  .option('--policies <name;…>', 'by name as in the tables', (text: string) => text.split(';'))
  .option('--interval <ms>', 'between two looks', number, 1000)
  .option('--kill-latency <ms>', 'from a kill until the memory is free', number, 200)
  .option('--start-up <share>', 'of its duration that each attempt loses at first', number, 0)
  .option('--threads <n>', 'plays at once', number, availableParallelism())
  .option('--json', 'print JSON instead of tables', false)
  .parse()
  .opts<Options>();

try {
  process.exitCode = (await contend(options)) ? 0 : 1;
} catch (error) {
  console.error(`bench:packing: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 2;
}

async function contend({ traces, json, threads, shuffles, ...chosen }: Options): Promise<boolean> {
  const rules: Rules = {
    ...(traces === undefined ? {} : { traces }),
    killLatencyMs: chosen.killLatency,
    startUpShare: chosen.startUp,
    intervalMs: chosen.interval,
  };
  const policies = POLICIES.map(({ name }) => name).filter(
    (name) => chosen.policies?.includes(name) ?? true,
  );
  const contests = contestsOf(rules, chosen, shuffles);
  const plays = contests.flatMap(({ contest, orders }) =>
    policies.flatMap((policy) =>
      Array.from({ length: orders }, (_, at): Play => ({ contest, policy, seed: at + 1 })),
    ),
  );
  const figures = await playAll(plays, rules, threads, (played) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${played} of ${plays.length} plays `);
  });
  const arena = new Arena(rules);
  const results = contests.map(({ contest }): Result => {
    const { floor, left, workload } = arena.stageOf(contest);
    return {
      contest,
      stage: { floor, left, tasks: workload.jobs.length, about: workload.about },
      figures: new Map(
        policies.map((policy) => [
          policy,
          figures.filter((_, at) => plays[at]?.contest === contest && plays[at].policy === policy),
        ]),
      ),
    };
  });
  const verdicts = judge(results);
  if (json) {
    console.log(jsonOf(rules, results, verdicts));
  } else {
    console.log([preamble(rules, shuffles), ...results.map(tableOf)].join('\n\n'));
    for (const verdict of verdicts) console.log(lineOf(verdict));
  }
  return verdicts.every(({ isMet }) => isMet);
}

type Chosen = Pick<Options, 'memory' | 'dagMemory' | 'cores' | 'only'>;

/** Every workload on every machine; those that came in over time, once more as they came. */
function contestsOf(
  rules: Rules,
  { memory, dagMemory, cores, only }: Chosen,
  shuffles: number,
): { readonly contest: Contest; readonly orders: number }[] {
  const { curves, dags } = workloadsOf(rules);
  const isChosen = ({ name }: { readonly name: string }): boolean => only?.includes(name) ?? true;
  const on = (name: string, budgets: readonly number[]): Contest[] =>
    budgets.flatMap((memoryGb) =>
      cores.map((cpus): Contest => ({ workload: name, memoryGb, cpus, arrivals: 'at once' })),
    );
  const recorded = curves.filter(isChosen).flatMap(({ name, jobs }): Contest[] => {
    const [first] = on(name, memory.includes(64) ? [64] : memory);
    const comeOverTime = jobs.some(({ arrivalMs }) => arrivalMs > 0);
    const arrivals: Contest[] =
      first !== undefined && comeOverTime ? [{ ...first, arrivals: 'as recorded' }] : [];
    return [...on(name, memory), ...arrivals];
  });
  const dependent = dags.filter(isChosen).flatMap(({ name }) => on(name, dagMemory));
  return [
    ...recorded.map((contest) => ({ contest, orders: shuffles })),
    ...dependent.map((contest) => ({ contest, orders: Math.min(shuffles, DAG_SHUFFLES) })),
  ];
}

function number(text: string): number {
  const value = text === 'inf' ? Infinity : Number(text);
  if (text === '' || Number.isNaN(value) || value < 0)
    throw new InvalidArgumentError('Not a number.');
  return value;
}

function numbers(text: string): number[] {
  return text.split(',').map(number);
}

function names(text: string): string[] {
  return text.split(',');
}
