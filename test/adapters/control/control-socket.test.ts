import { existsSync, mkdirSync, statSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
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
