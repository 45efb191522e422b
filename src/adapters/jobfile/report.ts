import type { Diagnostic } from './jobfile-error.js';
import type { Origin } from './located.js';
import type { SourceText } from './source-text.js';

/** What a check says of a fault; where it lies is told apart. */
export type Fault = Pick<Diagnostic, 'message' | 'suggestion' | 'allowed' | 'mend'>;

const KEPT_MAX = 1000;

/** Collects everything that is wrong with one jobfile. The same fault at the same place is kept once. */
export class Report {
  readonly #diagnostics: Diagnostic[] = [];
  readonly #seen = new Set<string>();
  readonly #warnings = new Set<string>();

  constructor(readonly source: SourceText) {}

  /** A fault at a place of the file, or in the value of an option. */
  at(origin: Origin, fault: Fault): void {
    const { source } = this;
    if (origin.kind === 'option') {
      this.#keep({ file: source.file, option: origin.option, ...fault });
      return;
    }
    const { line, column } = source.position(origin.start);
    const sourceLine = source.line(line);
    const room = Math.max(1, sourceLine.length - column + 1);
    const length = Math.min(room, Math.max(1, origin.end - origin.start));
    this.#keep({ file: source.file, line, column, length, sourceLine, ...fault });
  }

  /** A fault of the file as a whole. */
  general(fault: Fault): void {
    this.#keep({ file: this.source.file, ...fault });
  }

  /** Something that looks unsafe but is not wrong: one sentence. */
  warn(sentence: string): void {
    if (this.#warnings.size < KEPT_MAX) this.#warnings.add(sentence);
  }

  get diagnostics(): readonly Diagnostic[] {
    return this.#diagnostics;
  }

  get warnings(): readonly string[] {
    return [...this.#warnings];
  }

  #keep(diagnostic: Diagnostic): void {
    const { line, column, option, message } = diagnostic;
    const key = JSON.stringify([line, column, option, message]);
    if (this.#seen.has(key) || this.#diagnostics.length >= KEPT_MAX) return;
    this.#seen.add(key);
    this.#diagnostics.push(diagnostic);
  }
}
