// Fuzzes for minutes: npm run fuzz -- --minutes 10 [--target journal] [--seed N [--path P]]. Every trial tells its seed;
// one that fails tells how to see the failure again, and the exit code is 1.
import { parseArgs } from 'node:util';
import { formatCount } from '../../src/util/count.js';
import { tryLaw } from './run.js';
import { TARGETS } from './targets.js';

/** One law after the other, each for so long, until the time is over. */
const TURN_MS = 20_000;
const MINUTE_MS = 60_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '1' },
    target: { type: 'string', multiple: true, default: Object.keys(TARGETS) },
    seed: { type: 'string' },
    path: { type: 'string' },
  },
});
const minutes = Number(values.minutes);
const unknown = values.target.filter((name) => !Object.hasOwn(TARGETS, name));
if (!(minutes > 0) || unknown.length > 0) {
  console.error(
    `fuzz: --minutes takes a number above 0, --target one of: ${Object.keys(TARGETS).join(', ')}`,
  );
  process.exit(2);
}
const laws = values.target.flatMap((target) =>
  TARGETS[target as keyof typeof TARGETS].map((one) => ({
    ...one,
    name: `${target}: ${one.name}`,
  })),
);

const endMs = performance.now() + minutes * MINUTE_MS;
let failures = 0;
do {
  for (const one of laws) {
    const limitMs = Math.min(TURN_MS, (minutes * MINUTE_MS) / laws.length);
    const again = values.seed === undefined ? {} : { seed: Number(values.seed), runs: one.runs };
    const path = values.path === undefined ? {} : { path: values.path };
    const { runs, seed, failure } = await tryLaw(one, { runs: 1e9, limitMs, ...again, ...path });
    console.log(`${one.name}: ${formatCount(runs)} trials, seed ${seed}`);
    if (failure === undefined) continue;
    failures += 1;
    console.error(failure);
  }
} while (performance.now() < endMs && values.seed === undefined);
process.exitCode = failures === 0 ? 0 : 1;
