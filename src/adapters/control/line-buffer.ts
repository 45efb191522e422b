const NEWLINE = 0x0a;

/** Cuts what comes in into lines, none of them longer than was agreed. */
export class LineBuffer {
  readonly #maxBytes: number;
  #rest: Buffer = Buffer.alloc(0);

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Whether a line has begun that has not ended yet. */
  get isWithinLine(): boolean {
    return this.#rest.length > 0;
  }

  /**
   * @returns the lines that are complete now, without their newlines; `too-long` when one is longer than allowed, and
   * nothing that follows can be trusted any more.
   */
  push(chunk: Buffer): readonly string[] | 'too-long' {
    const lines: string[] = [];
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      const line = Buffer.concat([this.#rest, chunk.subarray(from, end)]);
      if (line.length > this.#maxBytes) return 'too-long';
      lines.push(line.toString('utf8'));
      this.#rest = Buffer.alloc(0);
      from = end + 1;
    }
    this.#rest = Buffer.concat([this.#rest, chunk.subarray(from)]);
    return this.#rest.length > this.#maxBytes ? 'too-long' : lines;
  }
}
