import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { connect, createServer, type Socket } from 'node:net';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { sendRequest } from '../../../src/adapters/control/control-client.js';
import { ControlServer } from '../../../src/adapters/control/control-server.js';
import {
  MAX_REQUEST_BYTES,
  parseResponse,
  type ControlRequest,
  type ControlResponse,
} from '../../../src/adapters/control/protocol.js';
import { tempDir } from '../../support/temp-dir.js';
import { until } from '../../support/poll.js';

const MiB = 2 ** 20;
const HELD: ControlResponse = {
  v: 1,
  ok: true,
  text: 'held',
  reply: { kind: 'run-held', isNews: true, live: 0 },
};

interface Listening {
  readonly socketPath: string;
  readonly server: ControlServer;
  readonly asked: ControlRequest[];
  readonly warnings: string[];
}

async function listen(
  folder = tempDir(),
  handle: (request: ControlRequest) => Promise<ControlResponse> = () => Promise.resolve(HELD),
  promptMs?: number,
): Promise<Listening> {
  const asked: ControlRequest[] = [];
  const warnings: string[] = [];
  const socketPath = join(folder, 'control.sock');
  const server = await ControlServer.open({
    socketPath,
    warn: (sentence) => warnings.push(sentence),
    handle: (request) => {
      asked.push(request);
      return handle(request);
    },
    ...(promptMs === undefined ? {} : { promptMs }),
  });
  onTestFinished(() => {
    server.close();
  });
  return { socketPath, server, asked, warnings };
}

/** A client that sends what it is told to, byte by byte. */
function rawClient(path: string): {
  socket: Socket;
  answers: () => (ControlResponse | undefined)[];
} {
  const socket = connect(path);
  let text = '';
  socket.on('data', (chunk) => (text += chunk.toString()));
  socket.on('error', () => undefined);
  onTestFinished(() => {
    socket.destroy();
  });
  return { socket, answers: () => text.split('\n').slice(0, -1).map(parseResponse) };
}

describe('a control socket', () => {
  test('is for its owner alone, and gone when it is closed', async () => {
    const { socketPath, server } = await listen();
    expect(statSync(socketPath).mode & 0o777).toBe(0o600);
    expect(await sendRequest(socketPath, { v: 1, do: 'hold' })).toEqual({ ok: true, value: HELD });
    server.close();
    expect(existsSync(socketPath)).toBe(false);
    expect(await sendRequest(socketPath, { v: 1, do: 'hold' })).toEqual({
      ok: false,
      error: { kind: 'no-socket' },
    });
  });

  test('works in a folder whose path is longer than an address', async () => {
    let folder = tempDir();
    while (folder.length < 300) folder = join(folder, 'a-folder-with-quite-a-long-name');
    mkdirSync(folder, { recursive: true });
    const { socketPath, asked } = await listen(folder);
    expect(await sendRequest(socketPath, { v: 1, do: 'cancel', task: 'a' })).toMatchObject({
      ok: true,
    });
    expect(asked).toEqual([{ v: 1, do: 'cancel', task: 'a' }]);
  });

  test('takes the place of one that a dead run has left behind', async () => {
    const folder = tempDir();
    writeFileSync(join(folder, 'control.sock'), '');
    const { socketPath, warnings } = await listen(folder);
    expect(await sendRequest(socketPath, { v: 1, do: 'hold' })).toMatchObject({ ok: true });
    expect(warnings).toEqual([]);
  });

  test('costs a warning where it cannot be made', async () => {
    const { warnings } = await listen(join(tempDir(), 'missing'));
    expect(warnings.join()).toMatch(/^the run cannot be controlled: no socket at .* no such file/);
  });

  test.each([
    ['no JSON', 'hold!', /one JSON object a line/],
    ['no version', '{"do":"hold"}', /tells its version/],
    ['another version', '{"v":2,"do":"hold"}', /version 1 of the control protocol, not 2/],
    ['an unknown request', '{"v":1,"do":"explode"}', /not a request/],
    ['an unknown key', '{"v":1,"do":"hold","tsk":"a"}', /not a request/],
    ['a task that is no name', '{"v":1,"do":"hold","task":7}', /not a request/],
    ['a list', '[1]', /tells its version/],
    ['nothing', '', /one JSON object a line/],
    ['bytes that are no text', '\u{fffd}\u{0}', /one JSON object a line/],
  ])('refuses %s in words, and goes on', async (_, line, words) => {
    const { socketPath, asked } = await listen();
    const { socket, answers } = rawClient(socketPath);
    socket.write(`${line}\n{"v":1,"do":"hold"}\n`);
    await until('two answers', () => answers().length === 2);
    expect(answers()[0]).toMatchObject({
      ok: false,
      error: expect.stringMatching(words) as string,
    });
    expect(answers()[1]).toEqual(HELD);
    expect(asked).toHaveLength(1);
  });

  test('refuses what is too long, closes that connection and serves the next', async () => {
    const { socketPath, asked } = await listen();
    const { socket, answers } = rawClient(socketPath);
    socket.write('x'.repeat(MAX_REQUEST_BYTES + 1));
    await until('the refusal', () => answers().length === 1);
    expect(answers()[0]).toMatchObject({ ok: false });
    await until('the end of the connection', () => socket.destroyed || socket.readableEnded);
    expect(await sendRequest(socketPath, { v: 1, do: 'hold' })).toMatchObject({ ok: true });
    expect(asked).toHaveLength(1);
  });

  test('lets go of a client that begins a request and drips', async () => {
    const { socketPath } = await listen(tempDir(), undefined, 200);
    const { socket } = rawClient(socketPath);
    const drip = setInterval(() => socket.write('{'), 20);
    onTestFinished(() => {
      clearInterval(drip);
    });
    await until('it is let go of', () => socket.destroyed);
    expect(await sendRequest(socketPath, { v: 1, do: 'hold' })).toMatchObject({ ok: true });
  });

  test('keeps a client that asks now and then, for as long as it likes', async () => {
    const { socketPath } = await listen(tempDir(), undefined, 100);
    const { socket, answers } = rawClient(socketPath);
    const quiet = rawClient(socketPath).socket;
    const endMs = performance.now() + 400;
    for (let asked = 1; performance.now() < endMs; asked += 1) {
      socket.write('{"v":1,"do":"hold"}\n');
      await until('the answer', () => answers().length === asked);
    }
    expect([socket.destroyed, quiet.destroyed]).toEqual([false, false]);
  });

  test('reads no more of a client that takes no answers, and lets go of it', async () => {
    const { socketPath, server } = await listen(tempDir(), undefined, 300);
    const { socket } = rawClient(socketPath);
    socket.pause();
    let written = 0;
    // Each line is answered by a longer one: without an end to that, the answers would fill the memory.
    while (!socket.destroyed && written < 256 * MiB) {
      const isTaken = socket.write('\n'.repeat(64 * 1024));
      written += 64 * 1024;
      if (!isTaken)
        await new Promise<void>((resolve) => socket.once('drain', resolve).once('close', resolve));
    }
    expect(written).toBeLessThan(64 * MiB);
    expect(await sendRequest(socketPath, { v: 1, do: 'hold' })).toMatchObject({ ok: true });
    server.close();
  });

  test('serves others while one asks for a thousand things', async () => {
    const { socketPath, asked } = await listen(tempDir(), async () => {
      await new Promise((resolve) => setImmediate(resolve));
      return HELD;
    });
    const { socket, answers } = rawClient(socketPath);
    socket.write('{"v":1,"do":"hold"}\n'.repeat(2000));
    await until('it is being served', () => asked.length > 5);
    expect(await sendRequest(socketPath, { v: 1, do: 'cancel' })).toMatchObject({ ok: true });
    expect(asked.findIndex((request) => request.do === 'cancel')).toBeLessThan(1999);
    await until('all of them', () => answers().length === 2000);
  });

  test('does one request at a time, whoever asks', async () => {
    let running = 0;
    let most = 0;
    const { socketPath } = await listen(tempDir(), async () => {
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return HELD;
    });
    await Promise.all(
      Array.from({ length: 8 }, () => sendRequest(socketPath, { v: 1, do: 'release' })),
    );
    expect(most).toBe(1);
  });

  test('is not hurt by clients that go away before their answer, nor by a bug behind it', async () => {
    const { socketPath, asked } = await listen(tempDir(), () => Promise.reject(new Error('boom')));
    for (let at = 0; at < 20; at += 1) {
      const { socket } = rawClient(socketPath);
      socket.on('connect', () => {
        socket.write('{"v":1,"do":"hold"}\n');
        socket.destroy();
      });
    }
    await until('some were heard', () => asked.length > 0);
    const answer = await sendRequest(socketPath, { v: 1, do: 'hold' });
    expect(answer).toMatchObject({ ok: true, value: { ok: false } });
  });
});

test('a socket that nobody stands behind is told from one that is not there', async () => {
  const folder = tempDir();
  const path = join(folder, 'control.sock');
  writeFileSync(path, '');
  expect(await sendRequest(path, { v: 1, do: 'hold' })).toEqual({
    ok: false,
    error: { kind: 'nobody-listens' },
  });
});

test('a run that drips its answer is waited for no longer than for any', async () => {
  const path = join(tempDir(), 'control.sock');
  const server = createServer((client) => {
    const drip = setInterval(() => client.write('{'), 20);
    client
      .on('error', () => undefined)
      .on('close', () => {
        clearInterval(drip);
      });
  });
  await new Promise<void>((resolve) => server.listen(path, resolve));
  onTestFinished(() => {
    server.close();
  });
  expect(await sendRequest(path, { v: 1, do: 'hold' }, 300)).toEqual({
    ok: false,
    error: { kind: 'failed', why: 'the run did not answer within 0.3s' },
  });
});
