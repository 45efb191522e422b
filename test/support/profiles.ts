import fc from 'fast-check';
import { learnAll } from '../../src/core/learning/learn.js';
import { emptyProfile } from '../../src/core/learning/profile.js';
import { labelOf, type StoredProfile } from '../../src/core/learning/stored-profile.js';
import { CURVE_BINS, type RunSample } from '../../src/core/learning/types.js';

const bytes = fc.nat({ max: 2 ** 45 });
const ms = fc.double({ min: 0.001, max: 1e9, noNaN: true });
const seen = {
  peakBytes: bytes,
  durationMs: ms,
  inputBytes: bytes,
  task: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  endedAtMs: fc.integer({ min: 1_600_000_000_000, max: 1_900_000_000_000 }),
  tier: fc.constantFrom('cgroup' as const, 'hybrid' as const, 'procfs' as const),
};

/** What some attempt showed. */
const anySample: fc.Arbitrary<RunSample> = fc.oneof(
  fc.record(
    {
      kind: fc.constant('completed' as const),
      cpuMs: ms,
      curve: fc.array(bytes, { minLength: CURVE_BINS, maxLength: CURVE_BINS }),
      ...seen,
    },
    { requiredKeys: ['kind', 'cpuMs', 'peakBytes', 'durationMs', 'endedAtMs', 'tier'] },
  ),
  fc.record(
    { kind: fc.constant('lower-bound' as const), ...seen },
    { requiredKeys: ['kind', 'peakBytes', 'durationMs', 'endedAtMs', 'tier'] },
  ),
);

/** Profiles of some groups, with odd names. */
export const anyProfiles: fc.Arbitrary<readonly StoredProfile[]> = fc.uniqueArray(
  fc
    .record({
      group: fc.string({ unit: 'binary', minLength: 1, maxLength: 30 }),
      samples: fc.array(anySample, { maxLength: 12 }),
    })
    .map(({ group, samples }) => storedProfile(group, samples)),
  { selector: ({ group }) => group, maxLength: 5 },
);

/** What is stored of a group after these samples. */
export function storedProfile(group: string, samples: readonly RunSample[]): StoredProfile {
  return { group, label: labelOf(group), profile: learnAll(emptyProfile(), samples) };
}
