import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { MessageChannel, Worker } from 'node:worker_threads';
import { expect, it } from 'vitest';
import { createExecaLauncher } from '../../../src/adapters/process/execa-launcher.js';
import {
  serveLaunches,
  type FromWorker,
  type ToWorker,
} from '../../../src/adapters/process/launch-service.js';
import { createWorkerLauncher } from '../../../src/adapters/process/worker-launcher.js';
import { until } from '../../support/poll.js';
import { tempDir } from '../../support/temp-dir.js';
import { orderOf } from './harness.js';

/** A thread that answers every launch as `answer`, a piece of JavaScript, says. */
function threadThat(answer: string): () => Worker {
  const script = `const { parentPort } = require('node:worker_threads');
    parentPort.on('message', (message) => { ${answer} });`;
  return () => new Worker(script, { eval: true });
}

function service() {
  const dir = tempDir();
  const statusDir = join(dir, 'status');
  mkdirSync(statusDir);
  const { port1: ours, port2: theirs } = new MessageChannel();
  serveLaunches(theirs, createExecaLauncher({ statusDir }));
  const answers: FromWorker[] = [];
  ours.on('message', (answer: FromWorker) => answers.push(answer));
  return {
    dir,
    answers,
    tell: (message: ToWorker) => {
      ours.postMessage(message);
    },
    done: () => {
      ours.close();
    },
  };
}

it('answers each order with its start, then with its end', async () => {
  const { dir, answers, tell, done } = service();
  tell({ kind: 'launch', id: 1, order: orderOf(dir, 1, { argv: ['sh', '-c', 'exit 3'] }) });
  tell({ kind: 'launch', id: 2, order: orderOf(dir, 2, { argv: ['no-such-program'] }) });
  tell({ kind: 'close' });
  await until('the end of the first', () => answers.some(({ kind }) => kind === 'ended'));
  done();
  expect(answers).toMatchObject([
    { kind: 'started', id: 1, result: { ok: true } },
    { kind: 'started', id: 2, result: { ok: false } },
    { kind: 'closed' },
    { kind: 'ended', id: 1, end: { kind: 'code', code: 3 } },
  ]);
});

it('closes only after everything that was ordered has been answered', async () => {
  const launcher = createWorkerLauncher({
    statusDir: tempDir(),
    threads: 2,
    makeWorker: threadThat(`parentPort.postMessage(
      message.kind === 'close'
        ? { kind: 'closed' }
        : { kind: 'started', id: message.id, result: { ok: false, error: 'no' } });
      if (message.kind === 'close') parentPort.unref();`),
  });
  const started: unknown[] = [];
  for (const count of [1, 2, 3]) {
    launcher.launch(orderOf('/', count, {}), {
      onStart: (result) => started.push(result),
      onExit: () => {
        throw new Error('what never started has no end');
      },
    });
  }
  await launcher.close();
  expect(started).toEqual(Array.from({ length: 3 }, () => ({ ok: false, error: 'no' })));
});

it.each(['process.exit(9)', 'throw new Error("lost")'])(
  'tells that a thread is gone by itself: %s',
  async (answer) => {
    const launcher = createWorkerLauncher({
      statusDir: tempDir(),
      threads: 1,
      makeWorker: threadThat(answer),
    });
    const broken: string[] = [];
    launcher.onBroken((error) => broken.push(error.message));
    launcher.launch(orderOf('/', 1, {}), { onStart: () => undefined, onExit: () => undefined });
    await until('the news', () => broken.length > 0);
    expect(broken[0]).toMatch(/with code 9|lost/);
    const again: string[] = [];
    launcher.onBroken((error) => again.push(error.message));
    expect(again).toEqual(broken);
    await launcher.close();
  },
);
