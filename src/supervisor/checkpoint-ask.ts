import type { Action } from '../core/actions.js';
import type { AttemptRef } from '../core/observation.js';
import type { TaskId } from '../core/task-spec.js';
import { present } from '../util/assert.js';
import type { Effects } from './apply.js';
import { oomScoreAdjOf } from './oom-score.js';
import type { LaunchEnd } from './ports.js';

type Ask = Extract<Action, { kind: 'ask-checkpoint' }>;

/** A command that saves a task's work just now. */
interface Hook {
  readonly attempt: number;
  /** Known once it has started. */
  pid?: number;
  /** Nobody waits for it any more. */
  isUnwanted?: true;
}

/** The commands that save tasks' work just now, by task. */
export type Hooks = Map<TaskId, Hook>;

/**
 * Asks an attempt to save its work. What is there already is looked at first: what comes later is the answer.
 *
 * @param env - what the attempt's own environment has of ours.
 */
export function askForCheckpoint(
  action: Ask,
  effects: Effects,
  env: Readonly<Record<string, string>>,
): void {
  const { host, checkpoints, inbox, wake } = effects;
  const ref: AttemptRef = { task: action.task, attempt: action.attempt };
  if (action.by.kind === 'run') {
    runHook(action, effects, env);
    return;
  }
  const { mark } = checkpoints.look(action.task);
  const listeners = host.tell(ref, action.by.signal);
  inbox.put({ kind: 'checkpoint-sent', ...ref, listeners, mark });
  if (listeners === 0) wake();
}

function runHook(action: Ask, effects: Effects, env: Readonly<Record<string, string>>): void {
  const { host, launcher, launches, logs, hooks, inbox, wake } = effects;
  const ref: AttemptRef = { task: action.task, attempt: action.attempt };
  const hook: Hook = { attempt: ref.attempt };
  const tell = (end: LaunchEnd): void => {
    // Another one may have been started since.
    if (hooks.get(ref.task) !== hook) return;
    hooks.delete(ref.task);
    inbox.put({ kind: 'checkpoint-hook-ended', ...ref, end });
    wake();
  };
  hooks.set(ref.task, hook);
  const entry = host.entryOf(ref);
  if (entry === undefined) {
    tell({ kind: 'could-not-start', fault: { error: 'the attempt is gone' } });
    return;
  }
  const spec = present(launches.get(ref.task), `task ${ref.task} has something to run`);
  const command = present(spec.checkpoint, `task ${ref.task} has a command that saves its work`);
  const { cwd, env: own } = spec;
  const taken = launcher.launch(
    {
      ...ref,
      part: 'checkpoint',
      ...logs.pathsFor(ref.task, ref.attempt),
      spec: { command, cwd, env: own },
      entry,
      env: { ...env, MEMSCHED_PID: String(action.pid) },
      oomScoreAdj: oomScoreAdjOf(action.level),
    },
    {
      onStarted(pid) {
        hook.pid = pid;
        if (hook.isUnwanted === true) launcher.endPart(pid);
      },
      onEnd: tell,
    },
  );
  if (!taken.ok) tell({ kind: 'could-not-start', fault: taken.error });
}

/** Ends the command that saves an attempt's work, if it runs. */
export function endHook({ task, attempt }: AttemptRef, { hooks, launcher }: Effects): void {
  const hook = hooks.get(task);
  if (hook?.attempt !== attempt) return;
  hook.isUnwanted = true;
  if (hook.pid !== undefined) launcher.endPart(hook.pid);
}
