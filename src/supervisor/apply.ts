import type { Action } from '../core/actions.js';
import type { CommandReply } from '../core/command.js';
import type { AttemptRef } from '../core/observation.js';
import type { StartFault } from '../core/outcome.js';
import type { TaskId } from '../core/task-spec.js';
import { present, unreachable } from '../util/assert.js';
import type { Inbox } from './observe.js';
import { askForCheckpoint, endHook, type Hooks } from './checkpoint-ask.js';
import { oomScoreAdjOf } from './oom-score.js';
import type {
  CheckpointFolders,
  InputMeter,
  LaunchEnd,
  Launcher,
  LaunchSpec,
  LogKeeper,
  LogPaths,
  TaskHost,
} from './ports.js';

/** Where actions go. */
export interface Effects {
  readonly runId: string;
  /** What to run for each task that may still start. */
  readonly launches: ReadonlyMap<TaskId, LaunchSpec>;
  readonly host: TaskHost;
  readonly launcher: Launcher;
  readonly inputs: InputMeter;
  readonly logs: LogPaths;
  /** Absent where logs may grow as they like. */
  readonly logKeeper?: LogKeeper;
  readonly checkpoints: CheckpointFolders;
  /** Commands that save tasks' work just now. */
  readonly hooks: Hooks;
  readonly inbox: Inbox;
  /** Tells whoever gave the command of this number what came of it. */
  readonly answer: (id: number, reply: CommandReply) => void;
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
    case 'ask-checkpoint':
      askForCheckpoint(action, effects, environment(action, effects));
      return;
    case 'end-checkpoint-hook':
      endHook(action, effects);
      return;
    case 'remove-checkpoints':
      effects.checkpoints.remove(action.task);
      return;
    case 'signal':
      sendSignal(action, effects);
      return;
    case 'kill':
      host.kill(action);
      return;
    case 'freeze':
      host.freeze(action);
      return;
    case 'thaw':
      host.thaw(action);
      return;
    case 'reclaim':
      host.reclaim(action, action.bytes);
      return;
    case 'cut-log':
      effects.logKeeper?.cut(action);
      return;
    case 'measure-inputs':
      measure(action.task, effects);
      return;
    case 'limit-tree':
      host.limitTree(action);
      return;
    case 'set-budget':
      host.setBudget(action.budget);
      return;
    case 'answer':
      effects.answer(action.id, action.reply);
      return;
    default:
      unreachable(action);
  }
}

function sendSignal(
  { task, attempt, signal }: Extract<Action, { kind: 'signal' }>,
  { host, inbox }: Effects,
): void {
  const ref = { task, attempt };
  if (host.signal(ref, signal)) inbox.put({ kind: 'signal-deadly', ...ref });
}

function measure(task: TaskId, { launches, inputs, inbox, wake }: Effects): void {
  const { stdin, inputs: files = [] } = launchSpec(launches, task);
  const bytes = inputs.sizeOf(stdin === undefined ? files : [stdin, ...files]);
  inbox.put({ kind: 'inputs-measured', task, ...(bytes === undefined ? {} : { bytes }) });
  wake();
}

function launchSpec(launches: Effects['launches'], task: TaskId): LaunchSpec {
  return present(launches.get(task), `task ${task} has something to run`);
}

type Launch = Extract<Action, { kind: 'launch' }>;

function launch(action: Launch, effects: Effects): void {
  const { host, launcher, inbox, launches, logs } = effects;
  const ref = { task: action.task, attempt: action.attempt };
  if (action.hasCheckpoints === true) {
    const folder = effects.checkpoints.open(action.task);
    if (!folder.ok) {
      inbox.put({ kind: 'launch-failed', ...ref, fault: folder.error });
      effects.wake();
      return;
    }
  }
  const entry = host.open(ref, action);
  if (!entry.ok) {
    inbox.put({ kind: 'launch-failed', ...ref, fault: entry.error });
    effects.wake();
    return;
  }
  const order = {
    ...ref,
    ...logs.pathsFor(ref.task, ref.attempt),
    spec: launchSpec(launches, ref.task),
    entry: entry.value,
    env: environment(action, effects),
    oomScoreAdj: oomScoreAdjOf(action.level),
  };
  const taken = launcher.launch(order, {
    onStarted(pid) {
      host.adopt(ref, pid);
      inbox.put({ kind: 'launched', ...ref, pid });
      effects.soon();
    },
    onEnd(end) {
      takeEnd(ref, end, effects);
    },
  });
  if (!taken.ok) failToLaunch(ref, taken.error, effects);
}

function takeEnd(ref: AttemptRef, end: LaunchEnd, effects: Effects): void {
  if (end.kind === 'could-not-start') {
    failToLaunch(ref, end.fault, effects);
    return;
  }
  // Whatever it still does, nobody would learn how it ends.
  if (end.kind === 'unknown') effects.host.kill(ref);
  effects.inbox.put({ kind: 'exited', ...ref, exit: end });
  effects.wake();
}

function failToLaunch(ref: AttemptRef, fault: StartFault, { host, inbox, wake }: Effects): void {
  host.kill(ref);
  inbox.putFailedLaunch(ref, fault);
  wake();
}

type Environed = Launch | Extract<Action, { kind: 'ask-checkpoint' }>;

function environment(action: Environed, { runId, checkpoints }: Effects): Record<string, string> {
  const keeps = action.kind === 'ask-checkpoint' || action.hasCheckpoints === true;
  const folder = keeps ? checkpoints.open(action.task) : undefined;
  return {
    ...(folder?.ok === true ? { MEMSCHED_CHECKPOINT_DIR: folder.value } : {}),
    MEMSCHED_RUN_ID: runId,
    MEMSCHED_JOB: action.job,
    MEMSCHED_TASK: action.task,
    MEMSCHED_ATTEMPT: String(action.attempt),
    MEMSCHED_PREEMPTIONS: String(action.preemptions),
    MEMSCHED_MEMORY_BYTES: String(action.claimBytes),
  };
}
