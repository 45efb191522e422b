import { appendFileSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { evolve } from '../../../src/core/evolve.js';
import type { RunEvent } from '../../../src/core/events.js';
import type { Outcome } from '../../../src/core/outcome.js';
import { emptyRunState } from '../../../src/core/run-state.js';
import { sinkOf, type Sink } from '../../../src/reporters/task-output/sink.js';
import {
  createTaskOutput,
  type TaskOutputOptions,
} from '../../../src/reporters/task-output/task-output.js';
import { MiB } from '../../../src/util/bytes.js';
import { plainTask } from '../../sim/specs.js';
import { until } from '../../support/poll.js';
import { tempDir } from '../../support/temp-dir.js';
import { started } from '../journal/events.js';

/** A run that the test tells, and what comes out of it. */
class Told {
  readonly folder = tempDir();
  readonly state = emptyRunState();
  out = '';
  readonly output;
  readonly #logs = {
    pathsFor: (task: string, attempt: number) => ({
      stdoutPath: join(this.folder, `${task}.${attempt}.out`),
      stderrPath: join(this.folder, `${task}.${attempt}.err`),
    }),
  };

  constructor(options: Partial<TaskOutputOptions> = {}, write?: Sink['write']) {
    const sink = (label: string): Sink => ({
      write:
        write ??
        ((bytes) => {
          this.out += label + bytes.toString();
          return Promise.resolve(true);
        }),
      flush: () => Promise.resolve(),
    });
    this.output = createTaskOutput({
      mode: 'group',
      keepOrder: false,
      logs: this.#logs,
      stdout: sink(''),
      stderr: sink('err:'),
      tagOf: ({ id }) => id,
      keepLogs: false,
      ...options,
    });
    this.tell({ ...started, isStreaming: true });
  }

  tell(event: RunEvent): void {
    evolve(this.state, event);
    this.output.event(event, this.state);
  }

  plan(...tasks: string[]): void {
    for (const [index, id] of tasks.entries())
      this.tell({ kind: 'task-planned', tMs: 0, spec: plainTask(id, { index }) });
  }

  /** The log of an attempt, which starts with it. */
  write(task: string, text: string, attempt = 1): void {
    const { stdoutPath } = this.#logs.pathsFor(task, attempt);
    appendFileSync(stdoutPath, text);
  }

  start(task: string, attempt = 1): void {
    const record = this.state.tasks.get(task)!;
    record.attempts = attempt;
    this.output.event({ kind: 'attempt-launched', tMs: 1, task, attempt, pid: 1 }, this.state);
  }

  finish(task: string, outcome: Outcome = 'succeeded', attempts = 1): void {
    this.state.tasks.get(task)!.attempts = attempts;
    this.tell({ kind: 'task-finished', tMs: 2, task, outcome });
  }

  async shown(): Promise<string> {
    await this.output.close(this.state);
    return this.out;
  }
}

describe('output of tasks', () => {
  it('comes when each is finished, stdout before stderr', async () => {
    const run = new Told();
    run.plan('a', 'b');
    run.write('a', 'a1\n');
    run.write('b', 'b1\nb2');
    writeFileSync(join(run.folder, 'b.1.err'), 'sorry\n');
    run.finish('b');
    run.finish('a');
    expect(await run.shown()).toBe('b1\nb2err:sorry\na1\n');
  });

  it('comes in order when told, whoever ends first', async () => {
    const run = new Told({ keepOrder: true });
    run.plan('a', 'b', 'c');
    for (const task of ['a', 'b', 'c']) run.write(task, `${task}\n`);
    run.finish('c');
    run.finish('b');
    run.output.tick?.(run.state, 0);
    await Promise.resolve();
    expect(run.out).toBe('');
    run.finish('a');
    expect(await run.shown()).toBe('a\nb\nc\n');
  });

  it('of very many may wait for the first in order before no more tasks are taken', async () => {
    const run = new Told({ keepOrder: true });
    const tasks = Array.from({ length: 5000 }, (_, at) => `t${at}`);
    run.plan(...tasks);
    for (const task of tasks.slice(1)) run.finish(task, 'succeeded', 0);
    await run.output.room();
    run.finish('t0', 'succeeded', 0);
    await run.output.room();
    expect(await run.shown()).toBe('');
  });

  it('comes by whole lines as it is written', async () => {
    const run = new Told({ mode: 'stream' });
    run.plan('a');
    run.start('a');
    run.write('a', 'one\ntw');
    run.output.tick?.(run.state, 1);
    await until('the first line is there', () => run.out !== '');
    expect(run.out).toBe('one\n');
    run.write('a', 'o');
    run.finish('a');
    expect(await run.shown()).toBe('one\ntwo');
  });

  it('of a task that writes faster than anybody reads comes up to where it was, and leaves turns to others', async () => {
    const run: Told = new Told({ mode: 'stream' }, (bytes) => {
      passedBytes += bytes.length;
      if (passedBytes <= 64 * MiB) run.write('a', `${'x'.repeat(bytes.length - 1)}\n`);
      return Promise.resolve(true);
    });
    let passedBytes = 0;
    run.plan('a', 'b');
    run.start('a');
    run.start('b');
    run.write('a', `${'y'.repeat(1023)}\n`.repeat(8 * 1024));
    let passedAtFirstTurn = 0;
    setImmediate(() => (passedAtFirstTurn = passedBytes));
    run.output.tick?.(run.state, 1);
    await until('it was read up to where it was', () => passedBytes >= 8 * MiB);
    await until('others had a turn', () => passedAtFirstTurn > 0);
    expect(passedAtFirstTurn).toBeLessThan(2 * MiB);
    expect(passedBytes).toBe(8 * MiB);
  });

  it('is read no further when nobody takes it', async () => {
    let writes = 0;
    const run = new Told({}, () => {
      writes += 1;
      return Promise.resolve(false);
    });
    run.plan('a');
    run.write('a', 'x'.repeat(MiB));
    run.finish('a');
    await run.shown();
    expect(writes).toBe(1);
  });

  it('has a tag before each line and an end behind the last', async () => {
    const run = new Told({ mode: 'tag' });
    run.plan('a');
    run.start('a');
    run.write('a', 'one\n\nthree');
    run.finish('a');
    expect(await run.shown()).toBe('a\tone\na\t\na\tthree\n');
  });

  it('has one tag before a line, however long it is', async () => {
    const run = new Told({ mode: 'tag' });
    const long = 'x'.repeat(2 * MiB);
    run.plan('a', 'b');
    run.start('a');
    run.start('b');
    run.write('a', long);
    run.write('b', 'short\n');
    run.output.tick?.(run.state, 1);
    await until('the other is there', () => run.out !== '');
    run.write('a', `${long}\nrest`);
    run.finish('a');
    run.finish('b');
    expect(await run.shown()).toBe(`b\tshort\na\t${long}${long}\na\trest\n`);
  });

  it('of all attempts comes as it is written, of the last alone when it is finished', async () => {
    for (const [mode, expected] of [
      ['stream', 'tried\nagain\n'],
      ['group', 'again\n'],
    ] as const) {
      const run = new Told({ mode });
      run.plan('a');
      run.write('a', 'tried\n', 1);
      run.start('a', 1);
      run.write('a', 'again\n', 2);
      run.start('a', 2);
      run.finish('a', 'succeeded', 2);
      expect(await run.shown()).toBe(expected);
      expect(readdirSync(run.folder)).toEqual([]);
    }
  });

  it('is removed with its log when it was passed on, unless the task failed or logs are kept', async () => {
    for (const [outcome, keepLogs, isThere] of [
      ['succeeded', false, false],
      ['failed', false, true],
      ['succeeded', true, true],
    ] as const) {
      const run = new Told({ keepLogs });
      run.plan('a');
      run.write('a', 'text\n');
      run.finish('a', outcome);
      expect(await run.shown()).toBe('text\n');
      expect(existsSync(join(run.folder, 'a.1.out'))).toBe(isThere);
    }
  });

  it('of a task that never ran is none', async () => {
    const run = new Told({ keepOrder: true });
    run.plan('a', 'b');
    run.write('b', 'b\n');
    run.finish('b');
    run.finish('a', 'skipped', 0);
    expect(await run.shown()).toBe('b\n');
  });

  it('that cannot be read is told of in the end, and the rest comes', async () => {
    const run = new Told();
    run.plan('a', 'b');
    mkdirSync(join(run.folder, 'a.1.out'), { recursive: true });
    run.write('b', 'b\n');
    run.finish('a');
    run.finish('b');
    await expect(run.shown()).rejects.toThrow('EISDIR');
    expect(run.out).toBe('b\n');
  });
});

describe('a reader that does not read', () => {
  const stuck = (): Promise<boolean> => new Promise(() => undefined);

  it('leaves no room for more tasks when very many wait, and is not waited for when told so', async () => {
    const run = new Told({}, stuck);
    const tasks = Array.from({ length: 1002 }, (_, at) => `t${at}`);
    run.plan(...tasks);
    run.write('t0', 'x\n');
    run.finish('t0');
    await run.output.room();
    for (const task of tasks.slice(1)) run.finish(task);
    let hasRoom = false;
    const room = run.output.room().then(() => (hasRoom = true));
    await Promise.resolve();
    expect(hasRoom).toBe(false);
    const closed = run.output.close(run.state);
    run.output.abandon();
    await Promise.all([room, closed]);
  });

  it('that is gone is told of once, and nothing is written any more', async () => {
    let writes = 0;
    const lost: (string | undefined)[] = [];
    const stream = new Writable({
      write: (_chunk, _encoding, done) => {
        writes += 1;
        done(Object.assign(new Error('closed'), { code: 'EPIPE' }));
      },
    });
    const sink = sinkOf(stream, (problem) => lost.push(problem));
    await sink.write(Buffer.from('a'));
    await until('it is known', () => lost.length > 0);
    expect(await sink.write(Buffer.from('b'))).toBe(false);
    await sink.flush();
    expect([writes, lost]).toEqual([1, [undefined]]);
  });

  it('that reads slowly is waited for', async () => {
    const waiting: (() => void)[] = [];
    const stream = new Writable({
      highWaterMark: 4,
      write: (_chunk, _encoding, done) => waiting.push(done),
    });
    const sink = sinkOf(stream, () => undefined);
    let isTaken = false;
    const write = sink.write(Buffer.from('12345')).then(() => (isTaken = true));
    await Promise.resolve();
    expect(isTaken).toBe(false);
    waiting.shift()?.();
    await write;
    expect(isTaken).toBe(true);
  });
});
