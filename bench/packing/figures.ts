import { areaOf, stepsOf } from '../../src/core/rehearsal/course.js';
import type { Rehearsal } from '../../src/core/rehearsal/score.js';
import { atPeak, boundsOf, highestOf, type BoundJob, type Bounds } from './bounds.js';
import { riseBytesOf, type Setting } from './play.js';
import type { Workload } from './workload.js';

/** What no schedule can beat on a machine, and what none that sets peaks aside can. Milliseconds. */
export interface Floor {
  readonly bounds: Bounds;
  readonly bestMs: number;
  readonly bestAtPeakMs: number;
  /** Bytes × milliseconds that the workload has to hold. */
  readonly usefulByteMs: number;
}

/** How one play went. */
export interface Figures {
  readonly ratio: number;
  /** To the floor of schedulers that set peaks aside. */
  readonly ratioAtPeak: number;
  readonly makespanMs: number;
  /** Work thrown away, as a share of what had to be done. */
  readonly killedShare: number;
  readonly killedGBh: number;
  readonly kills: number;
  readonly oomKills: number;
  /** Of the memory that tasks may use. */
  readonly peakShare: number;
  /** Mean use over the whole time, of the same. */
  readonly usedShare: number;
  /** Tasks that did not succeed. */
  readonly failed: number;
  readonly medianWaitMs: number;
  readonly p95WaitMs: number;
  readonly seconds: number;
}

const GBH = 1e9 * 3_600_000;

/** The floor of a workload on a machine. */
export function floorOf({ jobs }: Workload, setting: Setting): Floor {
  const riseBytes = riseBytesOf(setting);
  const machine = { memoryBytes: setting.memoryBytes, cpus: setting.cpus };
  const all: BoundJob[] = jobs.map(({ course, arrivalMs, needs }) => ({
    steps: stepsOf(course, riseBytes),
    cpus: course.cpus,
    arrivalMs,
    needs,
  }));
  const bounds = boundsOf(all, machine);
  return {
    bounds,
    bestMs: highestOf(bounds),
    bestAtPeakMs: highestOf(boundsOf(atPeak(all), machine)),
    usefulByteMs: all.reduce((sum, { steps }) => sum + areaOf(steps), 0),
  };
}

/** The figures of a play. @param seconds - that it took to play. */
export function figuresOf(
  rehearsal: Rehearsal,
  floor: Floor,
  setting: Setting,
  seconds: number,
): Figures {
  const tasks = [...rehearsal.tasks.values()];
  const waits = tasks
    .map(({ readyMs, startedMs, endedMs }) => (startedMs ?? endedMs) - readyMs)
    .sort((a, b) => a - b);
  const { makespanMs, killedByteMs, preemptions, oomKills, peakBytes, usedByteMs } = rehearsal;
  return {
    ratio: makespanMs / floor.bestMs,
    ratioAtPeak: makespanMs / floor.bestAtPeakMs,
    makespanMs,
    killedShare: killedByteMs / floor.usefulByteMs,
    killedGBh: killedByteMs / GBH,
    kills: preemptions,
    oomKills,
    peakShare: peakBytes / setting.memoryBytes,
    usedShare: usedByteMs / makespanMs / setting.memoryBytes,
    failed: tasks.filter(({ outcome }) => outcome !== 'succeeded').length,
    medianWaitMs: waits[Math.floor(waits.length / 2)] ?? 0,
    p95WaitMs: waits[Math.floor(waits.length * 0.95)] ?? 0,
    seconds,
  };
}
