import { chmodSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { removeFile } from '../../util/remove-file.js';
import { describeError } from '../../util/system-error.js';
import { LineBuffer } from './line-buffer.js';
import {
  MAX_REQUEST_BYTES,
  parseRequest,
  refusal,
  type ControlRequest,
  type ControlResponse,
} from './protocol.js';
import { shortPathOf, type ShortPath } from './socket-folder.js';

/** More clients at once than this are turned away. */
const MAX_CLIENTS = 32;
/** A client that says nothing for so long is let go. */
const IDLE_MS = 60_000;
/** A request that has begun must be whole within this, and an answer be taken: nobody holds a place by dripping. */
const PROMPT_MS = 10_000;

/** What a {@link ControlServer} needs. */
export interface ControlServerOptions {
  readonly socketPath: string;
  /** Does what is asked for, and answers; one request at a time. */
  readonly handle: (request: ControlRequest) => Promise<ControlResponse>;
  /** Told when there can be no socket, or no longer: a sentence for the user. The run goes on without. */
  readonly warn: (sentence: string) => void;
  /** Replaceable, for tests: how long a client may take over a request or an answer. */
  readonly promptMs?: number;
}

/**
 * Listens on a run's socket, mode 0600. Whatever a client sends, the run goes on: what is no request is refused in
 * words, what is too long ends the connection.
 */
export class ControlServer {
  readonly #options: ControlServerOptions;
  readonly #server: Server;
  readonly #clients = new Set<Socket>();
  #short: ShortPath | undefined;
  /** Requests of all clients wait here for their turn: a change must know the one before it. */
  #turn: Promise<void> = Promise.resolve();

  private constructor(options: ControlServerOptions) {
    this.#options = options;
    this.#server = createServer((client) => {
      this.#serve(client);
    });
    this.#server.maxConnections = MAX_CLIENTS;
  }

  /** Begins to listen; a host that has no place for sockets costs a warning. */
  static async open(options: ControlServerOptions): Promise<ControlServer> {
    const server = new ControlServer(options);
    try {
      await server.#listen();
    } catch (error) {
      options.warn(
        `the run cannot be controlled: no socket at ${options.socketPath}: ${describeError(error)}`,
      );
    }
    return server;
  }

  /** Takes no more requests, lets answers that are under way go out, and removes the socket. */
  close(): void {
    this.#server.close();
    for (const client of this.#clients) client.end().unref();
    this.#short?.close();
    this.#short = undefined;
    removeFile(this.#options.socketPath);
  }

  #listen(): Promise<void> {
    const { socketPath, warn } = this.#options;
    // One that a dead supervisor left behind.
    removeFile(socketPath);
    this.#short = shortPathOf(socketPath);
    const { path } = this.#short;
    return new Promise((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(path, () => {
        this.#server.off('error', reject);
        this.#server.on('error', (error) => {
          warn(`the run may not be controlled any more: ${describeError(error)}`);
        });
        // The folder is 0700 already: nobody else could have connected meanwhile.
        chmodSync(socketPath, 0o600);
        resolve();
      });
    });
  }

  #serve(client: Socket): void {
    const buffer = new LineBuffer(MAX_REQUEST_BYTES);
    const patience = new Patience(client, this.#options.promptMs ?? PROMPT_MS);
    this.#clients.add(client);
    client.on('close', () => {
      patience.end();
      this.#clients.delete(client);
    });
    // It went away before its answer: what it asked for is done all the same.
    client.on('error', () => client.destroy());
    client.setTimeout(IDLE_MS, () => client.destroy());
    const readOn = (): void => {
      if (buffer.isWithinLine) patience.begin();
      client.resume();
    };
    client.on('data', (chunk: Buffer) => {
      client.pause();
      const lines = buffer.push(chunk);
      if (lines === 'too-long') {
        refuseTooLong(client, patience);
        return;
      }
      if (lines.length > 0) patience.end();
      void this.#answerAll(client, lines, patience).then(readOn);
    });
  }

  /** While its requests are done, and its answers not taken, nothing more is read of this client. */
  async #answerAll(client: Socket, lines: readonly string[], patience: Patience): Promise<void> {
    for (const line of lines) {
      if (send(client, await this.#inTurn(line))) continue;
      patience.begin();
      await drained(client);
      patience.end();
    }
  }

  /** Behind one request of each other client, however many there are of one. */
  #inTurn(line: string): Promise<ControlResponse> {
    const response = this.#turn.then(() => this.#answer(line));
    this.#turn = response.then(() => undefined);
    return response;
  }

  async #answer(line: string): Promise<ControlResponse> {
    const request = parseRequest(line);
    if (!request.ok) return refusal(request.error);
    try {
      return await this.#options.handle(request.value);
    } catch (error) {
      return refusal(`a bug of memsched: ${String(error)}`);
    }
  }
}

/** Lets go of a client that takes too long over something it has begun. */
class Patience {
  #timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly client: Socket,
    private readonly promptMs: number,
  ) {}

  /** From now on, unless it counts already. */
  begin(): void {
    this.#timer ??= setTimeout(() => this.client.destroy(), this.promptMs).unref();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}

/** What follows cannot be told apart from it any more. */
function refuseTooLong(client: Socket, patience: Patience): void {
  patience.begin();
  send(client, refusal(`a request has at most ${MAX_REQUEST_BYTES} bytes, and this has more`));
  client.destroySoon();
}

/** @returns false when the client has not taken what it was sent before. */
function send(client: Socket, response: ControlResponse): boolean {
  return !client.writable || client.write(`${JSON.stringify(response)}\n`);
}

/** Resolves when the client has taken everything, or is gone. */
function drained(client: Socket): Promise<void> {
  return new Promise((resolve) => {
    const settle = (): void => {
      client.off('drain', settle).off('close', settle);
      resolve();
    };
    client.on('drain', settle).on('close', settle);
  });
}
