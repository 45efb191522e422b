import { singleNumber } from './flat-keyed.js';
import { readIfAllowed } from './kernel-file.js';
import { parseLimits } from './rlimits.js';

/** Of all that the kernel can have, tasks get this share: room for everybody else, and systemd does the same (15 %). */
const HOST_SHARE = 0.25;
/** Of what a limit above us leaves, tasks get this share: the rest is for the supervisor and for whoever lives there. */
const ROOM_SHARE = 0.75;
/** Less would keep ordinary scripts from running; then the limit above is what holds. */
const LEAST = 64;

/** What processes and threads there may be, from the host and from above us. */
export interface PidsRoom {
  /** `min(kernel.pid_max, kernel.threads-max)`; undefined where neither can be read. */
  readonly hostMax: number | undefined;
  /** What limits above us leave, with a name each: `pids.max` of cgroups, `ulimit -u`. */
  readonly above: readonly { readonly name: string; readonly free: number }[];
}

/**
 * Reads the room.
 *
 * @param directories - our cgroups and their ancestors, in whatever hierarchies have the pids controller.
 * @param uid - root is not bound by `ulimit -u` (setrlimit(2)).
 */
export function readPidsRoom(
  procPath: string,
  directories: readonly string[],
  uid: number,
): PidsRoom {
  const host = ['pid_max', 'threads-max']
    .map((name) => numberIn(`${procPath}/sys/kernel/${name}`))
    .filter((value) => value !== undefined);
  const cgroups = directories.flatMap((directory) => {
    const max = numberIn(`${directory}/pids.max`);
    const current = numberIn(`${directory}/pids.current`) ?? 0;
    return max === undefined
      ? []
      : [{ name: `pids.max of ${directory}`, free: Math.max(0, max - current) }];
  });
  const { processes } = parseLimits(readIfAllowed(`${procPath}/self/limits`) ?? '');
  const ulimit =
    uid === 0 || processes === 'unlimited' ? [] : [{ name: 'ulimit -u', free: processes }];
  return {
    hostMax: host.length === 0 ? undefined : Math.min(...host),
    above: [...cgroups, ...ulimit],
  };
}

/** What `max_pids: auto` comes to. */
export function autoMaxPids({ hostMax, above }: PidsRoom): number {
  const shares = [
    ...(hostMax === undefined ? [] : [hostMax * HOST_SHARE]),
    ...above.map(({ free }) => free * ROOM_SHARE),
  ];
  return Math.max(LEAST, Math.floor(Math.min(...shares, Number.MAX_SAFE_INTEGER)));
}

/** Undefined for `max`, and where it cannot be read. */
function numberIn(path: string): number | undefined {
  const value = singleNumber(readIfAllowed(path) ?? '');
  return typeof value === 'number' ? value : undefined;
}
