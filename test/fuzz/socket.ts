import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { sendRequest } from '../../src/adapters/control/control-client.js';
import { ControlServer } from '../../src/adapters/control/control-server.js';
import {
  parseRequest,
  parseResponse,
  type ControlResponse,
} from '../../src/adapters/control/protocol.js';
import { byteEdit, edited, jsonEdit, lineEdit, tear, type Edit } from './mutations.js';
import { law, type Law } from './target.js';

const REQUESTS = [
  '{"v":1,"do":"hold"}',
  '{"v":1,"do":"cancel","task":"align.a"}',
  '{"v":1,"do":"set","key":"max_parallel","value":"3"}',
];
const HELD: ControlResponse = {
  v: 1,
  ok: true,
  text: 'held',
  reply: { kind: 'run-held', isNews: true, live: 0 },
};
const SCRAPS = ['\n', '"', '{', '}', ':', '\0', '\u001b[2J', '{"v":1,', '1e999', '[[[['];
const CLIENT_WITHIN_MS = 2000;

const anyEdit: fc.Arbitrary<Edit> = fc.oneof(jsonEdit, lineEdit, byteEdit(SCRAPS), tear);
const conversation = fc
  .tuple(
    fc.array(fc.constantFrom(...REQUESTS), { minLength: 1, maxLength: 6 }),
    fc.array(anyEdit, { maxLength: 4 }),
  )
  .map(([lines, edits]) => edited(edits, Buffer.from(`${lines.join('\n')}\n`)));

/** Writes pieces to a socket and reads its answers until it ends. */
function converse(path: string, pieces: readonly Buffer[]): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(path);
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    socket
      .on('error', () => undefined)
      .on('close', () => {
        resolve(text);
      });
    for (const piece of pieces) socket.write(piece);
    // What ends it, and so what it was about to say.
    socket.write('\n{"v":1,"do":"release"}\n');
    socket.on('data', () => {
      if (text.split('\n').length > count(pieces)) socket.destroy();
    });
  });
}

/** Lines that are answered: each gets one. */
function count(pieces: readonly Buffer[]): number {
  const lines = Buffer.concat([...pieces, Buffer.from('\n{}\n')])
    .toString('latin1')
    .split('\n');
  return lines.length - 1;
}

/** The law: whatever a client says, each line is answered in a line, in order, and the next client is served. */
async function checkServer(content: Buffer, at: number): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'memsched-fuzz-'));
  const socketPath = join(folder, 'control.sock');
  const warnings: string[] = [];
  const server = await ControlServer.open({
    socketPath,
    warn: (sentence) => warnings.push(sentence),
    handle: () => Promise.resolve(HELD),
  });
  try {
    const cut = Math.floor(at * content.length);
    const pieces = [content.subarray(0, cut), content.subarray(cut)];
    const answers = (await converse(socketPath, pieces)).split('\n').slice(0, -1);
    assert.equal(answers.length, count(pieces));
    for (const answer of answers) assert.notEqual(parseResponse(answer), undefined);
    assert.deepEqual(parseResponse(answers.at(-1) ?? ''), HELD);
    assert.deepEqual(await sendRequest(socketPath, { v: 1, do: 'hold' }), {
      ok: true,
      value: HELD,
    });
    assert.deepEqual(warnings, []);
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
}

/** The law: whatever a run answers, the client says something within its time. */
async function checkClient(answer: Buffer, ends: boolean): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'memsched-fuzz-'));
  const socketPath = join(folder, 'control.sock');
  const server = createServer((client) => {
    client.on('error', () => undefined);
    client.write(answer);
    if (ends || !answer.includes('\n')) client.end();
  });
  await new Promise<void>((resolve) => server.listen(socketPath, resolve));
  try {
    const told = await sendRequest(socketPath, { v: 1, do: 'hold' }, CLIENT_WITHIN_MS);
    if (!told.ok) assert.equal(told.error.kind, 'failed');
    else assert.equal(typeof told.value.ok, 'boolean');
  } finally {
    server.close();
    rmSync(folder, { recursive: true });
  }
}

/** Both ends of the control socket. */
export const socket: readonly Law[] = [
  law('a line is a request or refused', 1500, [conversation], (content) => {
    for (const line of content.toString('utf8').split('\n')) {
      const request = parseRequest(line);
      if (!request.ok) assert.match(request.error, /request|version/);
    }
  }),
  law(
    'a run answers every line',
    60,
    [conversation, fc.double({ min: 0, max: 1, noNaN: true })],
    checkServer,
  ),
  law(
    'a client understands any answer, or says that it does not',
    60,
    [
      fc
        .array(anyEdit, { maxLength: 3 })
        .map((edits) => edited(edits, Buffer.from(`${JSON.stringify(HELD)}\n`))),
      fc.boolean(),
    ],
    checkClient,
  ),
];
