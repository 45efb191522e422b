import { PassThrough, Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import { emptyRunState } from '../../../src/core/run-state.js';
import { guarded } from '../../../src/reporters/guarded.js';
import { createJsonReporter } from '../../../src/reporters/json.js';
import { streamOutput } from '../../../src/reporters/output.js';
import type { Reporter } from '../../../src/reporters/reporter.js';
import { feed, recorded, textOutput } from '../../support/journals.js';

/** A stream whose every write fails with this code. */
function failing(code: string): Writable {
  return new Writable({
    autoDestroy: false,
    write: (_chunk, _encoding, done) => {
      done(Object.assign(new Error(`write ${code}`), { code }));
    },
  });
}

describe('streamOutput', () => {
  test('a closed pipe does no harm and is no news', async () => {
    const losses: string[] = [];
    const out = streamOutput(failing('EPIPE'), (problem) => losses.push(problem));
    out.write('first\n');
    await out.flush();
    out.write('second\n');
    await out.flush();
    expect(losses).toEqual([]);
  });

  test('a full disk is told once', async () => {
    const losses: string[] = [];
    const stream = failing('ENOSPC');
    const out = streamOutput(stream, (problem) => losses.push(problem));
    out.write('first\n');
    await out.flush();
    out.write('second\n');
    await out.flush();
    expect(losses).toEqual(['no space left on the device (ENOSPC)']);
  });

  test('a reader that does not read costs a bounded amount of memory, and what is dropped is said', () => {
    const losses: string[] = [];
    const stream = new PassThrough();
    const out = streamOutput(stream, (problem) => losses.push(problem));
    const megabyte = 'x'.repeat(1024 * 1024);
    for (let written = 0; written < 100; written += 1) out.write(megabyte);
    expect(stream.writableLength).toBeLessThan(40 * 1024 * 1024);
    expect(losses).toEqual(['whoever reads it is too slow, and some of it was dropped']);
  });

  test('flush resolves when everything was handed over', async () => {
    let seen = '';
    const stream = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        setImmediate(() => {
          seen += chunk.toString();
          done();
        });
      },
    });
    const out = streamOutput(stream);
    out.write('a');
    out.write('b');
    await out.flush();
    expect(seen).toBe('ab');
  });
});

describe('guarded', () => {
  test('a reporter that throws is told of once and left out, and still closed', async () => {
    const calls: string[] = [];
    const bad: Reporter = {
      event: () => {
        calls.push('event');
        throw new Error('no paper');
      },
      tick: () => calls.push('tick'),
      close: () => {
        calls.push('close');
      },
    };
    const lines: string[] = [];
    await feed(
      guarded(bad, 'paper', (line) => lines.push(line)),
      recorded('halted'),
    );
    expect(calls).toEqual(['event', 'close']);
    expect(lines).toEqual(['the paper reporter failed and is left out from here on: no paper']);
  });

  test('one that does not care for the time is not told of it', () => {
    const event = (): void => undefined;
    const close = event;
    const tell = event;
    expect('tick' in guarded({ event, close }, 'paper', tell)).toBe(false);
    const slow = guarded({ event, close, tick: event, tickEveryMs: 1000 }, 'paper', tell);
    expect('tick' in slow).toBe(true);
    expect(slow.tickEveryMs).toBe(1000);
  });

  test('a rejected close is told, too', async () => {
    const lines: string[] = [];
    const bad: Reporter = {
      event: () => undefined,
      close: () => Promise.reject(new Error('jammed')),
    };
    await guarded(bad, 'paper', (line) => lines.push(line)).close(emptyRunState());
    expect(lines).toEqual(['the paper reporter failed and is left out from here on: jammed']);
  });
});

test('--json: the events themselves, one a line, from run-started to run-ended', async () => {
  const out = textOutput();
  const events = recorded('bystander');
  await feed(createJsonReporter(out), events);
  const lines = out
    .text()
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as unknown);
  expect(lines).toEqual(events);
  expect(lines.at(-1)).toMatchObject({ kind: 'run-ended' });
});
