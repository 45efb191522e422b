import { forecastOf } from './learning/forecast.js';
import { ownForecastOf } from './learning/own-forecast.js';
import type { GroupProfile } from './learning/profile.js';
import { ownPastOf, ownPeakOf, type OwnPast } from './learning/reruns.js';
import type { CurveForecast, ProfileStrategy } from './learning/types.js';
import type { TaskRecord } from './run-state.js';
import { taskKeyOf } from './task-key.js';

/** What nobody may stop goes by its own past only when so many pairs of runs have shown how far reruns differ. */
const TELLING_PAIRS = 10;

/** Strategies that look for what says most; the others are statistics of the group. */
const BY_OWN: readonly ProfileStrategy[] = ['curve', 'expected-cost'];

/** What the very same task was like in earlier runs, where that may be relied on more than its group. */
export function ownPastFor(record: TaskRecord, profile: GroupProfile): OwnPast | undefined {
  const { spec, inputBytes } = record;
  if (!BY_OWN.includes(spec.profile)) return undefined;
  const own = ownPastOf(profile, taskKeyOf(spec), inputBytes);
  if (own === undefined || hasGoneBeyond(record, own)) return undefined;
  return spec.preemptible > 0 || own.reruns.pairs >= TELLING_PAIRS ? own : undefined;
}

/** It was stopped higher up in this run: it is not what it was. */
function hasGoneBeyond({ past }: TaskRecord, own: OwnPast): boolean {
  return past.some(({ peakBytes }) => peakBytes > ownPeakOf(own));
}

/** What the task is expected to use over its time: by its own past, or by that of its group. */
export function forecastFor(record: TaskRecord, profile: GroupProfile): CurveForecast | undefined {
  const { inputBytes } = record;
  const own = ownPastFor(record, profile);
  return (
    (own && ownForecastOf(profile, own, { inputBytes })) ?? forecastOf(profile, { inputBytes })
  );
}
