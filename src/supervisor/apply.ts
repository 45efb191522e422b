import type { Action } from '../core/actions.js';
import type { AttemptRef } from '../core/observation.js';
import type { NodeSignal, TaskId } from '../core/task-spec.js';
import { present, unreachable } from '../util/assert.js';
import type { Result } from '../util/result.js';
import type { Inbox } from './observe.js';
import type { Launcher, LogPaths, TaskHost } from './ports.js';
import type { RunPlan } from './run-plan.js';

/** `oom_score_adj` for each preemptible level: if we lose the race, the kernel takes whom we would have taken. */
const OOM_SCORE_PER_LEVEL = 200;

/** Where actions go. */
export interface Effects {
  readonly runId: string;
  readonly plan: RunPlan;
  readonly host: TaskHost;
  readonly launcher: Launcher;
  readonly logs: LogPaths;
  readonly inbox: Inbox;
  /** Attempts that were ordered and have no process yet, with the signal that came too early for them, if any. */
  readonly starting: Map<TaskId, NodeSignal | undefined>;
  /** Makes the next tick come at once. */
  readonly wake: () => void;
  /** Makes the next tick come soon: there is news, and nothing waits for it. */
  readonly soon: () => void;
}

/** Carries actions out, in order: the only place from which the supervisor acts. What comes of them become facts. */
export function apply(actions: readonly Action[], effects: Effects): void {
  for (const action of actions) applyOne(action, effects);
}

function applyOne(action: Action, effects: Effects): void {
  const { host } = effects;
  switch (action.kind) {
    case 'launch':
      launch(action, effects);
      return;
    case 'signal':
      host.signal(action, action.signal);
      noteEarly(action, action.signal, effects);
      return;
    case 'kill':
      host.kill(action);
      noteEarly(action, 'SIGKILL', effects);
      return;
    case 'limit-tree':
      host.limitTree(action);
      return;
    default:
      unreachable(action);
  }
}

type Launch = Extract<Action, { kind: 'launch' }>;

function launch(action: Launch, effects: Effects): void {
  const { host, launcher, inbox, plan, logs, starting } = effects;
  const ref = { task: action.task, attempt: action.attempt };
  const entry = host.open(ref, action);
  if (!entry.ok) {
    inbox.put({ kind: 'launch-failed', ...ref, error: entry.error });
    effects.wake();
    return;
  }
  const order = {
    ...ref,
    ...logs.pathsFor(ref.task, ref.attempt),
    spec: present(plan.launches.get(ref.task), `task ${ref.task} has something to run`),
    entry: entry.value,
    env: environment(action, effects.runId),
    oomScoreAdj: OOM_SCORE_PER_LEVEL * action.level,
  };
  starting.set(ref.task, undefined);
  launcher.launch(order, {
    onStart: (child) => {
      takeStart(ref, child, effects);
    },
    onExit: (end) => {
      if (end.kind === 'could-not-start') {
        failToLaunch(ref, end.error, effects);
        return;
      }
      inbox.put({ kind: 'exited', ...ref, exit: end });
      effects.wake();
    },
  });
}

function takeStart(
  ref: AttemptRef,
  child: Result<{ readonly pid: number }, string>,
  effects: Effects,
): void {
  const { host, inbox, starting } = effects;
  const missed = starting.get(ref.task);
  starting.delete(ref.task);
  if (!child.ok) {
    failToLaunch(ref, child.error, effects);
    return;
  }
  host.adopt(ref, child.value.pid);
  inbox.put({ kind: 'launched', ...ref, pid: child.value.pid });
  if (missed === 'SIGKILL') host.kill(ref);
  else if (missed !== undefined) host.signal(ref, missed);
  effects.soon();
}

/** Whoever is stopped before it has a process is told once it has one. */
function noteEarly({ task }: AttemptRef, signal: NodeSignal, { starting }: Effects): void {
  if (starting.has(task)) starting.set(task, signal);
}

function failToLaunch(ref: AttemptRef, error: string, { host, inbox, wake }: Effects): void {
  host.kill(ref);
  inbox.putFailedLaunch(ref, error);
  wake();
}

function environment(action: Launch, runId: string): Record<string, string> {
  return {
    MEMSCHED_RUN_ID: runId,
    MEMSCHED_JOB: action.job,
    MEMSCHED_TASK: action.task,
    MEMSCHED_ATTEMPT: String(action.attempt),
    MEMSCHED_PREEMPTIONS: String(action.preemptions),
    MEMSCHED_MEMORY_BYTES: String(action.claimBytes),
  };
}
