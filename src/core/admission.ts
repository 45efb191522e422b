import { nextUp } from './back-off.js';
import { cpusInUse, cpusWanted, type Control } from './control.js';
import { estimateFor, isGuess, type EstimateBasis } from './estimate.js';
import { expectedWorkOf } from './expected-work.js';
import { addOutlook, expectedPeak, wouldFit, type Forecast, type Outlook } from './forecast.js';
import { frozenInOrder } from './frozen.js';
import { outlookOfNext } from './outlook.js';
import { likenessOf } from './likeness.js';
import { foreseenAllowance } from './lines.js';
import { longOnesFirst } from './long-first.js';
import { atLeast } from './pressure.js';
import { FREE_LANE, inOrder } from './queue.js';
import { isAboutMemory, Refusals } from './refusals.js';
import type { AdmitReason, Estimate, Foresight, MemoryNumbers, WaitReason } from './reasons.js';
import { emptyLine, isKeptFrom, noteRefusal, type Line } from './reservation.js';
import type { RunState, TaskRecord } from './run-state.js';
import type { RunConfig, TaskSpec } from './task-spec.js';

/** Tasks passed in one tick: the head of the queue and some behind it, one of which may fit where it does not. */
const PASS_LIMIT = 4096;
/** Tasks unlike each other that are looked at in one tick. */
const SCAN_LIMIT = 256;
/** Tasks started in one tick: starting takes time, and the next look must not come late. */
const STARTS_PER_TICK = 32;
/** Tasks of one unknown group that may run at once. */
const PILOTS = 2;

/**
 * A task of unknown size that has not grown for so long has probably shown what it needs, and is no pilot any more.
 * Where nothing could stop it, one had better be sure.
 */
const PILOT_FLAT_MS = { preemptible: 1500, never: 60_000 } as const;
/** Of its expected duration. */
const PASSED_FOR_SHARE = 0.5;
/** Measured use is never quite a whole processor more or less. */
const CPU_SLACK = 0.1;

/** What admission looks at besides the run's state. */
export interface AdmissionInput {
  readonly nowMs: number;
  readonly control: Control;
  readonly basis: EstimateBasis;
  readonly numbers: MemoryNumbers;
  /** What the live tasks are expected to use; tasks that are let in are added to it. */
  readonly forecast: () => Forecast;
  /** What part of all claims may surprise, 0 to 1. */
  readonly unknownShare: number;
}

/** A task to start now, and why. */
export interface Admission {
  readonly record: TaskRecord;
  readonly reason: AdmitReason;
}

/** The first task that may not start although its turn has come, and why. */
export interface Refusal {
  readonly record: TaskRecord;
  readonly reason: WaitReason;
}

/** What a walk along the queue came to: why the first in line waits, if one does. */
export interface AdmissionVerdict {
  readonly head: Refusal | undefined;
  /** Who is first in line for what; absent when nobody had a turn. */
  readonly line?: Line;
}

/** Makes an admission happen in the state, so that whoever is looked at next counts it. */
type Start = (admission: Admission) => void;

/**
 * Walks along the queue once and calls `start` for every task that may start now: the head, and those behind that fit
 * while the head may still be passed. Whoever is refused stays refused for the rest of the walk, as there is only ever
 * less room, and so is everyone who is like it.
 */
export function admitAll(state: RunState, input: AdmissionInput, start: Start): AdmissionVerdict {
  const { config, level } = input.control;
  if (state.isHeld) return refuseHead(state, { kind: 'held', of: 'run' });
  const frozen = frozenInOrder(state);
  const [next] = frozen;
  if (next !== undefined)
    return refuseHead(state, { kind: 'suspended', task: next.spec.id, frozen: frozen.length });
  if (isFull(state, config)) return refuseAsFull(state, config);
  let starts = 0;
  const startOne: Start = (admission) => {
    const { record, reason } = admission;
    start(admission);
    addOutlook(input.forecast(), outlookOfNext(record, reason.estimate, input.control.knowledge));
    starts += 1;
  };
  if (!isAnyoneAtWork(state)) {
    const { admit, head } = progress(state, input);
    if (admit === undefined) return { head };
    startOne(admit);
    if (isFull(state, config)) return refuseAsFull(state, config);
  }
  if (atLeast(level.level, 'hold')) {
    const reason: WaitReason = { kind: 'level', level: level.level, numbers: input.numbers };
    return refuseHead(state, reason);
  }
  return walk(state, input, startOne, () => starts < STARTS_PER_TICK);
}

function isFull(state: RunState, { maxParallel = Infinity }: RunConfig): boolean {
  return state.live.size >= maxParallel;
}

function refuseAsFull(state: RunState, { maxParallel = Infinity }: RunConfig): AdmissionVerdict {
  return refuseHead(state, { kind: 'max-parallel', limit: maxParallel });
}

/** A process that no signal can end does not count: waiting for it could take for ever. */
function isAnyoneAtWork(state: RunState): boolean {
  for (const { phase } of state.live.values()) {
    if (phase.kind !== 'stopping' || phase.stop.stuck !== true) return true;
  }
  return false;
}

function walk(
  state: RunState,
  input: AdmissionInput,
  start: Start,
  mayGoOn: () => boolean,
): AdmissionVerdict {
  const { config, waiters } = input.control;
  let look = lookAt(state, input);
  const line = emptyLine();
  const refused = new Refusals();
  let head: Refusal | undefined;
  let passed = 0;
  const queued = inOrder(state.queue, (lane) => laneIsOpen(state, look, lane));
  for (const record of longOnesFirst(queued, input.control)) {
    if (passed >= PASS_LIMIT || refused.size >= SCAN_LIMIT || line.reserved.has('capacity')) break;
    if (!laneIsOpen(state, look, record.spec.concurrency ?? FREE_LANE)) continue;
    const likeness = likenessOf(record, input.control.knowledge);
    const reason = refused.of(likeness) ?? refusal(record, state, input, look);
    if (reason === undefined && !isKeptFrom(line, record.spec)) {
      start({ record, reason: fits(record, input, look, passed) });
      // Whom it passed has waited all the same.
      if (isFull(state, config)) return { ...refuseAsFull(state, config), line };
      if (!mayGoOn()) break;
      look = lookAt(state, input);
      continue;
    }
    passed += 1;
    if (reason === undefined) continue;
    refused.note(likeness, reason);
    head ??= { record, reason };
    noteRefusal(line, record.spec.id, reason, waiters, input.nowMs, patienceMs(record, input));
  }
  return { head: head ?? inClosedLane(state, look), line };
}

/**
 * Why each of the tasks would not start if it were its turn now, for whoever wants to know of more than the first in
 * line; those are left out that only wait for their turn.
 */
export function reasonsToWait(
  records: readonly TaskRecord[],
  state: RunState,
  input: AdmissionInput,
): ReadonlyMap<TaskRecord, WaitReason> {
  const { maxParallel = Infinity } = input.control.config;
  const look = lookAt(state, input);
  const refusals = new Map<string, WaitReason | undefined>();
  const reasonFor = (record: TaskRecord): WaitReason | undefined => {
    const { concurrency: lane } = record.spec;
    if (isFull(state, input.control.config)) return { kind: 'max-parallel', limit: maxParallel };
    if (lane !== undefined && !laneIsOpen(state, look, lane))
      return { kind: 'concurrency', name: lane, limit: look.laneCaps[lane] ?? 0 };
    const { forMemory: likeness } = likenessOf(record, input.control.knowledge);
    if (!refusals.has(likeness)) refusals.set(likeness, refusal(record, state, input, look));
    return refusals.get(likeness);
  };
  const reasons = new Map<TaskRecord, WaitReason>();
  for (const record of records) {
    const reason = reasonFor(record);
    if (reason !== undefined) reasons.set(record, reason);
  }
  return reasons;
}

/** How long the first in line may be passed: longer if it will run long itself. */
function patienceMs(record: TaskRecord, { control }: AdmissionInput): number {
  const work = expectedWorkOf(record, control.knowledge);
  return work === undefined ? 0 : PASSED_FOR_SHARE * work.durationMs;
}

/** Everyone who may start belongs to a concurrency group that is full. */
function inClosedLane(state: RunState, look: Look): Refusal | undefined {
  const isClosed = (lane: string): boolean => !laneIsOpen(state, look, lane);
  for (const record of inOrder(state.queue, isClosed)) {
    const { concurrency: name } = record.spec;
    if (name === undefined) continue;
    return { record, reason: { kind: 'concurrency', name, limit: look.laneCaps[name] ?? 0 } };
  }
  return undefined;
}

/** Sums over the running tasks, worked out once a pick. */
interface Look {
  readonly claimedBytes: number;
  readonly allowanceBytes: number;
  /** The same for tasks of known courses. */
  readonly foreseenBytes: number;
  /** Running tasks of unknown size, by group and altogether. */
  readonly guesses: ReadonlyMap<string, number>;
  readonly guessCount: number;
  readonly cpusInUse: number;
  readonly laneCaps: Readonly<Record<string, number>>;
}

function lookAt(state: RunState, input: AdmissionInput): Look {
  const { control, basis, nowMs, forecast, unknownShare } = input;
  const guesses = new Map<string, number>();
  let guessCount = 0;
  for (const record of state.live.values()) {
    if (!isStillAGuess(record, control, nowMs)) continue;
    guessCount += 1;
    guesses.set(record.spec.group, (guesses.get(record.spec.group) ?? 0) + 1);
  }
  return {
    claimedBytes: expectedPeak(forecast(), control.caution.sigmas),
    allowanceBytes: Math.floor(control.config.overcommit * basis.budgetBytes),
    foreseenBytes: foreseenAllowance(control.config, basis.budgetBytes, unknownShare),
    guesses,
    guessCount,
    cpusInUse: cpusInUse(control, state),
    laneCaps: control.config.groups,
  };
}

function isStillAGuess({ phase, spec }: TaskRecord, control: Control, nowMs: number): boolean {
  if (!('attempt' in phase) || !isGuess(phase.attempt.estimate)) return false;
  const memory = control.memory.get(spec.id);
  const flatMs = spec.preemptible > 0 ? PILOT_FLAT_MS.preemptible : PILOT_FLAT_MS.never;
  return memory === undefined || nowMs - memory.flatSinceMs < flatMs;
}

function laneIsOpen(state: RunState, look: Look, lane: string): boolean {
  const cap = look.laneCaps[lane];
  return cap === undefined || (state.inUse.concurrency.get(lane) ?? 0) < cap;
}

function refusal(
  record: TaskRecord,
  state: RunState,
  input: AdmissionInput,
  look: Look,
): WaitReason | undefined {
  const { spec } = record;
  const estimate = estimateFor(record, input.control.knowledge, input.basis);
  return (
    otherResources(spec, state, input.control, look) ??
    slowStart(spec, estimate, input.control, look) ??
    outOfMemory(record, estimate, input, look)
  );
}

function outOfMemory(
  record: TaskRecord,
  estimate: Estimate,
  input: AdmissionInput,
  look: Look,
): WaitReason | undefined {
  const { fits, ...numbers } = fit(record, estimate, input, look);
  const { claimedBytes } = look;
  return fits ? undefined : { kind: 'memory', estimate, claimedBytes, ...numbers };
}

/** Whether the task keeps within the allowance, beside all who run; by its group's curve where that is known. */
function fit(
  record: TaskRecord,
  estimate: Estimate,
  { control, forecast }: AdmissionInput,
  look: Look,
): {
  readonly fits: boolean;
  readonly allowanceBytes: number;
  readonly foresight?: Foresight;
} {
  const { knowledge } = control;
  const { sigmas } = control.caution;
  const outlook: Outlook = outlookOfNext(record, estimate, knowledge);
  const isForeseen = outlook.kind === 'course';
  const allowanceBytes =
    isForeseen && record.spec.preemptible > 0 ? look.foreseenBytes : look.allowanceBytes;
  const { fits, peakBytes, inMs } = wouldFit(forecast(), outlook, allowanceBytes, sigmas);
  return isForeseen
    ? { fits, allowanceBytes, foresight: { peakBytes, inMs, sigmas } }
    : { fits, allowanceBytes };
}

function otherResources(
  spec: TaskSpec,
  state: RunState,
  control: Control,
  look: Look,
): WaitReason | undefined {
  const { inUse } = state;
  const { config } = control;
  const cpus = cpusWanted(control, spec);
  if (cpus > 0 && look.cpusInUse + cpus > config.cpus + CPU_SLACK) {
    return {
      kind: 'cpus',
      wanted: hundredths(cpus),
      inUse: hundredths(look.cpusInUse),
      capacity: config.cpus,
    };
  }
  for (const [name, wanted] of Object.entries(spec.resources)) {
    const capacity = config.resources[name] ?? 0;
    const used = inUse.resources.get(name) ?? 0;
    if (used + wanted > capacity) return { kind: 'resource', name, wanted, inUse: used, capacity };
  }
  return undefined;
}

/** What was measured is told no finer than it means anything. */
function hundredths(cpus: number): number {
  return Math.round(cpus * 100) / 100;
}

/** Tasks of unknown size come in a few at a time: a crowd of them looks small until all grow at once. */
function slowStart(
  spec: TaskSpec,
  estimate: Estimate,
  control: Control,
  look: Look,
): WaitReason | undefined {
  if (!isGuess(estimate)) return undefined;
  const { group } = spec;
  const inGroup = look.guesses.get(group) ?? 0;
  if (inGroup >= PILOTS) return { kind: 'slow-start', group, running: inGroup, limit: PILOTS };
  const limit = Math.floor(control.slowStart.limit);
  return look.guessCount >= limit
    ? { kind: 'slow-start', group, running: look.guessCount, limit }
    : undefined;
}

function fits(record: TaskRecord, input: AdmissionInput, look: Look, passed: number): AdmitReason {
  const estimate = estimateFor(record, input.control.knowledge, input.basis);
  const { allowanceBytes, foresight } = fit(record, estimate, input, look);
  return {
    rule: 'fits',
    estimate,
    claimedBytes: look.claimedBytes,
    allowanceBytes,
    numbers: input.numbers,
    ...(foresight === undefined ? {} : { foresight }),
    passed,
  };
}

/** Nothing runs: the head is let in whatever is known of memory, or the run would wait for ever. */
function progress(
  state: RunState,
  input: AdmissionInput,
): { readonly admit?: Admission; readonly head: Refusal | undefined } {
  const look = lookAt(state, input);
  const isAlone = state.live.size === 0;
  let head: Refusal | undefined;
  const queued = inOrder(state.queue, (lane) => laneIsOpen(state, look, lane));
  for (const record of longOnesFirst(queued, input.control)) {
    const reason = refusal(record, state, input, look);
    if (isAlone || reason === undefined || isAboutMemory(reason)) {
      const admitted = fits(record, input, look, 0);
      const forced = reason !== undefined || atLeast(input.control.level.level, 'hold');
      return {
        admit: { record, reason: forced ? { ...admitted, rule: 'progress' } : admitted },
        head: undefined,
      };
    }
    // Only an attempt that cannot be ended may still hold what this one wants.
    head ??= { record, reason };
  }
  return { head: head ?? firstBackingOff(state) ?? firstHeld(state) };
}

/** Only tasks that back off are left: the one whose back-off ends first is next. */
function firstBackingOff({ queue }: RunState): Refusal | undefined {
  const record = nextUp(queue.backOff);
  return record?.phase.kind === 'queued'
    ? { record, reason: { kind: 'back-off', untilMs: record.phase.notBeforeMs } }
    : undefined;
}

/** Only tasks that the user holds are left. */
function firstHeld({ queue }: RunState): Refusal | undefined {
  const [record] = queue.held;
  return record === undefined ? undefined : { record, reason: { kind: 'held', of: 'task' } };
}

function refuseHead(state: RunState, reason: WaitReason): AdmissionVerdict {
  const record = firstInLine(state);
  return { head: record === undefined ? undefined : { record, reason } };
}

function firstInLine({ queue }: RunState): TaskRecord | undefined {
  const [first] = inOrder(queue, () => true);
  return first;
}
