import { describe, expect, it } from 'vitest';
import { tryLaw } from '../fuzz/run.js';
import { TARGETS } from '../fuzz/targets.js';

/** `npm run fuzz` shows a failure again, by its seed and path, and tries each law for minutes. */
describe.each(Object.entries(TARGETS))('fuzzing: %s', (_, laws) => {
  it.each(laws.map((one) => [one.name, one] as const))('%s', async (_name, law) => {
    const { runs, failure } = await tryLaw(law, {});
    expect(failure).toBeUndefined();
    expect(runs).toBe(law.runs);
  });
});
