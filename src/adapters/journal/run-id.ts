const MAX_NAME_CHARS = 40;
const MS_DIGITS = 2;
const PID_DIGITS = 3;
/** Runs of before have ids without a pid. */
const RUN_ID = /^(\d{8}-\d{6})-(?:.*-)?([0-9a-z]{2})(?:[0-9a-z]{3})?$/;

/**
 * The id of a run: `20261123-064927-nightly-align-k33mv`. Date and time are UTC; the last five characters are the
 * milliseconds and the end of the pid, in base 36. Readable, a safe file name, and in the order of starting (see
 * {@link compareRunIds}). It names the run's cgroups, which all state folders of a host share: processes that start at
 * once have pids that lie side by side, so that ids differ wherever their folders are.
 *
 * @param name - of the jobfile; what is unsafe in it becomes a dash.
 * @param epochMs - when it started.
 * @param pid - of its supervisor.
 */
export function runIdOf(name: string, epochMs: number, pid: number): string {
  const digits = new Date(epochMs).toISOString().replaceAll(/\D/g, '');
  const suffix = base36(epochMs % 1000, MS_DIGITS) + base36(pid, PID_DIGITS);
  return `${digits.slice(0, 8)}-${digits.slice(8, 14)}-${sanitized(name)}-${suffix}`;
}

function base36(value: number, digits: number): string {
  return value.toString(36).padStart(digits, '0').slice(-digits);
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
