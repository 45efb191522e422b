import type { Knowledge } from './knowledge.js';
import { predictCpus } from './learning/cpus.js';
import { CURVE_BINS, type CurveForecast } from './learning/types.js';
import { forecastFor } from './own-past.js';
import type { TaskRecord } from './run-state.js';

/** What one run of a task is expected to come to. */
export interface ExpectedWork {
  readonly durationMs: number;
  /** Memory over time, bytes × milliseconds. */
  readonly byteMs: number;
  /** Processors kept busy, on average; undefined when that was never measured. */
  readonly cpus: number | undefined;
}

const works = new WeakMap<CurveForecast, ExpectedWork>();

/** By what its own runs, or its group's, have come to; undefined when none is known, or its past is not to count. */
export function expectedWorkOf(record: TaskRecord, knowledge: Knowledge): ExpectedWork | undefined {
  const { spec } = record;
  if (spec.profile === 'none') return undefined;
  const profile = knowledge.groups.get(spec.group);
  const forecast = profile && forecastFor(record, profile);
  if (profile === undefined || forecast === undefined) return undefined;
  let work = works.get(forecast);
  if (work === undefined) {
    const { durationMs, meanBytes } = forecast;
    const sum = meanBytes.reduce((total, bytes) => total + bytes, 0);
    work = {
      durationMs,
      byteMs: (sum / CURVE_BINS) * durationMs,
      cpus: predictCpus(profile),
    };
    works.set(forecast, work);
  }
  return work;
}
