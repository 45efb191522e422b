const PAUSE_MS = 10;

/**
 * Asks again and again until `probe` gives something, and gives that back: the tests' replacement for sleeping.
 *
 * @param what - what is waited for, for the error message.
 * @param probe - undefined and false mean "not yet".
 * @throws when `deadlineMs` has passed.
 */
export async function until<T>(
  what: string,
  probe: () => T | undefined | false | Promise<T | undefined | false>,
  deadlineMs = 10_000,
): Promise<T> {
  const end = performance.now() + deadlineMs;
  for (;;) {
    const value = await probe();
    if (value !== undefined && value !== false) return value;
    if (performance.now() > end)
      throw new Error(`waited ${String(deadlineMs)} ms in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE_MS));
  }
}
