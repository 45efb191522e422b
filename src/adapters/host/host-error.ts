/**
 * The host cannot do what was asked (exit code 3). Carries the exact command, or the one sentence, that mends it.
 */
export class HostError extends Error {
  override readonly name = 'HostError';

  /**
   * @param message - what is missing, in a sentence.
   * @param mend - what to type to mend it.
   */
  constructor(
    message: string,
    readonly mend: string,
  ) {
    super(message);
  }
}
