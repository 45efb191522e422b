const MAX_NAME_CHARS = 40;
const SUFFIX_DIGITS = 2;
const RUN_ID = /^(\d{8}-\d{6})-(?:.*-)?([0-9a-z]{2})$/;

/**
 * The id of a run: `20261123-064927-nightly-align-k3`. Date and time are UTC; the last two characters are the
 * milliseconds in base 36. Readable, a safe file name, and in the order of starting (see {@link compareRunIds}).
 *
 * @param name - of the jobfile; what is unsafe in it becomes a dash.
 * @param epochMs - when it started.
 */
export function runIdOf(name: string, epochMs: number): string {
  const digits = new Date(epochMs).toISOString().replaceAll(/\D/g, '');
  const suffix = (epochMs % 1000).toString(36).padStart(SUFFIX_DIGITS, '0');
  return `${digits.slice(0, 8)}-${digits.slice(8, 14)}-${sanitized(name)}-${suffix}`;
}

function sanitized(name: string): string {
  const safe = name
    .normalize('NFKD')
    .replaceAll(/\p{M}/gu, '')
    .replaceAll(/[^A-Za-z0-9_]+/g, '-')
    .replaceAll(/^-+|-+$/g, '')
    .slice(0, MAX_NAME_CHARS)
    .replace(/-+$/, '');
  return safe === '' ? 'run' : safe;
}

/** Whether a file name is a run's id. */
export function isRunId(text: string): boolean {
  return RUN_ID.test(text);
}

/** Orders ids by when the runs started. */
export function compareRunIds(a: string, b: string): number {
  const [first, second] = [sortKey(a), sortKey(b)];
  return first < second ? -1 : first > second ? 1 : 0;
}

function sortKey(id: string): string {
  const match = RUN_ID.exec(id);
  return match === null ? id : `${match[1] ?? ''}-${match[2] ?? ''}-${id}`;
}
