// Prints the profiles for the tick bench, one JSON array: made in a process of its own, as a run reads them from disk and has
// not learned them itself.
import { learn } from '../../src/core/learning/learn.js';
import { emptyProfile, RING_RUNS, type GroupProfile } from '../../src/core/learning/profile.js';
import { CURVE_BINS } from '../../src/core/learning/types.js';
import { Random } from '../../test/sim/random.js';
import { MiB, GiB } from '../../src/util/bytes.js';

const chance = new Random(1);

/** A group that is known by as many runs as are kept. */
function profileOf(group: number): GroupProfile {
  const own = chance.fork(`group ${group}`);
  const peakBytes = own.logBetween(100 * MiB, 4 * GiB);
  let profile = emptyProfile();
  for (let at = 0; at < RING_RUNS; at += 1) {
    const scale = own.between(0.8, 1.1);
    profile = learn(profile, {
      kind: 'completed',
      peakBytes: peakBytes * scale,
      durationMs: own.logBetween(5000, 600_000),
      cpuMs: 1000,
      curve: Array.from({ length: CURVE_BINS }, () => peakBytes * scale * own.between(0.2, 1)),
      endedAtMs: at,
      tier: 'cgroup',
    });
  }
  return profile;
}

const groups = Number(process.argv[2]);
process.stdout.write(
  JSON.stringify(Array.from({ length: groups }, (_, group) => profileOf(group))),
);
