import type { CheckpointLook, Fact } from '../core/observation.js';
import type { RunState } from '../core/run-state.js';
import type { TaskId } from '../core/task-spec.js';
import { liveAttemptOf } from '../core/tick.js';
import type { CheckpointFolders } from './ports.js';

/** While nobody waits for a checkpoint, a folder is looked into this often; and while someone does. */
const EVERY_MS = 1000;
const WHILE_SAVING_MS = 50;

/** Looks into the folders of checkpoints: of those who save their work just now often, and of all when they end. */
export class CheckpointWatch {
  readonly #folders: Pick<CheckpointFolders, 'look'>;
  readonly #lookedAtMs = new Map<TaskId, number>();

  constructor(folders: Pick<CheckpointFolders, 'look'>) {
    this.#folders = folders;
  }

  /** @param facts - what has happened since: who has ended is looked at now, as nobody will later. */
  looks(state: RunState, facts: readonly Fact[], nowMs: number): readonly CheckpointLook[] {
    const ending = new Set(facts.flatMap((fact) => (isEnd(fact) ? [fact.task] : [])));
    const looks: CheckpointLook[] = [];
    for (const record of state.live.values()) {
      const { id, checkpoint } = record.spec;
      if (checkpoint === undefined) continue;
      const everyMs = liveAttemptOf(record)?.saving === undefined ? EVERY_MS : WHILE_SAVING_MS;
      const isDue = nowMs - (this.#lookedAtMs.get(id) ?? -Infinity) >= everyMs;
      if (!isDue && !ending.has(id)) continue;
      this.#lookedAtMs.set(id, nowMs);
      looks.push({ task: id, ...this.#folders.look(id) });
    }
    for (const id of this.#lookedAtMs.keys()) if (!state.live.has(id)) this.#lookedAtMs.delete(id);
    return looks;
  }
}

function isEnd(fact: Fact): fact is Extract<Fact, { kind: 'exited' | 'emptied' }> {
  return fact.kind === 'exited' || fact.kind === 'emptied';
}
