import { z } from 'zod';
import { JOURNAL_VERSION, type RunEvent } from '../../core/events.js';
import { CURVE_BINS } from '../../core/learning/types.js';
import {
  admitReason,
  attemptSample,
  exitStatus,
  level,
  levelReason,
  missReason,
  numbers,
  outcome,
  pausedBy,
  ref,
  requeueCause,
  savingPlan,
  signal,
  skipCause,
  stopReason,
  suspendReason,
  thawReason,
  verdict,
  waitReason,
} from './reason-schemas.js';
import { amount, count, figure, time, type Shapes } from './schema-parts.js';
import { checkpointMeans, runConfig, taskSpec } from './spec-schemas.js';

const tier = z.enum(['cgroup', 'hybrid', 'procfs']);
const pid = z.number().int().min(0);
const task = z.string();
const refs = z.array(z.object(ref));

/** An event of the run: when, and what. */
function ofRun<T extends z.ZodRawShape>(shape: T) {
  return z.object({ tMs: time, ...shape });
}

/** An event of one attempt. */
function ofAttempt<T extends z.ZodRawShape>(shape: T) {
  return z.object({ tMs: time, ...ref, ...shape });
}

const finding = {
  'attempt-killed': ofAttempt({
    afterMs: amount,
    because: z.enum(['grace-over', 'critical', 'second-signal', 'left-behind']),
  }),
  'attempt-stuck': ofAttempt({ forMs: amount, usedBytes: figure }),
  'attempt-exited': ofAttempt({ exit: exitStatus }),
  'attempt-ended': ofAttempt({
    verdict,
    peakBytes: amount,
    cpuMs: amount,
    ranMs: amount,
    frozenMs: amount.exactOptional(),
    curve: z.array(amount).max(CURVE_BINS).exactOptional(),
    inputBytes: amount.exactOptional(),
    lostMs: amount.exactOptional(),
  }),
};

const frost = {
  'attempt-suspended': ofAttempt({
    reason: suspendReason,
    reclaimBytes: amount.exactOptional(),
  }),
  'attempt-thawed': ofAttempt({ frozenMs: amount, reason: thawReason }),
};

const saving = {
  'checkpoint-asked': ofAttempt({
    by: checkpointMeans,
    why: z.enum(['stop', 'every']),
    timeoutMs: amount,
    savedAgoMs: amount.exactOptional(),
  }),
  'checkpoint-made': ofAttempt({
    how: z.enum(['hook', 'folder', 'by-itself', 'exit']),
    savedMs: amount,
    afterMs: amount.exactOptional(),
  }),
  'checkpoint-missed': ofAttempt({
    afterMs: amount,
    because: missReason,
    savedAgoMs: amount.exactOptional(),
  }),
};

const conduct = {
  'attempt-paused': ofAttempt({ by: pausedBy }),
  'attempt-unpaused': ofAttempt({ afterMs: amount }),
  'attempt-strayed': ofAttempt({ to: z.string() }),
  'attempt-tampered': ofAttempt({ file: z.string() }),
  'log-cut': ofAttempt({
    stream: z.enum(['stdout', 'stderr']),
    bytes: amount,
    maxBytes: amount,
    headBytes: amount,
    tailBytes: amount,
    leftOutBytes: amount,
  }),
};

const ofTasks = {
  'task-planned': ofRun({ spec: taskSpec }),
  'task-waits': ofRun({ task, reason: waitReason }),
  'attempt-admitted': ofAttempt({ limitBytes: amount.exactOptional(), reason: admitReason }),
  'attempt-launched': ofAttempt({ pid }),
  'attempt-stopping': ofAttempt({
    graceMs: amount,
    reason: stopReason,
    saving: savingPlan.exactOptional(),
  }),
  ...frost,
  ...saving,
  ...conduct,
  ...finding,
  'task-requeued': ofRun({
    task,
    cause: requeueCause,
    notBeforeMs: amount,
    floorBytes: amount,
    limitBytes: amount.exactOptional(),
  }),
  'task-finished': ofRun({ task, outcome, skipped: skipCause.exactOptional() }),
  'inputs-measured': ofRun({ task, bytes: amount.exactOptional() }),
  'task-held': ofRun({ task }),
  'task-released': ofRun({ task }),
  'cancel-requested': ofRun({ task, times: z.number().int().positive() }),
};

const ofMemory = {
  'level-changed': ofRun({ from: level, to: level, reason: levelReason }),
  'budget-changed': ofRun({ budgetBytes: figure, capacityBytes: amount, outsideBytes: figure }),
  'brake-felt': ofRun({ events: amount, numbers }),
  sampled: ofRun({
    level,
    claimedBytes: figure,
    numbers,
    peakBytes: figure.exactOptional(),
    unknownShare: figure.exactOptional(),
    attempts: z.array(attemptSample),
  }),
  'pids-reached': ofRun({
    pids: count,
    maxPids: count,
    largest: z.object({ ...ref, pids: count }).exactOptional(),
  }),
  'victims-missing': ofRun({ level, neededBytes: figure, numbers }),
  'group-grew': ofRun({
    group: z.string(),
    task,
    beforeBytes: amount,
    nowBytes: amount,
    growthPct: figure,
    limitPct: figure,
    samples: amount,
  }),
};

/** What each kind of event must be, as this version and all before it wrote it; the compiler keeps it complete. */
export const EVENT_SCHEMAS: Shapes<RunEvent> = {
  'run-started': ofRun({
    version: z.literal(JOURNAL_VERSION),
    runId: z.string(),
    startedAtMs: time,
    bootId: z.string(),
    pid,
    memsched: z.string(),
    jobfile: z.string(),
    tier,
    tasks: count,
    config: runConfig,
    profileFile: z.string().exactOptional(),
    isStreaming: z.literal(true).exactOptional(),
  }),
  ...ofTasks,
  ...ofMemory,
  'source-ended': ofRun({ problem: z.string().exactOptional() }),
  'tick-late': ofRun({ lateMs: figure }),
  'stop-requested': ofRun({
    signal,
    times: z.number().int().positive(),
    by: z.literal('command').exactOptional(),
  }),
  'run-held': ofRun({}),
  'run-released': ofRun({}),
  'config-changed': ofRun({
    key: z.string(),
    before: z.string(),
    after: z.string(),
    config: runConfig,
  }),
  halted: ofRun({ mode: z.enum(['soon', 'now']), failures: count }),
  'run-resumed': ofRun({
    after: z.enum(['death', 'reboot', 'end']),
    bootId: z.string(),
    pid,
    memsched: z.string(),
    tier,
    adopted: refs,
    lost: refs,
  }),
  'run-ended': ofRun({
    resumes: count.exactOptional(),
    outcomes: z.partialRecord(outcome, count),
    preemptions: count,
    suspensions: count.exactOptional(),
    oomKills: count,
    peakBytes: figure.exactOptional(),
    stoppedBy: signal.exactOptional(),
    lostMs: amount.exactOptional(),
  }),
};
