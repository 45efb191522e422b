import type { Tier } from '../events.js';

/** A run's memory is kept as the maximum in so many equal parts of its duration. */
export const CURVE_BINS = 16;

/** Maximum of the working set in each part of a run, first part first; bytes, {@link CURVE_BINS} of them. */
export type Curve = readonly number[];

/** A run that came to its end with exit code 0: what it used is what such a task needs. */
export interface CompletedRun {
  readonly kind: 'completed';
  /** `memory.peak` in the `cgroup` tier, the highest sample elsewhere. */
  readonly peakBytes: number;
  readonly durationMs: number;
  /** Processor time. */
  readonly cpuMs: number;
  /** Size of its `stdin` and `inputs:` before it ran; absent when it declares none. */
  readonly inputBytes?: number;
  /** Absent when it was over before it could be sampled. */
  readonly curve?: Curve;
  /** Which task of its group it was, 0 to 2³² − 1: the same in each run (`taskKeyOf`). Older ones do not say. */
  readonly task?: number;
  /** Wall clock, milliseconds since 1970. */
  readonly endedAtMs: number;
  readonly tier: Tier;
}

/** A run that was stopped or killed: its peak lies at or above what it had reached. Raises floors, is no sample. */
export interface CensoredRun {
  readonly kind: 'lower-bound';
  readonly peakBytes: number;
  readonly durationMs: number;
  readonly inputBytes?: number;
  /** As in {@link CompletedRun}. */
  readonly task?: number;
  readonly endedAtMs: number;
  readonly tier: Tier;
}

/** What one attempt has shown of its group. */
export type RunSample = CompletedRun | CensoredRun;

/**
 * How a group's past becomes an estimate. `none` ignores it. `avg`, `p50`, `p95` and `peak` are statistics of the
 * completed runs' peaks. `expected-cost` picks the rule that would have cost least on this group so far. `curve`
 * counts with what a task needs *when*, beside an expected-cost peak.
 */
export type ProfileStrategy = 'none' | 'avg' | 'p50' | 'p95' | 'peak' | 'expected-cost' | 'curve';

/** What a group's next run is expected to reach. */
export interface PeakPrediction {
  readonly bytes: number;
  /** Completed runs it rests on. */
  readonly samples: number;
  /** The rule that won, for people: `max × 1.15`, `p95`. */
  readonly rule: string;
}

/** What a group's runs use over time, for admission by curves. Bytes; variances in bytes squared. */
export interface CurveForecast {
  /** Mean of the bins' maxima, {@link CURVE_BINS} of them. */
  readonly meanBytes: readonly number[];
  readonly varianceBytes2: readonly number[];
  /** The largest that any remembered run had in the bin. */
  readonly maxBytes: readonly number[];
  readonly durationMs: number;
  readonly samples: number;
  /** The newest, or most similar, of the runs that it rests on; empty where they are too few to say how far runs differ. */
  readonly runs: readonly CourseRun[];
  /** Where it was measured: so far a run may be off all of them, as a share, one standard deviation. */
  readonly offShare?: number;
  /** Of one task: what its group does, for when it is like none of its own runs. */
  readonly otherwise?: CurveForecast;
}

/** Of so many runs one looks for those that are like the one that runs; it is done for every running task. */
export const MOST_COURSE_RUNS = 64;

/** A past run, and how much it counts. */
export interface CourseRun {
  readonly curve: Curve;
  readonly durationMs: number;
  /** Of all runs of the forecast together 1. */
  readonly share: number;
}
