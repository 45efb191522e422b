import { unreachable } from '../util/assert.js';
import type { Command, CommandReply, ConfigChange } from './command.js';
import { linesFor } from './lines.js';
import type { Fact } from './observation.js';
import { queueLength } from './queue.js';
import type { RunState, TaskRecord } from './run-state.js';
import { kill, requestStop, stop } from './stopping.js';
import type { TaskId } from './task-spec.js';
import { emit, liveAttemptOf, type Tick } from './tick.js';

/** Does what the user has told the run to do, and answers: every command is answered once. */
export function takeCommand(tick: Tick, fact: Extract<Fact, { kind: 'commanded' }>): void {
  const reply = obey(tick, fact.command);
  tick.actions.push({ kind: 'answer', id: fact.id, reply });
}

function obey(tick: Tick, command: Command): CommandReply {
  switch (command.kind) {
    case 'hold':
      return command.task === undefined ? holdRun(tick) : holdTask(tick, command.task);
    case 'release':
      return command.task === undefined ? releaseRun(tick) : releaseTask(tick, command.task);
    case 'cancel':
      return command.task === undefined ? cancelRun(tick) : cancelTask(tick, command.task);
    case 'set':
      return change(tick, command);
    default:
      return unreachable(command);
  }
}

/** Nothing will be started any more. */
function isEnding({ stop: stopped, halted }: RunState): boolean {
  return stopped !== undefined || halted !== undefined;
}

function holdRun(tick: Tick): CommandReply {
  const { state } = tick;
  if (isEnding(state)) return { kind: 'run-is-ending' };
  const isNews = !state.isHeld;
  if (isNews) emit(tick, { kind: 'run-held' });
  return { kind: 'run-held', isNews, live: state.live.size };
}

function releaseRun(tick: Tick): CommandReply {
  const { state } = tick;
  if (isEnding(state)) return { kind: 'run-is-ending' };
  const isNews = state.isHeld;
  if (isNews) emit(tick, { kind: 'run-released' });
  return { kind: 'run-released', isNews, queued: queueLength(state.queue) };
}

function cancelRun(tick: Tick): CommandReply {
  requestStop(tick, { signal: 'SIGTERM', by: 'command' });
  const { live, stop: stopped } = tick.state;
  return { kind: 'run-stopping', live: live.size, times: stopped?.times ?? 1 };
}

/** The task if something can still become of it, or else why not. */
function openTask({ state }: Tick, task: TaskId): TaskRecord | CommandReply {
  const record = state.tasks.get(task);
  if (record === undefined) return { kind: 'no-such-task', task };
  return record.phase.kind === 'finished'
    ? { kind: 'task-is-finished', task, outcome: record.phase.outcome }
    : record;
}

function holdTask(tick: Tick, task: TaskId): CommandReply {
  const record = openTask(tick, task);
  if ('kind' in record) return record;
  if (isEnding(tick.state)) return { kind: 'run-is-ending' };
  const isNews = !record.isHeld;
  if (isNews) emit(tick, { kind: 'task-held', task });
  return { kind: 'task-held', isNews, task, isLive: liveAttemptOf(record) !== undefined };
}

function releaseTask(tick: Tick, task: TaskId): CommandReply {
  const record = openTask(tick, task);
  if ('kind' in record) return record;
  const isNews = record.isHeld;
  if (isNews) emit(tick, { kind: 'task-released', task });
  return { kind: 'task-released', isNews, task, isRunHeld: tick.state.isHeld };
}

/** What has not started never will; what runs is asked to end, and the second time killed. */
function cancelTask(tick: Tick, task: TaskId): CommandReply {
  const record = openTask(tick, task);
  if ('kind' in record) return record;
  const times = record.cancels + 1;
  emit(tick, { kind: 'cancel-requested', task, times });
  const { phase } = record;
  if (phase.kind === 'queued') {
    const skipped = { kind: 'canceled', of: 'task' } as const;
    emit(tick, { kind: 'task-finished', task, outcome: 'canceled', skipped });
    return { kind: 'task-canceled', task };
  }
  if (phase.kind === 'stopping') {
    if (times > 1) kill(tick, record, 'second-signal');
  } else {
    stop(tick, record, { kind: 'canceled', of: 'task' }, record.spec.onPreempt.graceMs);
  }
  return { kind: 'task-stopping', task, attempt: record.attempts, graceMs: graceLeftMs(record) };
}

function graceLeftMs({ phase }: TaskRecord): number {
  return phase.kind === 'stopping' && phase.stop.killedAtMs === undefined ? phase.stop.graceMs : 0;
}

function change(tick: Tick, { key, before, after, config }: ConfigChange): CommandReply {
  const { control, seen, unknownShare } = tick;
  if (isEnding(tick.state)) return { kind: 'run-is-ending' };
  const isNews = JSON.stringify(config) !== JSON.stringify(control.config);
  if (isNews) {
    emit(tick, { kind: 'config-changed', key, before, after, config });
    control.config = config;
    tick.lines = linesFor(config, seen.host.budgetBytes, unknownShare);
    if (key === 'budget') tick.actions.push({ kind: 'set-budget', budget: config.budget });
  }
  return { kind: 'config-changed', isNews, key, before, after };
}
