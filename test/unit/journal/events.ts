import fc from 'fast-check';
import type { RunEvent, RunStarted } from '../../../src/core/events.js';
import { plainConfig } from '../../sim/specs.js';

/** Some first event. */
export const started: RunStarted = {
  kind: 'run-started',
  tMs: 0,
  version: 1,
  runId: '20261123-064927-nightly-k3',
  startedAtMs: 1_795_416_567_723,
  bootId: '11111111-2222-3333-4444-555555555555',
  pid: 4711,
  memsched: '0.1.0',
  jobfile: 'jobs.yaml',
  tier: 'cgroup',
  tasks: 1,
  config: {
    name: 'nightly',
    budget: { kind: 'auto' },
    holdShare: 0.8,
    preemptShare: 0.9,
    criticalShare: 0.95,
    overcommit: 0.9,
    pressure: { somePct: 10, fullPct: 20, windowMs: 2000 },
    intervalMs: 100,
    halt: { kind: 'never' },
    groups: {},
    resources: {},
    cpus: 2,
  },
};

/** A late tick at a given time: the smallest event there is. */
export function late(tMs: number): RunEvent {
  return { kind: 'tick-late', tMs, lateMs: 7 };
}

const text = fc.string({ unit: 'binary', maxLength: 40 });
const natural = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const real = fc
  .double({ min: 0, max: 253_402_300_799_999, noNaN: true })
  .map((x) => (Object.is(x, -0) ? 0 : x));
const ref = { tMs: real, task: text, attempt: fc.integer({ min: 1, max: 100 }) };
const numbers = fc.record(
  {
    usedBytes: natural,
    budgetBytes: natural,
    availableBytes: natural,
    growthBytesPerS: fc.integer(),
    somePct: real,
  },
  { requiredKeys: ['usedBytes', 'budgetBytes', 'availableBytes', 'growthBytesPerS'] },
);
const candidate = fc.record({
  task: text,
  attempt: natural,
  usedBytes: natural,
  estimateBytes: natural,
  ageMs: natural,
  verdict: fc.oneof(
    fc.record({ kind: fc.constant('taken' as const), rank: natural, effectiveLevel: natural }),
    fc.record({
      kind: fc.constant('rejected' as const),
      because: fc.constantFrom('immune' as const, 'saving' as const, 'not-growing' as const),
    }),
  ),
});

/** Events of every shape that matters to a file: odd text, large and fractional numbers, nesting, optional keys. */
export const anyEvent: fc.Arbitrary<RunEvent> = fc.oneof(
  fc.record({ kind: fc.constant('attempt-launched' as const), pid: natural, ...ref }),
  fc.record({
    kind: fc.constant('attempt-exited' as const),
    exit: fc.oneof(
      fc.record({ kind: fc.constant('code' as const), code: fc.integer({ min: 0, max: 255 }) }),
      fc.record({
        kind: fc.constant('signal' as const),
        signal: fc.constantFrom('SIGTERM' as const, 'SIGKILL' as const),
      }),
      fc.record({ kind: fc.constant('unknown' as const), why: text }),
    ),
    ...ref,
  }),
  fc.record(
    {
      kind: fc.constant('attempt-ended' as const),
      verdict: fc.record({ kind: fc.constant('could-not-start' as const), error: text }),
      peakBytes: natural,
      cpuMs: real,
      ranMs: real,
      curve: fc.array(natural, { minLength: 16, maxLength: 16 }),
      inputBytes: natural,
      ...ref,
    },
    {
      requiredKeys: ['kind', 'verdict', 'peakBytes', 'cpuMs', 'ranMs', 'tMs', 'task', 'attempt'],
    },
  ),
  fc.record({
    kind: fc.constant('group-grew' as const),
    tMs: real,
    group: text,
    task: text,
    beforeBytes: natural,
    nowBytes: natural,
    growthPct: real,
    limitPct: real,
    samples: natural,
  }),
  fc.record({
    kind: fc.constant('attempt-stopping' as const),
    graceMs: natural,
    reason: fc.record({
      kind: fc.constant('preempted' as const),
      preempt: fc.record({
        level: fc.constant('critical' as const),
        numbers,
        targetBytes: natural,
        dyingBytes: natural,
        candidates: fc.array(candidate, { maxLength: 5 }),
      }),
    }),
    ...ref,
  }),
  fc.record(
    {
      kind: fc.constant('attempt-suspended' as const),
      reason: fc.record({
        rule: fc.constantFrom('use' as const, 'growth' as const, 'stalls' as const),
        level: fc.constantFrom('hold' as const, 'preempt' as const),
        lineBytes: natural,
        withinMs: natural,
        numbers,
        candidates: fc.array(candidate, { maxLength: 5 }),
      }),
      reclaimBytes: natural,
      ...ref,
    },
    { requiredKeys: ['kind', 'reason', 'tMs', 'task', 'attempt'] },
  ),
  fc.record({
    kind: fc.constant('attempt-thawed' as const),
    frozenMs: natural,
    reason: fc.oneof(
      fc.record({
        kind: fc.constant('fits' as const),
        expectedBytes: natural,
        allowanceBytes: natural,
        numbers,
      }),
      fc.record({ kind: fc.constant('only-frozen-left' as const), frozen: natural, numbers }),
    ),
    ...ref,
  }),
  fc.record({
    kind: fc.constant('checkpoint-asked' as const),
    by: fc.constantFrom(
      { kind: 'run' as const },
      { kind: 'signal' as const, signal: 'SIGUSR1' as const },
    ),
    why: fc.constantFrom('stop' as const, 'every' as const),
    timeoutMs: natural,
    ...ref,
  }),
  fc.record({
    kind: fc.constant('checkpoint-made' as const),
    how: fc.constantFrom('hook' as const, 'folder' as const, 'by-itself' as const, 'exit' as const),
    savedMs: natural,
    ...ref,
  }),
  fc.record({
    kind: fc.constant('checkpoint-missed' as const),
    afterMs: natural,
    because: fc.oneof(
      fc.constant({ kind: 'timeout' as const }),
      fc.record({ kind: fc.constant('hook-not-started' as const), error: text }),
    ),
    ...ref,
  }),
  fc.record({
    kind: fc.constantFrom('run-held' as const, 'run-released' as const),
    tMs: real,
  }),
  fc.record({
    kind: fc.constantFrom('task-held' as const, 'task-released' as const),
    tMs: real,
    task: text,
  }),
  fc.record({
    kind: fc.constant('cancel-requested' as const),
    tMs: real,
    task: text,
    times: fc.integer({ min: 1, max: 9 }),
  }),
  fc.record({
    kind: fc.constant('config-changed' as const),
    tMs: real,
    key: text,
    before: text,
    after: text,
    config: fc.constant(plainConfig()),
  }),
  fc.record({ kind: fc.constant('brake-felt' as const), tMs: real, events: natural, numbers }),
  fc.record({ kind: fc.constant('tick-late' as const), tMs: real, lateMs: real }),
  fc.record({
    kind: fc.constant('run-ended' as const),
    tMs: real,
    outcomes: fc.record({ succeeded: natural, failed: natural }, { requiredKeys: [] }),
    preemptions: natural,
    oomKills: natural,
    peakBytes: natural,
  }),
);
