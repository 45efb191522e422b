/**
 * Variables that speak to *this* process and would mislead a task: systemd's service protocol (sd_notify(3),
 * sd_listen_fds(3), sd_watchdog_enabled(3), systemd.exec(5) "Environment Variables Set or Propagated"), whose file
 * descriptors and pids are ours, the pressure file of our own unit, Node's channel to a parent, and the shell's idea
 * of the previous directory.
 */
const NOT_INHERITED: ReadonlySet<string> = new Set([
  'NOTIFY_SOCKET',
  'WATCHDOG_PID',
  'WATCHDOG_USEC',
  'LISTEN_FDS',
  'LISTEN_PID',
  'LISTEN_FDNAMES',
  'LISTEN_PIDFDID',
  'FDSTORE',
  'MAINPID',
  'SYSTEMD_EXEC_PID',
  'JOURNAL_STREAM',
  'MEMORY_PRESSURE_WATCH',
  'MEMORY_PRESSURE_WRITE',
  'NODE_CHANNEL_FD',
  'NODE_CHANNEL_SERIALIZATION_MODE',
  'NODE_UNIQUE_ID',
  'OLDPWD',
  'memsched_marker',
]);

/** Stays when memsched runs inside memsched: the outer run finds strays by it. */
const COOKIE = 'MEMSCHED_COOKIE';

/**
 * What tasks inherit of our own environment: all but what is meant for this process alone, and but for `MEMSCHED_*`,
 * which a task has from its own run only.
 */
export function inheritable(env: NodeJS.ProcessEnv): Readonly<Record<string, string>> {
  const kept: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) {
    if (value === undefined || NOT_INHERITED.has(name)) continue;
    if (name.startsWith('MEMSCHED_') && name !== COOKIE) continue;
    kept[name] = value;
  }
  return kept;
}

/**
 * What one attempt has beside, or instead of, what it inherits: later layers win. `PWD` says where the task starts, as
 * a shell's `cd` would have done.
 */
export function layered(
  cwd: string,
  ...layers: readonly Readonly<Record<string, string>>[]
): Record<string, string> {
  return Object.assign({ PWD: cwd }, ...layers) as Record<string, string>;
}

const IDENTIFIER = /^[A-Za-z_][A-Za-z0-9_]*$/;

/** Whether every name is one that a POSIX shell can hold; dash drops all others from what it hands on. */
export function isAllIdentifiers(env: Readonly<Record<string, string>>): boolean {
  return Object.keys(env).every((name) => IDENTIFIER.test(name));
}
