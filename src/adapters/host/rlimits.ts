/** Limits on our own process: what runs out first with very many tasks. */
export interface Rlimits {
  readonly openFiles: number | 'unlimited';
  /** Processes of this user. */
  readonly processes: number | 'unlimited';
}

/** The soft limits of `/proc/PID/limits` (proc_pid_limits(5)). */
export function parseLimits(text: string): Rlimits {
  return { openFiles: soft(text, 'Max open files'), processes: soft(text, 'Max processes') };
}

function soft(text: string, name: string): number | 'unlimited' {
  const start = text.indexOf(name);
  if (start < 0) return 'unlimited';
  const word = text
    .slice(start + name.length)
    .trimStart()
    .split(/\s/, 1)[0];
  return word !== undefined && /^\d+$/.test(word) ? Number(word) : 'unlimited';
}
