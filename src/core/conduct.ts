import { emit, refOf, type Tick } from './tick.js';

/**
 * Tells of what attempts do to themselves. One that somebody else than we has stopped (SIGSTOP, a freezer that the task
 * set itself) is told of, and when it goes on; it keeps its memory and its place, and its timeout goes on, as nobody but
 * the user knows what it waits for. What we have frozen ourselves has its own events. Where it left its cgroup or changed
 * a limit, the host has put that right already.
 */
export function noteConduct(tick: Tick): void {
  for (const { task, attempt, pausedBy, strayedTo, tamperedWith } of tick.seen.attempts) {
    const record = tick.state.live.get(task);
    if (record?.attempts !== attempt || record.phase.kind !== 'running') continue;
    if (strayedTo !== undefined)
      emit(tick, { kind: 'attempt-strayed', ...refOf(record), to: strayedTo });
    if (tamperedWith !== undefined)
      emit(tick, { kind: 'attempt-tampered', ...refOf(record), file: tamperedWith });
    const { pausedAtMs } = record.phase.attempt;
    if (pausedBy !== undefined && pausedAtMs === undefined) {
      emit(tick, { kind: 'attempt-paused', ...refOf(record), by: pausedBy });
    } else if (pausedBy === undefined && pausedAtMs !== undefined) {
      const afterMs = tick.tMs - pausedAtMs;
      emit(tick, { kind: 'attempt-unpaused', ...refOf(record), afterMs });
    }
  }
}
