/** A place in a file, both counted from 1; columns in UTF-16 units, as editors do. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** A file's text with its lines indexed: turns offsets into places. */
export class SourceText {
  readonly #starts: number[] = [0];

  /**
   * @param file - the name for messages, as the user typed it.
   * @param text - the decoded content.
   */
  constructor(
    readonly file: string,
    readonly text: string,
  ) {
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) {
      this.#starts.push(at + 1);
    }
  }

  /** Where an offset lies; offsets beyond the end count as the end. */
  position(offset: number): Position {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return {
      line: low + 1,
      column: Math.min(offset, this.text.length) - (this.#starts[low] ?? 0) + 1,
    };
  }

  /** One line, without its end; empty when there is no such line. */
  line(line: number): string {
    const start = this.#starts[line - 1];
    if (start === undefined) return '';
    const next = this.#starts[line];
    return this.text.slice(start, next === undefined ? undefined : next - 1).replace(/\r$/, '');
  }
}
