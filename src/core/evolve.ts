import { assert, present, unreachable } from '../util/assert.js';
import type {
  AttemptAdmitted,
  AttemptEnded,
  AttemptStopping,
  RunEvent,
  RunStarted,
  SourceEnded,
  StopRequested,
  TaskFinished,
  TaskRequeued,
} from './events.js';
import { followCheckpoint } from './evolve-checkpoint.js';
import { followConduct, leftOutOf } from './evolve-conduct.js';
import { followResume } from './evolve-resume.js';
import { followFrost, withoutFrost } from './frozen.js';
import { isFinished, jobOf, joinJob, release } from './job-progress.js';
import { letGoOfFinished } from './let-go.js';
import { dequeue, enqueue } from './queue.js';
import type { LiveAttempt, RunState, TaskRecord } from './run-state.js';
import type { TaskId, TaskSpec } from './task-spec.js';
import { isPreemption } from './verdict.js';

/** Past attempts remembered for each task; the journal has them all. */
const PAST_KEPT = 64;

/**
 * Changes the state by one event: the only writer of {@link RunState}. The live loop, `show`, `explain` and resume all
 * come through here.
 *
 * @throws InvariantError when the event does not fit the state (a damaged journal, or a bug of ours).
 */
export function evolve(state: RunState, event: RunEvent): void {
  switch (event.kind) {
    case 'run-started':
      start(state, event);
      return;
    case 'task-planned':
      plan(state, event.spec, event.tMs);
      return;
    case 'task-waits':
      task(state, event.task).waits = event.reason;
      return;
    case 'attempt-admitted':
      admit(state, event);
      return;
    case 'attempt-launched':
      changeAttempt(task(state, event.task), { launched: { atMs: event.tMs, pid: event.pid } });
      return;
    case 'attempt-suspended':
    case 'attempt-thawed':
      followFrost(state, event);
      return;
    case 'attempt-stopping':
      beginStopping(state, event);
      return;
    case 'checkpoint-asked':
    case 'checkpoint-made':
    case 'checkpoint-missed':
      followCheckpoint(state, event);
      return;
    case 'attempt-killed':
    case 'attempt-stuck':
      changeStopping(state, event);
      return;
    case 'attempt-paused':
    case 'attempt-unpaused':
    case 'attempt-strayed':
    case 'attempt-tampered':
    case 'log-cut':
      followConduct(state, event);
      return;
    case 'attempt-exited':
      changeAttempt(task(state, event.task), { exited: { status: event.exit, atMs: event.tMs } });
      return;
    case 'attempt-ended':
      endAttempt(state, event);
      return;
    case 'task-requeued':
      requeue(state, event);
      return;
    case 'task-finished':
      finish(state, event);
      return;
    case 'group-grew':
      state.grown.push(event);
      return;
    case 'inputs-measured':
      measured(state, event.task, event.bytes);
      return;
    case 'task-held':
    case 'task-released':
      setHeld(state, event.task, event.kind === 'task-held');
      return;
    case 'cancel-requested':
      task(state, event.task).cancels = event.times;
      return;
    default:
      ofRun(state, event);
  }
}

type OfTask = Extract<RunEvent, { readonly task: TaskId } | { readonly kind: 'task-planned' }>;

/** What happens to the run as a whole. */
function ofRun(
  state: RunState,
  event: Exclude<RunEvent, OfTask | Extract<RunEvent, { kind: 'run-started' }>>,
): void {
  switch (event.kind) {
    case 'level-changed':
      state.level = event.to;
      return;
    case 'budget-changed':
      state.budget = event;
      return;
    case 'sampled':
      state.lastSample = event;
      return;
    case 'stop-requested':
      state.stop = pickStop(event);
      return;
    case 'run-held':
    case 'run-released':
      state.isHeld = event.kind === 'run-held';
      return;
    case 'config-changed':
      if (state.started !== undefined) state.started = { ...state.started, config: event.config };
      return;
    case 'halted':
      state.halted = { mode: event.mode, failures: event.failures };
      return;
    case 'run-ended':
      state.ended = event;
      return;
    case 'run-resumed':
      followResume(state, event);
      return;
    case 'source-ended':
      endSource(state, event);
      return;
    case 'brake-felt':
    case 'tick-late':
    case 'victims-missing':
    case 'pids-reached':
      return;
    default:
      unreachable(event);
  }
}

function pickStop({ signal, times, by }: StopRequested): RunState['stop'] {
  return { signal, times, ...(by === undefined ? {} : { by }) };
}

/** One that waits for its turn steps aside, or back to its place; one that does not is put right when its turn comes. */
function setHeld(state: RunState, id: TaskId, isHeld: boolean): void {
  const record = task(state, id);
  const isQueued = dequeue(state.queue, record);
  record.isHeld = isHeld;
  if (!isHeld && record.waits?.kind === 'held') record.waits = undefined;
  if (isQueued) enqueue(state.queue, record);
}

function task(state: RunState, id: TaskId): TaskRecord {
  return present(state.tasks.get(id), `task ${id} was planned`);
}

function start(state: RunState, event: RunStarted): void {
  assert(state.started === undefined, 'a run starts once');
  state.started = event;
  if (event.isStreaming === true) state.source = { kind: 'open' };
}

function plan(state: RunState, spec: TaskSpec, tMs: number): void {
  assert(!state.tasks.has(spec.id), `task ${spec.id} is planned once`);
  const record: TaskRecord = {
    spec,
    phase: { kind: 'queued', sinceMs: tMs, notBeforeMs: 0 },
    attempts: 0,
    preemptions: 0,
    suspensions: 0,
    bystanderKills: 0,
    retries: 0,
    growths: 0,
    checkpointExits: 0,
    idleExits: 0,
    saved: undefined,
    limitBytes: spec.memory.limitBytes,
    floorBytes: 0,
    isHeld: false,
    cancels: 0,
    inputBytes: undefined,
    waits: undefined,
    admitted: undefined,
    past: [],
  };
  state.tasks.set(spec.id, record);
  state.counts.planned += 1;
  state.unfinished += 1;
  const job = joinJob(state, record);
  if (job.unfinishedNeeds === 0) release(state, job);
}

function endSource(state: RunState, { problem }: SourceEnded): void {
  assert(state.source.kind === 'open', 'tasks that come later end once');
  state.source = { kind: 'ended', ...(problem === undefined ? {} : { problem }) };
}

function admit(state: RunState, event: AttemptAdmitted): void {
  const record = task(state, event.task);
  assert(record.phase.kind === 'queued', `task ${event.task} is queued when it is admitted`);
  assert(event.attempt === record.attempts + 1, `attempts of task ${event.task} count up by one`);
  dequeue(state.queue, record);
  record.attempts = event.attempt;
  record.admitted = event.reason;
  record.waits = undefined;
  record.phase = {
    kind: 'starting',
    attempt: {
      number: event.attempt,
      admittedAtMs: event.tMs,
      estimate: event.reason.estimate,
      ...(event.limitBytes === undefined ? {} : { limitBytes: event.limitBytes }),
    },
  };
  state.live.set(event.task, record);
  hold(state, record.spec, 1);
}

/** Takes (+1) or gives back (−1) everything but memory that a task counts on. */
function hold(state: RunState, spec: TaskSpec, sign: 1 | -1): void {
  const { inUse } = state;
  // Fractions of processors must sum to nothing again when nobody runs.
  inUse.cpus =
    state.live.size === 0 ? 0 : inUse.cpus + sign * (spec.cpus === 'auto' ? 0 : spec.cpus);
  for (const [name, count] of Object.entries(spec.resources))
    add(inUse.resources, name, sign * count);
  if (spec.concurrency !== undefined) add(inUse.concurrency, spec.concurrency, sign);
}

function add(counters: Map<string, number>, name: string, by: number): void {
  counters.set(name, (counters.get(name) ?? 0) + by);
}

function changeAttempt(record: TaskRecord, change: Partial<LiveAttempt>): void {
  const { phase } = record;
  assert('attempt' in phase, `task ${record.spec.id} has a live attempt`);
  const attempt = { ...phase.attempt, ...change };
  record.phase =
    phase.kind === 'stopping' || phase.kind === 'suspended'
      ? { ...phase, attempt }
      : { kind: attempt.launched ? 'running' : 'starting', attempt };
}

/** A frozen one thaws with that: it is to hear of it. */
function beginStopping(state: RunState, event: AttemptStopping): void {
  const record = task(state, event.task);
  const { phase } = record;
  assert(
    phase.kind === 'running' || phase.kind === 'starting' || phase.kind === 'suspended',
    `task ${event.task} runs when it is stopped`,
  );
  const { reason, graceMs } = event;
  record.phase = {
    kind: 'stopping',
    attempt: withoutFrost(phase, event.tMs),
    stop: { reason, graceMs, sinceMs: event.tMs, decidedMs: event.tMs },
  };
}

function changeStopping(
  state: RunState,
  event: Extract<RunEvent, { kind: 'attempt-killed' | 'attempt-stuck' }>,
): void {
  const record = task(state, event.task);
  assert(record.phase.kind === 'stopping', `task ${event.task} is being stopped`);
  const change =
    event.kind === 'attempt-killed' ? { killedAtMs: event.tMs } : { stuck: true as const };
  record.phase = { ...record.phase, stop: { ...record.phase.stop, ...change } };
}

function endAttempt(state: RunState, event: AttemptEnded): void {
  const record = task(state, event.task);
  const { phase } = record;
  assert('attempt' in phase, `task ${event.task} has an attempt to end`);
  record.past.push({
    number: event.attempt,
    admittedAtMs: phase.attempt.admittedAtMs,
    endedAtMs: event.tMs,
    ranMs: event.ranMs,
    ...(event.frozenMs === undefined ? {} : { frozenMs: event.frozenMs }),
    peakBytes: event.peakBytes,
    cpuMs: event.cpuMs,
    verdict: event.verdict,
    estimate: phase.attempt.estimate,
    ...leftOutOf(phase.attempt),
    ...(event.lostMs === undefined ? {} : { lostMs: event.lostMs }),
  });
  if (record.past.length > PAST_KEPT) record.past.shift();
  record.admitted = undefined;
  record.phase = { kind: 'queued', sinceMs: event.tMs, notBeforeMs: Infinity };
  state.live.delete(event.task);
  hold(state, record.spec, -1);
  if (isPreemption(event.verdict)) {
    state.counts.preemptions += 1;
    state.counts.lostMs += event.lostMs ?? 0;
  }
  if (isOomKill(event)) state.counts.oomKills += 1;
}

/** What the kernel's OOM killer did; over a limit that is kept by sampling, memsched itself ends the attempt. */
function isOomKill({ verdict }: AttemptEnded): boolean {
  if (verdict.kind === 'own-limit') return verdict.oom.of !== 'sampled';
  return verdict.kind === 'bystander' || verdict.kind === 'over-budget';
}

function requeue(state: RunState, event: TaskRequeued): void {
  const record = task(state, event.task);
  assert(
    record.phase.kind === 'queued',
    `the attempt of task ${event.task} is over when it is requeued`,
  );
  switch (event.cause.kind) {
    case 'preempted':
      record.preemptions += 1;
      break;
    case 'bystander':
      record.bystanderKills += 1;
      break;
    case 'limit-grown':
      record.growths += 1;
      break;
    case 'retry':
      record.retries += 1;
      break;
    case 'checkpointed':
      record.checkpointExits = event.cause.times;
      record.idleExits = event.cause.idleTimes;
      break;
    case 'resumed':
      break;
    default:
      unreachable(event.cause);
  }
  record.floorBytes = event.floorBytes;
  record.limitBytes = event.limitBytes;
  record.phase = {
    kind: 'queued',
    sinceMs: event.tMs,
    notBeforeMs: event.notBeforeMs,
  };
  enqueue(state.queue, record);
}

function finish(state: RunState, event: TaskFinished): void {
  const record = task(state, event.task);
  assert(
    record.phase.kind === 'queued',
    `task ${event.task} has no live attempt when it is finished`,
  );
  dequeue(state.queue, record);
  state.unmeasured.delete(event.task);
  state.doomed.delete(event.task);
  const { outcome, skipped, tMs: atMs } = event;
  record.phase = {
    kind: 'finished',
    atMs,
    outcome,
    ...(skipped === undefined ? {} : { skipped }),
  };
  record.waits = undefined;
  state.unfinished -= 1;
  state.counts.outcomes.set(outcome, (state.counts.outcomes.get(outcome) ?? 0) + 1);
  const job = present(state.jobs.get(record.spec.job), 'a task belongs to a job');
  job.finished += 1;
  if (outcome !== 'succeeded') job.unsuccessful += 1;
  letGoOfFinished(state, atMs);
  if (!isFinished(job)) return;
  for (const name of job.dependents) {
    const dependent = jobOf(state, name);
    dependent.unfinishedNeeds -= 1;
    if (dependent.unfinishedNeeds === 0) release(state, dependent);
  }
}

function measured(state: RunState, id: TaskId, bytes: number | undefined): void {
  const record = task(state, id);
  assert(
    state.unmeasured.delete(id),
    `the inputs of task ${id} are measured once, before it starts`,
  );
  record.inputBytes = bytes;
  enqueue(state.queue, record);
}
