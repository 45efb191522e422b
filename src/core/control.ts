import { EASY_BRAKE, type BrakeMemory } from './brake.js';
import { FIRST_CAUTION, type Caution } from './caution.js';
import type { CheckpointSight } from './checkpoint-answers.js';
import { ageMsOf, isFrozen } from './frozen.js';
import { initialKnowledge, NO_PRIORS, type Knowledge, type Priors } from './knowledge.js';
import { cpusToCount, CPUS_UNKNOWN } from './learning/cpus.js';
import { curveOf, newRecorder, noteUse, type CurveRecorder } from './learning/curve.js';
import type { Curve } from './learning/types.js';
import type { LongFirst } from './long-first.js';
import type { AttemptSample, Observation } from './observation.js';
import { calmLevel, type LevelMemory } from './pressure.js';
import type { Waiter, Waiters } from './reservation.js';
import type { RunState, TaskRecord } from './run-state.js';
import type { CurveForecast } from './learning/types.js';
import type { Stretches } from './stretches.js';
import type { RunConfig, TaskId, TaskSpec } from './task-spec.js';

/** A new peak counts as growth only from this factor on: pages come and go in an attempt that stands still. */
const GROWTH_FACTOR = 1.05;
/** Tasks of unknown size that may run at once at first, over all groups: the pilots of two of them. */
const FIRST_UNKNOWNS = 4;

/** Use of processors is measured over stretches of this length. */
const CPU_STRETCH_MS = 500;

/** What a live attempt was last seen to use. */
export interface AttemptMemory {
  readonly attempt: number;
  readonly usedBytes: number;
  readonly peakBytes: number;
  /** Since when it has not grown; the time in which it was frozen does not count. */
  readonly flatSinceMs: number;
  readonly lookedAtMs: number;
  readonly cpu: CpuMemory;
  /** What it has used so far, over its life. */
  readonly recorder: CurveRecorder;
}

/** What a live attempt uses of the processors, over the last second or so. */
export interface CpuMemory {
  /** Start of the stretch that is being measured. */
  readonly sinceMs: number;
  readonly cpuMs: number;
  /** Processors kept busy over the last stretch; undefined until one was measured. */
  readonly cpus: number | undefined;
}

/**
 * Additive increase, halving after a preemption: how many tasks of unknown size may be growing at once. May be a
 * fraction: every second group that becomes known makes room for one more.
 */
export interface SlowStart {
  readonly limit: number;
}

/** Room gained with each group that becomes known. */
const SLOW_START_STEP = 0.5;

/** A group has become known. */
export function widened({ limit }: SlowStart): SlowStart {
  return { limit: limit + SLOW_START_STEP };
}

/** A task had to be preempted. */
export function halved({ limit }: SlowStart): SlowStart {
  return { limit: Math.max(1, limit / 2) };
}

/** What is remembered of the limit on processes. */
export interface PidsMemory {
  /** As the host counted them when they were last looked into. */
  readonly refusals: number;
  /** The spell in which the limit was reached, the last if it is over. */
  readonly spell?: { readonly sinceMs: number; readonly lastMs: number };
  readonly toldMs?: number;
}

/** The most that all tasks together used, over all looks: few of these get an event of their own. */
export interface PeaksOfAll {
  ofRunBytes: number;
  sinceSampleBytes: number;
}

/** What an attempt was expected to use from some age on, when it used so much. */
export interface KeptForesight {
  readonly attempt: number;
  /** By this forecast of its kind. */
  readonly course: CurveForecast;
  readonly elapsedMs: number;
  readonly usedBytes: number;
  readonly stretches: Stretches;
}

/**
 * What the loop remembers from tick to tick beside the run's state: measurements and timers. It is not in the
 * journal, because a supervisor that resumes measures anew.
 */
export interface Control {
  /** Replaced when the user changes it. */
  config: RunConfig;
  readonly memory: Map<TaskId, AttemptMemory>;
  /** What running tasks of known kinds are expected to use, as it was last worked out. */
  readonly foresights: Map<TaskId, KeptForesight>;
  /** Tasks whose input files are being measured. */
  readonly measuring: Set<TaskId>;
  /** What is known of the folders of checkpoints of tasks that are not finished. */
  readonly checkpoints: Map<TaskId, CheckpointSight>;
  /** The host's count of OOM kills when the live attempt was admitted; nothing where the host does not count. */
  readonly oomKillsBefore: Map<TaskId, number>;
  /** Tasks whose main process does nothing about the signal that asked it to end: it dies of it, or was over before. */
  readonly deaf: Set<TaskId>;
  /** Tasks that a supervisor before may have asked to end: what they do now may be the answer to that. */
  readonly askedBefore: Set<TaskId>;
  /** What is known of groups. */
  readonly knowledge: Knowledge;
  /** How much room for chance admission leaves, by what it has come to. */
  caution: Caution;
  level: LevelMemory;
  slowStart: SlowStart;
  /** What the tree's limits were last set to. */
  tree: { readonly highBytes: number | 'max'; readonly maxBytes: number } | undefined;
  /** The first task in line that waits, and since when. */
  head: Waiter | undefined;
  /** Who is first in line for what, and since when: they may be passed only so long. */
  waiters: Waiters;
  /** From how long a task on it goes before the others; undefined before the first look at the queue. */
  longFirst: LongFirst | undefined;
  brake: BrakeMemory;
  toldWaitMs: number | undefined;
  lastTickMs: number | undefined;
  /** For how long the next look may be put off, from the last one on, while memory does not move. */
  restMs: number;
  lastSampledMs: number | undefined;
  readonly peaks: PeaksOfAll;
  lastBrakeEvents: number | undefined;
  pids: PidsMemory;
  brakeFeltMs: number | undefined;
  /** Since when there has been nobody to preempt although someone should be. */
  victimsMissing: boolean;
  lastVictimGoneMs: number | undefined;
  /** When somebody was last frozen, and thawed; -Infinity before. */
  readonly frost: { frozenAtMs: number; thawedAtMs: number };
}

/** What the loop knows before its first tick. */
export function initialControl(config: RunConfig, priors: Priors = NO_PRIORS): Control {
  return {
    config,
    knowledge: initialKnowledge(priors),
    caution: FIRST_CAUTION,
    memory: new Map(),
    foresights: new Map(),
    measuring: new Set(),
    checkpoints: new Map(),
    oomKillsBefore: new Map(),
    deaf: new Set(),
    askedBefore: new Set(),
    level: calmLevel(),
    slowStart: { limit: FIRST_UNKNOWNS },
    tree: undefined,
    head: undefined,
    waiters: new Map(),
    longFirst: undefined,
    brake: EASY_BRAKE,
    toldWaitMs: undefined,
    lastTickMs: undefined,
    restMs: 0,
    lastSampledMs: undefined,
    peaks: { ofRunBytes: 0, sinceSampleBytes: 0 },
    lastBrakeEvents: undefined,
    pids: { refusals: 0 },
    brakeFeltMs: undefined,
    victimsMissing: false,
    lastVictimGoneMs: undefined,
    frost: { frozenAtMs: -Infinity, thawedAtMs: -Infinity },
  };
}

/** Takes in what the attempts use now, each and together; forgets those that are gone. */
export function remember(control: Control, state: RunState, seen: Observation): void {
  const { peaks } = control;
  peaks.ofRunBytes = Math.max(peaks.ofRunBytes, seen.host.usedBytes);
  peaks.sinceSampleBytes = Math.max(peaks.sinceSampleBytes, seen.host.usedBytes);
  for (const sample of seen.attempts) {
    const record = state.live.get(sample.task);
    if (record?.attempts === sample.attempt) {
      const before = control.memory.get(sample.task);
      control.memory.set(sample.task, next(before, sample, seen.nowMs, record));
    }
  }
  for (const id of control.memory.keys()) if (!state.live.has(id)) control.memory.delete(id);
}

function next(
  before: AttemptMemory | undefined,
  now: AttemptSample,
  nowMs: number,
  record: TaskRecord,
): AttemptMemory {
  const same = before?.attempt === now.attempt ? before : undefined;
  if (same !== undefined && isFrozen(record)) return still(same, now, nowMs);
  const peakBytes = Math.max(now.peakBytes, now.usedBytes, same?.peakBytes ?? 0);
  const grew = same === undefined || peakBytes > same.peakBytes * GROWTH_FACTOR;
  const recorder = same?.recorder ?? newRecorder();
  noteUse(recorder, ageMsOf(record.phase, nowMs), now.usedBytes);
  return {
    attempt: now.attempt,
    usedBytes: now.usedBytes,
    peakBytes: grew ? peakBytes : same.peakBytes,
    flatSinceMs: grew ? nowMs : same.flatSinceMs,
    lookedAtMs: nowMs,
    cpu: nextCpu(same?.cpu, now.cpuMs, nowMs),
    recorder,
  };
}

/** Frozen, it shows nothing of itself: it neither grows nor stands still, and its processors are those of others. */
function still(before: AttemptMemory, now: AttemptSample, nowMs: number): AttemptMemory {
  const { usedBytes, cpuMs = before.cpu.cpuMs } = now;
  return {
    ...before,
    usedBytes,
    flatSinceMs: before.flatSinceMs + nowMs - before.lookedAtMs,
    lookedAtMs: nowMs,
    cpu: { ...before.cpu, sinceMs: nowMs, cpuMs },
  };
}

/** What an attempt that has just ended used over its life; undefined when it was too short to be seen. */
export function curveOfEnded(
  control: Control,
  id: TaskId,
  ranMs: number,
  peakBytes: number,
): Curve | undefined {
  const recorder = control.memory.get(id)?.recorder;
  return recorder === undefined ? undefined : curveOf(recorder, ranMs, peakBytes);
}

function nextCpu(
  before: CpuMemory | undefined,
  cpuMs: number | undefined,
  nowMs: number,
): CpuMemory {
  if (before === undefined) return { sinceMs: nowMs, cpuMs: cpuMs ?? 0, cpus: undefined };
  const elapsedMs = nowMs - before.sinceMs;
  if (cpuMs === undefined || elapsedMs < CPU_STRETCH_MS) return before;
  return { sinceMs: nowMs, cpuMs, cpus: Math.max(0, cpuMs - before.cpuMs) / elapsedMs };
}

/** What a live task uses now, as last seen; 0 before the first look. */
export function usedBytesOf(control: Control, record: TaskRecord): number {
  return control.memory.get(record.spec.id)?.usedBytes ?? 0;
}

/** Processors that live tasks count for: what they declared, or else what they are measured to use. */
export function cpusInUse(control: Control, state: RunState): number {
  let measured = 0;
  for (const { spec } of state.live.values()) {
    if (spec.cpus === 'auto')
      measured += control.memory.get(spec.id)?.cpu.cpus ?? unmeasured(control, spec);
  }
  return state.inUse.cpus + measured;
}

/** Processors that a task counts for when it is let in. */
export function cpusWanted(control: Control, spec: TaskSpec): number {
  return spec.cpus === 'auto' ? unmeasured(control, spec) : spec.cpus;
}

/** What its group has kept busy, or one. */
function unmeasured({ config, knowledge }: Control, { group, profile }: TaskSpec): number {
  const known = profile === 'none' ? undefined : knowledge.groups.get(group);
  const cpus = known === undefined ? CPUS_UNKNOWN : cpusToCount(known);
  return Math.min(cpus, config.cpus);
}

/** Remembers how many OOM kills the host had counted when an attempt was let in. */
export function noteOomKills(control: Control, id: TaskId, oomKills: number | undefined): void {
  if (oomKills === undefined) control.oomKillsBefore.delete(id);
  else control.oomKillsBefore.set(id, oomKills);
}

/** OOM kills on the host since the live attempt was admitted; 0 where the host does not count them. */
export function oomKillsSince(control: Control, id: TaskId, oomKills: number | undefined): number {
  const before = control.oomKillsBefore.get(id);
  return before === undefined || oomKills === undefined ? 0 : Math.max(0, oomKills - before);
}
