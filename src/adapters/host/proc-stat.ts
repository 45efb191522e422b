/** `/proc/PID/stat`, as far as it matters here. */
export interface ProcStat {
  readonly pid: number;
  /** One letter; `Z` and `X` are dead. */
  readonly state: string;
  readonly parentPid: number;
  readonly processGroup: number;
  readonly session: number;
  /** Processor time of its own, in clock ticks. */
  readonly cpuTicks: number;
  /** Clock ticks after boot; with the pid it names one process for good. */
  readonly startTicks: number;
}

/** Ticks per second of `/proc`'s times: USER_HZ, 100 on every Linux that Node runs on. */
export const TICKS_PER_S = 100;

/** Parses `/proc/PID/stat` (proc_pid_stat(5)). The name in parentheses may hold anything, also parentheses. */
export function parseProcStat(text: string): ProcStat | undefined {
  const close = text.lastIndexOf(')');
  if (close < 0) return undefined;
  const fields = text.slice(close + 2).split(' ', 20);
  const field = (number: number): number => Number(fields[number - 3]);
  const stat = {
    pid: Number.parseInt(text, 10),
    state: fields[0] ?? '?',
    parentPid: field(4),
    processGroup: field(5),
    session: field(6),
    cpuTicks: field(14) + field(15),
    startTicks: field(22),
  };
  return Number.isFinite(stat.startTicks) ? stat : undefined;
}
