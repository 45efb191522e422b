import { z } from 'zod';
import type {
  BudgetSpec,
  CheckpointMeans,
  CheckpointSpec,
  HaltRule,
  HaltThreshold,
  LimitGrowth,
  RetryCause,
  RunConfig,
  TaskSpec,
} from '../../core/task-spec.js';
import { signal } from './reason-schemas.js';
import { amount, byKind, count } from './schema-parts.js';

const growth = byKind<LimitGrowth>({
  none: z.object({}),
  factor: z.object({ factor: amount }),
  list: z.object({ bytes: z.array(amount) }),
});

const retryCause = z.custom<RetryCause>(
  (value) =>
    typeof value === 'string' &&
    /^(oom|timeout|failure|exit:\d{1,3}|signal:[^]{1,30})$/.test(value),
  'a cause to try again for',
);

/** Logs have names that begin with it. */
const taskId = z
  .string()
  .min(1)
  .max(255)
  .refine((id) => !/[/\0]/.test(id) && id !== '.' && id !== '..', 'a name that a folder can have');

/** How a task is asked to save its work. */
export const checkpointMeans = byKind<CheckpointMeans>({
  signal: z.object({ signal }),
  run: z.object({}),
});

const checkpoint: z.ZodType<CheckpointSpec> = z.object({
  ask: z
    .object({ by: checkpointMeans, timeoutMs: amount, everyMs: amount.exactOptional() })
    .exactOptional(),
  exitCode: z.number().int(),
  stale: z.union([amount, z.enum(['any', 'never'])]),
  isRequired: z.literal(true).exactOptional(),
  isKept: z.literal(true).exactOptional(),
});

const named = z.record(z.string(), amount);

/** What the plan says of a task. */
export const taskSpec: z.ZodType<TaskSpec> = z.object({
  id: taskId,
  index: count,
  job: z.string(),
  matrix: z.record(z.string(), z.string()),
  needs: z.array(z.string()),
  when: z.enum(['success', 'always']),
  memory: z.object({
    requestBytes: amount.exactOptional(),
    limitBytes: amount.exactOptional(),
    grow: growth,
    maxBytes: amount.exactOptional(),
    swapBytes: amount.exactOptional(),
  }),
  cpus: z.union([amount, z.literal('auto')]),
  resources: named,
  preemptible: z.literal([0, 1, 2, 3, 4]),
  onPreempt: z.object({ signal, graceMs: amount }),
  maySuspend: z.literal(true).exactOptional(),
  checkpoint: checkpoint.exactOptional(),
  retries: z.object({ max: count, on: z.array(retryCause), delayMs: amount, backoff: amount }),
  timeoutMs: amount.exactOptional(),
  priority: z.number(),
  group: z.string(),
  profile: z.enum(['none', 'avg', 'p50', 'p95', 'peak', 'expected-cost', 'curve']),
  hasInputs: z.literal(true).exactOptional(),
  concurrency: z.string().exactOptional(),
});

const budget = byKind<BudgetSpec>({ auto: z.object({}), bytes: z.object({ bytes: amount }) });

const threshold = byKind<HaltThreshold>({
  count: z.object({ failures: count }),
  share: z.object({ pct: amount }),
});

const halt = byKind<HaltRule>({
  never: z.object({}),
  soon: z.object({ threshold }),
  now: z.object({ threshold }),
});

/** What holds for a run as a whole. */
export const runConfig: z.ZodType<RunConfig> = z.object({
  name: z.string(),
  budget,
  holdShare: amount,
  preemptShare: amount,
  criticalShare: amount,
  overcommit: amount,
  isAsTold: z.literal(true).exactOptional(),
  pressure: z.object({ somePct: amount, fullPct: amount, windowMs: amount }),
  intervalMs: amount,
  maxParallel: amount.exactOptional(),
  halt,
  maxGrowthPct: amount.exactOptional(),
  maxPids: z.object({ kind: z.enum(['auto', 'told']), pids: count }).exactOptional(),
  maxLogBytes: amount.exactOptional(),
  groups: named,
  resources: named,
  cpus: amount,
});
