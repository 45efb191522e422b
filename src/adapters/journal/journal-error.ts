/** A journal that cannot be read, or not by this version: names the file and the line, and what to do about it. */
export class JournalError extends Error {
  override readonly name = 'JournalError';

  /**
   * @param file - path of the journal.
   * @param line - from 1; 0 when it is about the file as a whole.
   * @param problem - a sentence, with how to mend it.
   */
  constructor(
    readonly file: string,
    readonly line: number,
    readonly problem: string,
  ) {
    super(line > 0 ? `${file}:${String(line)}: ${problem}` : `${file}: ${problem}`);
  }
}
