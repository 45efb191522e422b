import { linesFor } from '../../../core/lines.js';
import { queueLength } from '../../../core/queue.js';
import { keyOf, type RunLook, type TaskRow, type TopLook } from './look.js';
import { TaskNotes } from './task-notes.js';
import { taskRows, type RowWish } from './task-rows.js';

/** What was seen as an object for `top --json`. Bytes, milliseconds, percent. */
export function lookObject(look: TopLook, wish: RowWish): object {
  return {
    atMs: look.epochMs,
    host: look.host,
    runs: look.runs.map((run) => runObject(run, wish)),
  };
}

function runObject(run: RunLook, wish: RowWish): object {
  const { state, runId, standing, nowMs, etaMs, problem } = run;
  const { started, budget, lastSample, counts } = state;
  const lines =
    started === undefined || budget === undefined
      ? undefined
      : linesFor(started.config, budget.budgetBytes, lastSample?.unknownShare);
  const notes = new TaskNotes();
  const queued = queueLength(state.queue);
  return {
    run: runId,
    name: started?.config.name ?? '',
    state: standing,
    ...(problem === undefined ? {} : { problem }),
    isHeld: state.isHeld,
    resumes: state.resumes,
    level: state.level,
    tier: started?.tier,
    startedAtMs: started?.startedAtMs,
    nowMs,
    etaMs,
    ...lines,
    usedBytes: lastSample?.numbers.usedBytes ?? 0,
    claimedBytes: lastSample?.claimedBytes ?? 0,
    somePct: lastSample?.numbers.somePct,
    fullPct: lastSample?.numbers.fullPct,
    counts: {
      tasks: state.counts.planned,
      unfinished: state.unfinished,
      live: state.live.size,
      queued,
      blocked: state.unfinished - state.live.size - queued,
      outcomes: Object.fromEntries(counts.outcomes),
      preemptions: counts.preemptions,
      suspensions: counts.suspensions,
      oomKills: counts.oomKills,
    },
    tasks: taskRows([run], wish).map((row) => taskObject(row, notes)),
  };
}

function taskObject(row: TaskRow, notes: TaskNotes): object {
  const { record, status, bytes, ranMs } = row;
  const { phase, limitBytes, attempts, preemptions, suspensions, isHeld } = record;
  const note = notes.inFull(row);
  return {
    task: keyOf(row).task,
    job: record.spec.job,
    state: status,
    attempts,
    preemptions,
    suspensions,
    isHeld,
    ...(phase.kind === 'finished' ? { peakBytes: bytes } : { usedBytes: bytes }),
    ...('attempt' in phase
      ? { estimateBytes: phase.attempt.estimate.bytes, pid: phase.attempt.launched?.pid }
      : {}),
    limitBytes,
    ranMs,
    ...(note === '' ? {} : { why: note }),
  };
}
