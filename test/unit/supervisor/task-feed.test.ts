import { describe, expect, it } from 'vitest';
import type { Fact } from '../../../src/core/observation.js';
import { emptyRunState, type RunState } from '../../../src/core/run-state.js';
import { evolve } from '../../../src/core/evolve.js';
import { Inbox } from '../../../src/supervisor/observe.js';
import type { Arrival, TaskHost, TaskSource } from '../../../src/supervisor/ports.js';
import { TaskFeed } from '../../../src/supervisor/task-feed.js';
import { plainTask } from '../../sim/specs.js';
import { started } from '../journal/events.js';

/** Answers when the test says so. */
class FakeSource implements TaskSource {
  readonly asked: number[] = [];
  isClosed = false;
  #answer: ((arrival: Arrival) => void) | undefined;
  #made = 0;

  next(atMost: number): Promise<Arrival> {
    expect(this.#answer, 'it is asked once at a time').toBeUndefined();
    this.asked.push(atMost);
    return new Promise((resolve) => {
      this.#answer = resolve;
    });
  }

  async give(arrival: number | Extract<Arrival, { kind: 'end' }>): Promise<void> {
    const answer = this.#answer;
    this.#answer = undefined;
    if (typeof arrival === 'object') answer?.(arrival);
    else
      answer?.({
        kind: 'tasks',
        tasks: Array.from({ length: arrival }, () => {
          const index = (this.#made += 1);
          return {
            spec: plainTask(String(index), { job: 'map', index }),
            launch: { command: { kind: 'argv', argv: ['true'] }, cwd: '/', env: {} },
          };
        }),
      });
    await Promise.resolve();
    await Promise.resolve();
  }

  close(): void {
    this.isClosed = true;
  }
}

const NO_HOST = { close: () => 'populated' } as unknown as TaskHost;

function setUp(): {
  readonly source: FakeSource;
  readonly feed: TaskFeed;
  readonly state: RunState;
  readonly facts: () => Fact[];
  readonly finish: (task: string) => void;
} {
  const source = new FakeSource();
  const inbox = new Inbox();
  const state = emptyRunState();
  evolve(state, { ...started, isStreaming: true });
  const feed = new TaskFeed(source, inbox, () => undefined);
  const facts = (): Fact[] => {
    const taken = inbox.take(NO_HOST);
    for (const fact of taken) {
      if (fact.kind === 'source-ended') evolve(state, { ...fact, tMs: 0 });
      if (fact.kind !== 'tasks-arrived') continue;
      for (const spec of fact.tasks) evolve(state, { kind: 'task-planned', tMs: 0, spec });
    }
    return taken;
  };
  const finish = (task: string): void => {
    const event = { kind: 'task-finished', tMs: 1, task, outcome: 'succeeded' } as const;
    evolve(state, event);
    feed.goOn(state, [event]);
  };
  return { source, feed, state, facts, finish };
}

describe('tasks that come as they are needed', () => {
  it('are asked for while few wait, and no sooner', async () => {
    const { source, feed, state, facts, finish } = setUp();
    feed.goOn(state, []);
    expect(source.asked).toEqual([512]);
    await source.give(512);
    facts();
    feed.goOn(state, []);
    expect(source.asked).toHaveLength(1);
    for (let task = 1; task <= 256; task += 1) finish(String(task));
    expect(source.asked).toEqual([512, 256]);
  });

  it('are forgotten with their commands when they are finished', async () => {
    const { source, feed, state, facts, finish } = setUp();
    feed.goOn(state, []);
    await source.give(2);
    facts();
    expect([...feed.launches.keys()]).toEqual(['1', '2']);
    finish('1');
    expect([...feed.launches.keys()]).toEqual(['2']);
  });

  it('end once, with the reason', async () => {
    const { source, feed, state, facts } = setUp();
    feed.goOn(state, []);
    await source.give({ kind: 'end', problem: 'gone' });
    expect(facts()).toEqual([{ kind: 'source-ended', problem: 'gone' }]);
    feed.goOn(state, []);
    expect(source.asked).toHaveLength(1);
  });

  it('are not taken after the run is over', async () => {
    const { source, feed, state, facts } = setUp();
    feed.goOn(state, []);
    feed.close();
    expect(source.isClosed).toBe(true);
    await source.give(3);
    expect(facts()).toEqual([]);
  });
});
