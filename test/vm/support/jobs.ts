import { program } from '../../support/programs.js';

/** Keys of a job, as in a jobfile. */
export type Job = Readonly<Record<string, unknown>>;

/** A job that ramps up to `mib` MiB and holds it. */
export function alloc(mib: number, rampS: number, holdS: number, keys: Job = {}): Job {
  const run = [program('alloc'), '--mib', mib, '--ramp', rampS, '--hold', holdS];
  return { run: run.map(String), ...keys };
}

/**
 * A job that is meant to be stopped once: its first attempt holds its memory for minutes, later ones for a second.
 * So the test does not depend on how fast the machine is.
 */
export function allocUntilStopped(mib: number, keys: Job = {}): Job {
  return { run: `${HOLD}; ${ANNOUNCED} --mib ${String(mib)} --hold $hold`, ...keys };
}

const HOLD = 'hold=300; if [ "$MEMSCHED_ATTEMPT" -gt 1 ]; then hold=1; fi';
/** Once the memory is there, a file `ready.<task>` says so. */
const ANNOUNCED = `exec ${program('alloc')} --ready "ready.$MEMSCHED_TASK"`;

/** Like {@link allocUntilStopped}, and ignores SIGTERM. */
export function stubbornUntilStopped(mib: number, keys: Job = {}): Job {
  const announced = ANNOUNCED.replace(program('alloc'), program('ignore-sigterm'));
  return { run: `${HOLD}; ${announced} --mib ${String(mib)} --hold $hold`, ...keys };
}

/** A job that holds its memory until a file `done` is there. */
export function allocUntilDone(mib: number, keys: Job = {}): Job {
  const start = `${ANNOUNCED.replace('exec ', '')} --mib ${String(mib)} --hold 300 &`;
  return { run: `${start}\nuntil [ -e done ]; do sleep 0.2; done\nkill $!; wait || true`, ...keys };
}

/** A job that follows a curve once `count` others have announced themselves, and then makes the file `done`. */
export function allocAfter(
  count: number,
  corners: readonly (readonly [number, number])[],
  keys: Job = {},
): Job {
  const wait = `until [ "$(find . -name 'ready.*' | wc -l)" -ge ${String(count)} ]; do sleep 0.2; done`;
  const alloc = `${program('alloc')} --curve ${curveOf(corners)}`;
  return { run: `${wait}\n${alloc}\ntouch done`, ...keys };
}

function curveOf(corners: readonly (readonly [number, number])[]): string {
  return corners.map((corner) => corner.join(':')).join(',');
}

/** `count` jobs that are alike, `name-1`, `name-2`, …; each a job of its own, so that all share one group only if told. */
export function times(count: number, name: string, job: Job): Record<string, Job> {
  return Object.fromEntries(
    Array.from({ length: count }, (_, at) => [`${name}-${String(at + 1)}`, job]),
  );
}
