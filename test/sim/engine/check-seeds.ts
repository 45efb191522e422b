import { describe, expect, test } from 'vitest';
import { violations } from '../checkers/all.js';
import { setupFor } from '../seeds.js';
import { simulate } from '../simulate.js';
import { MUST_REACH, reachedBy } from './reach.js';

/** `SIM_SEED=k` runs that seed alone; `SIM_SEEDS=n` the first n. */
const ONLY = process.env['SIM_SEED'];
const SEEDS = Number(process.env['SIM_SEEDS'] ?? 2400);
/** Seeds in one test: a failure names its seed, not its block. */
const BLOCK = 50;
/** So many seeds in one part come upon everything there is. */
const ENOUGH_TO_REACH_ALL = 1000;

/** Runs one part of the seeds: each test file has its own, so that they run beside each other. */
export function checkSeeds(part: number, parts: number): void {
  const reached = new Set<string>();
  let count = 0;
  const check = (seed: number): void => {
    const recording = simulate(setupFor(seed));
    expect(violations(recording), `SIM_SEED=${seed} shows it again`).toEqual([]);
    for (const name of reachedBy(recording)) reached.add(name);
    count += 1;
  };
  describe(`the engine keeps its promises whatever the host does, part ${part} of ${parts}`, () => {
    for (const { from, to } of blocksOf(part, parts)) {
      test(from === to ? `seed ${from}` : `seeds ${from} to ${to}`, () => {
        for (let seed = from; seed <= to; seed += 1) check(seed);
      });
    }
    test('the seeds come upon everything that can happen', () => {
      const missing = MUST_REACH.filter((name) => !reached.has(name));
      expect(count < ENOUGH_TO_REACH_ALL ? [] : missing).toEqual([]);
    });
  });
}

interface Block {
  readonly from: number;
  readonly to: number;
}

function blocksOf(part: number, parts: number): Block[] {
  if (ONLY !== undefined) return part === 1 ? [{ from: Number(ONLY), to: Number(ONLY) }] : [];
  const blocks: Block[] = [];
  for (let from = 1 + (part - 1) * BLOCK; from <= SEEDS; from += parts * BLOCK)
    blocks.push({ from, to: Math.min(from + BLOCK - 1, SEEDS) });
  return blocks;
}
