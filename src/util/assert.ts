/** A broken promise of our own code: never the user's fault. Stops the run with exit code 70. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/**
 * States an invariant as a sentence; stays on in production.
 *
 * @throws InvariantError when `condition` is false.
 */
export function assert(condition: boolean, sentence: string): asserts condition {
  if (!condition) throw new InvariantError(sentence);
}

/** Makes the compiler prove that every variant of a union was handled. */
export function unreachable(value: never): never {
  throw new InvariantError(`this variant was not handled: ${JSON.stringify(value)}`);
}

/** The value, or an {@link InvariantError} when it is not there. */
export function present<T>(value: T | undefined, sentence: string): T {
  assert(value !== undefined, sentence);
  return value;
}
