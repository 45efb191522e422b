import { readFileSync, writeFileSync } from 'node:fs';
import { chartSvg } from './harness/chart.js';
import { valueText } from './harness/format.js';
import { between } from './harness/markers.js';
import { BenchError, ROOT } from './harness/programs.js';
import type { BenchResult, PartResult } from './harness/result.js';
import { aligned, markdownOf } from './harness/tables.js';
import { makespanChart } from './makespan/chart.js';
import { piles } from './makespan/workloads.js';
import { PARTS } from './parts.js';
import { gainOverBest, verdictsOn } from './targets.js';

const MARKER = 'bench: made by "npm run bench -- --publish"';

/**
 * Writes docs/benchmarks.md, docs/benchmarks.svg and the lines of the README between the markers.
 *
 * @throws BenchError when the main table was not measured, or only in short.
 */
export function publish(result: BenchResult): void {
  const main = result.parts.find(({ part }) => part === 'makespan');
  if (main === undefined) throw new BenchError('nothing to publish: makespan was not measured');
  const short = result.parts.filter(({ isQuick }) => isQuick).map(({ part }) => part);
  if (short.length > 0)
    throw new BenchError(
      `not to be published, as they were measured with --quick: ${short.join(', ')}`,
    );
  writeFileSync(`${ROOT}docs/benchmarks.svg`, chartSvg(makespanChart(main)));
  writeFileSync(`${ROOT}docs/benchmarks.md`, pageOf(result));
  const readme = `${ROOT}README.md`;
  writeFileSync(readme, between(readFileSync(readme, 'utf8'), MARKER, readmeLines(main)));
}

/** All of the results as a page of the documentation. */
export function pageOf(result: BenchResult): string {
  const order = PARTS.map(({ name }) => name);
  const parts = result.parts.toSorted((a, b) => order.indexOf(a.part) - order.indexOf(b.part));
  return `${[
    '# Benchmarks',
    '<!-- Made by "npm run bench -- --publish" from measured results. Do not edit. -->',
    'Figures of one machine; elsewhere they are others, so measure there: `scripts/install-bench-tools.sh && npm ci && npm run build && npm run bench -- --out mine.json`. What counts are ratios within one table: contestants took turns.',
    ...(result.parts.some(({ part }) => part === 'makespan')
      ? ['![Time for a pile of tasks to the lower bound](benchmarks.svg)']
      : []),
    '## Targets',
    verdictTable(result),
    ...bestPeerLines(result),
    ...parts.map(markdownOf),
  ].join('\n\n')}\n`;
}

function bestPeerLines(result: BenchResult): string[] {
  const gain = gainOverBest(result);
  if (gain === undefined) return [];
  return [
    `The best peer of each pile without an OOM kill, whatever it is told, also the best number of tasks at once, which one finds by trying them all, takes ${valueText(gain, 'times')} as long as memsched's second run. Peers have all of the memory, memsched its budget. What the misses come from, and the next ideas: [where-the-time-goes.md](where-the-time-goes.md).`,
  ];
}

/** The targets as a table. */
export function verdictTable(result: BenchResult): string {
  const lines = verdictsOn(result).map(({ target, value, isMet }) => [
    target,
    value ?? '–',
    isMet === undefined ? 'not measured' : isMet ? 'met' : 'MISSED',
  ]);
  return aligned([['', 'measured', ''], ...lines]);
}

function readmeLines({ tables }: PartResult): string {
  const tasks = tables.map(({ name }) => name).join(', ');
  const sizes = [...new Set(piles(false).map(({ guestMib }) => guestMib / 1024))].join(' or ');
  return `![Bars: time for a pile of tasks to the lower bound](docs/benchmarks.svg)

Piles of tasks (${tasks}) in a guest with ${sizes} GB and no swap. memsched is told nothing of
them; a peer with a number is told the best one, found by trying them all, and \`--memfree\` and \`--memsuspend\` the largest
peak, or a tenth of the memory. All figures, and how to measure them: [docs/benchmarks.md](docs/benchmarks.md).
`;
}
