import { z } from 'zod';
import type { AttemptSample } from '../../core/observation.js';
import type { ExitStatus, Outcome, Verdict } from '../../core/outcome.js';
import type {
  AdmitReason,
  CandidateVerdict,
  LevelReason,
  MemoryNumbers,
  MissReason,
  RequeueCause,
  SavingPlan,
  SkipCause,
  StopReason,
  SuspendReason,
  ThawReason,
  WaitReason,
} from '../../core/reasons.js';
import type { NodeSignal } from '../../core/task-spec.js';
import { amount, byKind, count, figure } from './schema-parts.js';

/** How alarmed a run is. */
export const level = z.enum(['open', 'hold', 'preempt', 'critical']);

/** `SIGTERM`, `SIGRTMIN+3`. */
export const signal = z.custom<NodeSignal>(
  (value) => typeof value === 'string' && /^SIG[A-Z0-9+-]{1,20}$/.test(value),
  'a signal, such as SIGTERM',
);

/** What finally became of a task. */
export const outcome: z.ZodEnum<{ [K in Outcome]: K }> = z.enum([
  'succeeded',
  'failed',
  'oom-killed',
  'timed-out',
  'canceled',
  'skipped',
]);

/** The numbers at the moment of a decision. */
export const numbers: z.ZodType<MemoryNumbers> = z.object({
  usedBytes: figure,
  budgetBytes: figure,
  availableBytes: figure,
  growthBytesPerS: figure,
  somePct: figure.exactOptional(),
  fullPct: figure.exactOptional(),
});

/** Why the level moved. */
export const levelReason: z.ZodType<LevelReason> = z.object({
  rule: z.enum(['usage', 'some-pressure', 'full-pressure', 'growth', 'settled']),
  line: figure,
  numbers,
});

const estimate = z.object({
  bytes: amount,
  source: z.enum(['unknown', 'run', 'request', 'group', 'profile', 'same-task', 'earlier-attempt']),
  samples: amount,
  rule: z.string().exactOptional(),
});

const foresight = z.object({ peakBytes: figure, inMs: figure, sigmas: figure });

/** Why a task was started. */
export const admitReason: z.ZodType<AdmitReason> = z.object({
  rule: z.enum(['fits', 'progress']),
  estimate,
  claimedBytes: figure,
  allowanceBytes: figure,
  numbers,
  foresight: foresight.exactOptional(),
  passed: count,
});

/** Why a task waits. */
export const waitReason = byKind<WaitReason>({
  memory: z.object({
    estimate,
    claimedBytes: figure,
    allowanceBytes: figure,
    foresight: foresight.exactOptional(),
  }),
  level: z.object({ level, numbers }),
  'slow-start': z.object({ group: z.string(), running: count, limit: amount }),
  cpus: z.object({ wanted: amount, inUse: figure, capacity: amount }),
  resource: z.object({ name: z.string(), wanted: amount, inUse: figure, capacity: amount }),
  concurrency: z.object({ name: z.string(), limit: amount }),
  'max-parallel': z.object({ limit: amount }),
  'back-off': z.object({ untilMs: amount }),
  held: z.object({ of: z.enum(['run', 'task']) }),
  suspended: z.object({ task: z.string(), frozen: count }),
});

const candidateVerdict = byKind<CandidateVerdict>({
  taken: z.object({ rank: figure, effectiveLevel: figure }),
  spared: z.object({ rank: figure, effectiveLevel: figure }),
  rejected: z.object({
    because: z.enum([
      'level-0',
      'immune',
      'stopping',
      'last-one-running',
      'not-suspendable',
      'starting',
      'saving',
      'suspended',
      'not-growing',
      'last-one-growing',
    ]),
  }),
});

const candidate = z.object({
  task: z.string(),
  attempt: count,
  usedBytes: figure,
  estimateBytes: figure,
  ageMs: figure,
  savedAgoMs: amount.exactOptional(),
  wouldFail: z.literal(true).exactOptional(),
  verdict: candidateVerdict,
});

/** Why an attempt is stopped. */
export const stopReason = byKind<StopReason>({
  preempted: z.object({
    preempt: z.object({
      level: z.enum(['preempt', 'critical']),
      numbers,
      targetBytes: figure,
      dyingBytes: figure,
      candidates: z.array(candidate),
    }),
  }),
  'timed-out': z.object({ timeoutMs: amount, ranMs: amount }),
  signal: z.object({ signal: z.string() }),
  halt: z.object({ failures: count }),
  canceled: z.object({ of: z.enum(['run', 'task']) }),
  'over-pids': z.object({ pids: count, maxPids: count }),
  'left-behind': z.object({}),
});

/** Why an attempt is frozen. */
export const suspendReason: z.ZodType<SuspendReason> = z.object({
  rule: z.enum(['use', 'growth', 'stalls']),
  level: z.enum(['hold', 'preempt']),
  lineBytes: figure,
  withinMs: amount,
  numbers,
  candidates: z.array(candidate),
});

/** Why a frozen attempt goes on. */
export const thawReason = byKind<ThawReason>({
  fits: z.object({ expectedBytes: figure, allowanceBytes: figure, numbers }),
  'only-frozen-left': z.object({ frozen: count, numbers }),
});

/** Why a task runs again. */
export const requeueCause = byKind<RequeueCause>({
  preempted: z.object({ preemptions: count }),
  bystander: z.object({ times: count }),
  'limit-grown': z.object({ fromBytes: amount, toBytes: amount }),
  retry: z.object({ retry: count, of: count }),
  checkpointed: z.object({ times: count, idleTimes: count }),
  resumed: z.object({}),
});

/** Why a task never ran. */
export const skipCause = byKind<SkipCause>({
  'need-did-not-succeed': z.object({ job: z.string() }),
  halted: z.object({ failures: count }),
  stopped: z.object({ signal: z.string() }),
  canceled: z.object({ of: z.enum(['run', 'task']) }),
});

/** How a process ended. */
export const exitStatus = byKind<ExitStatus>({
  code: z.object({ code: z.number().int() }),
  signal: z.object({ signal }),
  unknown: z.object({ why: z.string(), withSupervisor: z.literal(true).exactOptional() }),
});

const oom = z.object({
  oomKill: amount,
  oom: amount,
  max: amount,
  of: z.enum(['host', 'sampled']).exactOptional(),
});

/** Who or what ended an attempt. */
export const verdict = byKind<Verdict>({
  exit: z.object({ code: z.number().int() }),
  'own-limit': z.object({ limitBytes: amount, peakBytes: amount, oom }),
  bystander: z.object({ peakBytes: amount, usedBytes: figure, budgetBytes: figure, oom }),
  'over-budget': z.object({ peakBytes: amount, budgetBytes: figure, oom }),
  'over-pids': z.object({ pids: count, maxPids: count }),
  preempted: z.object({ peakBytes: amount }),
  'checkpoint-missing': z.object({ peakBytes: amount, savedAgoMs: amount.exactOptional() }),
  checkpointed: z.object({ code: z.number().int(), times: count, idleTimes: count }),
  'timed-out': z.object({ timeoutMs: amount }),
  canceled: z.object({ by: z.enum(['signal', 'halt', 'command']) }),
  'external-signal': z.object({ signal }),
  'could-not-start': z.object({
    error: z.string(),
    isShortage: z.literal(true).exactOptional(),
  }),
  lost: z.object({ why: z.string(), withSupervisor: z.literal(true).exactOptional() }),
});

/** Whether a checkpoint is asked for before a stop. */
export const savingPlan: z.ZodType<SavingPlan> = z.object({
  kind: z.enum(['ask', 'recent', 'no-time']),
  savedAgoMs: amount.exactOptional(),
});

/** Why a checkpoint was not made. */
export const missReason = byKind<MissReason>({
  timeout: z.object({}),
  'hook-failed': z.object({ exit: exitStatus }),
  'hook-not-started': z.object({ error: z.string() }),
  'nobody-listens': z.object({ signal }),
  ended: z.object({}),
  'no-time': z.object({}),
});

/** Which attempt. */
export const ref = { task: z.string(), attempt: z.number().int().positive() };

/** Who has stopped an attempt, other than we. */
export const pausedBy = z.enum(['signal', 'freezer']);

/** What an attempt used at a look. */
export const attemptSample: z.ZodType<AttemptSample> = z.object({
  ...ref,
  usedBytes: figure,
  peakBytes: amount,
  cpuMs: amount.exactOptional(),
  pids: count.exactOptional(),
  pausedBy: pausedBy.exactOptional(),
  strayedTo: z.string().exactOptional(),
  tamperedWith: z.string().exactOptional(),
});
