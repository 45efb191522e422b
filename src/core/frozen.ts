import { assert, present } from '../util/assert.js';
import type { AttemptSuspended, AttemptThawed } from './events.js';
import type { LiveAttempt, RunState, TaskPhase, TaskRecord } from './run-state.js';

/** A task whose attempt is frozen. */
export type FrozenRecord = TaskRecord & {
  readonly phase: Extract<TaskPhase, { kind: 'suspended' }>;
};

/** Whether the task's attempt is frozen now. */
export function isFrozen(record: TaskRecord): record is FrozenRecord {
  return record.phase.kind === 'suspended';
}

/** All frozen attempts in the order in which they go on: the oldest first. */
export function frozenInOrder(state: RunState): FrozenRecord[] {
  const frozen = [...state.live.values()].filter(isFrozen);
  return frozen.sort(
    (a, b) =>
      a.phase.attempt.admittedAtMs - b.phase.attempt.admittedAtMs || a.spec.index - b.spec.index,
  );
}

/** How long an attempt has been frozen up to `tMs`, all its times together. */
export function frozenMsOf(phase: TaskPhase, tMs: number): number {
  if (!('attempt' in phase)) return 0;
  const beforeMs = phase.attempt.frozenMs ?? 0;
  return phase.kind === 'suspended' ? beforeMs + Math.max(0, tMs - phase.sinceMs) : beforeMs;
}

/** How long an attempt has been running up to `tMs`, times in which it was frozen left out; 0 before it was launched. */
export function ranMsOf(phase: TaskPhase, tMs: number): number {
  if (!('attempt' in phase) || phase.attempt.launched === undefined) return 0;
  return Math.max(0, tMs - phase.attempt.launched.atMs - frozenMsOf(phase, tMs));
}

/** The same from its admission on: what views show as its time. */
export function ageMsOf(phase: TaskPhase, tMs: number): number {
  if (!('attempt' in phase)) return 0;
  const { launched, admittedAtMs } = phase.attempt;
  return Math.max(0, tMs - (launched?.atMs ?? admittedAtMs) - frozenMsOf(phase, tMs));
}

/** An attempt is frozen, or goes on; for `evolve`. */
export function followFrost(state: RunState, event: AttemptSuspended | AttemptThawed): void {
  const record = present(state.tasks.get(event.task), `task ${event.task} was planned`);
  const { phase } = record;
  if (event.kind === 'attempt-thawed') {
    assert(phase.kind === 'suspended', `task ${event.task} is frozen when it is thawed`);
    record.phase = { kind: 'running', attempt: withoutFrost(phase, event.tMs) };
    return;
  }
  assert(phase.kind === 'running', `task ${event.task} runs when it is frozen`);
  const suspensions = (phase.attempt.suspensions ?? 0) + 1;
  record.phase = {
    kind: 'suspended',
    attempt: { ...phase.attempt, suspensions },
    sinceMs: event.tMs,
  };
  record.suspensions += 1;
  state.counts.suspensions += 1;
}

/** The attempt of any live phase, its time in the frost added up to `tMs`. */
export function withoutFrost(
  phase: Extract<TaskPhase, { attempt: LiveAttempt }>,
  tMs: number,
): LiveAttempt {
  const frozenMs = frozenMsOf(phase, tMs);
  return frozenMs === 0 ? phase.attempt : { ...phase.attempt, frozenMs };
}
