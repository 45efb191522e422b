import type { AttemptEnded, RunEvent, RunStarted } from '../../core/events.js';
import { RING_BOUNDS, RING_RUNS } from '../../core/learning/profile.js';
import { sampleOf } from '../../core/learning/sample.js';
import type { RunSample } from '../../core/learning/types.js';
import { taskKeyOf } from '../../core/task-key.js';
import type { TaskId, TaskSpec } from '../../core/task-spec.js';
import type { EventSink } from '../../supervisor/ports.js';

/** No profile has room for more of one run. */
const KEPT_PER_GROUP = RING_RUNS + RING_BOUNDS;

/**
 * Collects what a run's attempts show of their groups: a view of its events, as the journal is. Groups that outgrew
 * their profiles are left out, so that the gate stays closed until somebody decides.
 */
export class ProfileRecorder implements EventSink {
  readonly #specs = new Map<TaskId, TaskSpec>();
  readonly #samples = new Map<string, RunSample[]>();
  readonly #grown = new Set<string>();
  #started: RunStarted | undefined;

  emit(events: readonly RunEvent[]): void {
    for (const event of events) this.#take(event);
  }

  #take(event: RunEvent): void {
    switch (event.kind) {
      case 'run-started':
        this.#started = event;
        return;
      case 'task-planned':
        this.#specs.set(event.spec.id, event.spec);
        return;
      case 'attempt-ended':
        this.#learn(event);
        return;
      case 'task-finished':
        this.#specs.delete(event.task);
        return;
      case 'group-grew':
        this.#grown.add(event.group);
        return;
      default:
        return;
    }
  }

  /** What is to be learned, by group, oldest first. */
  samples(): ReadonlyMap<string, readonly RunSample[]> {
    return new Map([...this.#samples].filter(([group]) => !this.#grown.has(group)));
  }

  #learn(event: AttemptEnded): void {
    const spec = this.#specs.get(event.task);
    if (spec === undefined || this.#started === undefined) return;
    const { tier, startedAtMs } = this.#started;
    const sample = sampleOf(event, tier, startedAtMs + event.tMs, taskKeyOf(spec));
    if (sample !== undefined) this.#keep(spec.group, sample);
  }

  #keep(group: string, sample: RunSample): void {
    const kept = this.#samples.get(group) ?? [];
    this.#samples.set(group, kept);
    kept.push(sample);
    if (kept.length >= 2 * KEPT_PER_GROUP) kept.splice(0, kept.length - KEPT_PER_GROUP);
  }
}
