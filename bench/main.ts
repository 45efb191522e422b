// memsched against its peers, in parts: `npm run bench -- --help`. Exit code 1 when --compare finds something worse, 2 when
// a part could not be measured or a file could not be read.
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command, InvalidArgumentError } from 'commander';
import { compare, comparisonText } from './harness/compare.js';
import { measured, type Part } from './harness/part.js';
import { BenchError, MEMSCHED, ROOT } from './harness/programs.js';
import {
  NO_RESULT,
  readResult,
  ResultError,
  savePart,
  withPart,
  type BenchResult,
} from './harness/result.js';
import { markdownOf } from './harness/tables.js';
import { PARTS } from './parts.js';
import { publish, verdictTable } from './publish.js';

interface Options {
  readonly list?: true;
  readonly rounds?: number;
  readonly quick?: true;
  readonly out?: string;
  readonly compare?: string;
  readonly threshold: number;
  readonly publish?: string;
}

const program = new Command('bench')
  .argument('[part...]', 'by name, see --list; default: all')
  .option('--list', 'list the parts')
  .option('--rounds <n>', 'how often everything is measured; default: as each part has it', whole)
  .option('--quick', 'measure little, to see that it works')
  .option('--out <file>', 'put the results into a JSON file, beside other parts that it has')
  .option('--compare <file>', 'print ratios to earlier results; fails when something is worse')
  .option('--threshold <times>', 'for --compare: worse by more than this', times, 1.1)
  .option(
    '--publish <file>',
    'measure nothing; make docs/benchmarks.md, its chart and the lines of the README from a file of results',
  )
  .parse();

try {
  process.exitCode = await bench(program.args, program.opts<Options>());
} catch (error) {
  if (!(error instanceof BenchError || error instanceof ResultError)) throw error;
  console.error(`bench: ${error.message}`);
  process.exitCode = 2;
}

async function bench(names: readonly string[], options: Options): Promise<number> {
  if (options.list === true) {
    for (const { name, about } of PARTS) console.log(`${name.padEnd(10)} ${about}`);
    return 0;
  }
  if (options.publish !== undefined) {
    publish(readResult(options.publish));
    return 0;
  }
  const parts = named(names);
  const baseline = options.compare === undefined ? undefined : readResult(options.compare);
  if (options.out !== undefined && existsSync(options.out)) readResult(options.out);
  if (!existsSync(`${ROOT}dist/main.cjs`))
    throw new BenchError(`${MEMSCHED} is not built; run: npm run build`);
  const { result, failed } = await measureAll(parts, options);
  console.log(`\n## Targets\n\n${verdictTable(result)}`);
  if (baseline === undefined) return failed ? 2 : 0;
  const comparisons = compare(result, baseline, options.threshold);
  console.log(`\n## Against ${options.compare ?? ''}\n`);
  console.log(comparisonText(comparisons, options.threshold));
  if (failed) return 2;
  const { rows, missing } = comparisons;
  if (rows.length === 0 && missing.length === 0) return 2;
  return missing.length > 0 || rows.some(({ verdict }) => verdict === 'worse') ? 1 : 0;
}

/** One part after the other; one that cannot be measured is told of, and the others go on. */
async function measureAll(
  parts: readonly Part[],
  { rounds, quick, out }: Options,
): Promise<{ readonly result: BenchResult; readonly failed: boolean }> {
  let result = NO_RESULT;
  let failed = false;
  for (const part of parts) {
    const scratch = mkdtempSync(join(tmpdir(), `memsched-bench-${part.name}-`));
    try {
      const found = await measured(part, {
        ...(rounds === undefined ? {} : { rounds }),
        isQuick: quick === true,
        scratch,
        tell: (line) => {
          console.error(`${part.name}: ${line}`);
        },
      });
      console.log(`\n${markdownOf(found)}`);
      result = withPart(result, found);
      if (out !== undefined) savePart(out, found);
    } catch (error) {
      if (!(error instanceof BenchError)) throw error;
      console.error(`bench: ${part.name}: ${error.message}`);
      failed = true;
    } finally {
      rmSync(scratch, { recursive: true, force: true, maxRetries: 5 });
    }
  }
  return { result, failed };
}

function named(names: readonly string[]): readonly Part[] {
  const unknown = names.filter((name) => !PARTS.some((part) => part.name === name));
  if (unknown.length > 0) {
    const all = PARTS.map(({ name }) => name).join(', ');
    throw new BenchError(`no part "${unknown.join('", "')}"; there are: ${all}`);
  }
  return names.length === 0 ? PARTS : PARTS.filter(({ name }) => names.includes(name));
}

function whole(text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new InvalidArgumentError('Expected a whole number, 1 or more.');
  return value;
}

function times(text: string): number {
  const value = Number(text);
  if (!(value > 1)) throw new InvalidArgumentError('Expected a number above 1, such as 1.1.');
  return value;
}
