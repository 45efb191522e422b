/** The `code` of a system call's error (`'ENOENT'`), or undefined when `error` is not one. */
export function errnoOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  return typeof error.code === 'string' ? error.code : undefined;
}

/**
 * Whether an error says that a cgroup or a process no longer exists: ENOENT (the path), ENODEV (a file kept open),
 * ESRCH (a process, also through its open `/proc` files).
 */
export function isGone(error: unknown): boolean {
  const code = errnoOf(error);
  return code === 'ENOENT' || code === 'ENODEV' || code === 'ESRCH';
}
