import { cgroupDirectory, parseCgroupMounts, type CgroupMount } from './mountinfo.js';
import { keyedNumber } from './flat-keyed.js';
import { readIfAllowed } from './kernel-file.js';
import { parseMemoryStat } from './memory-stat.js';
import { parseProcCgroup } from './proc-cgroup.js';

/** What the kernel says of one attempt's cgroup at this moment. */
export interface CgroupFigures {
  readonly processes: number;
  /** Absent where the cgroup has no memory controller. Bytes. */
  readonly memory?: {
    readonly currentBytes: number;
    readonly anonBytes: number;
    readonly cacheBytes: number;
    readonly shmemBytes: number;
    readonly swapBytes: number;
  };
  /** Processor time so far; absent where `cpu.stat` is. */
  readonly cpuMs?: number;
}

/** The cgroup of an attempt, by the name that every tier but procfs gives it. */
const OF_AN_ATTEMPT = /\/memsched-[^/]+\/tasks\/task-\d+\.\d+$/;

/** Reads the live cgroups of other supervisors' tasks. */
export class CgroupLooker {
  readonly #procPath: string;
  readonly #mount: CgroupMount | undefined;

  constructor(procPath = '/proc') {
    this.#procPath = procPath;
    const mounts = parseCgroupMounts(readIfAllowed(`${procPath}/self/mountinfo`) ?? '');
    this.#mount = mounts.find(({ version }) => version === 2);
  }

  /**
   * @param pid - the attempt's main process.
   * @returns undefined when it is gone, or in no cgroup of its own (the procfs tier).
   */
  figuresOf(pid: number): CgroupFigures | undefined {
    const directory = this.#directoryOf(pid);
    const procs = directory === undefined ? undefined : readIfAllowed(`${directory}/cgroup.procs`);
    if (directory === undefined || procs === undefined) return undefined;
    const memory = memoryOf(directory);
    const cpuUs = keyedNumber(readIfAllowed(`${directory}/cpu.stat`) ?? '', 'usage_usec');
    return {
      processes: procs.split('\n').filter((line) => line !== '').length,
      ...(memory === undefined ? {} : { memory }),
      ...(cpuUs === undefined ? {} : { cpuMs: cpuUs / 1000 }),
    };
  }

  #directoryOf(pid: number): string | undefined {
    if (this.#mount === undefined) return undefined;
    const { v2Path } = parseProcCgroup(readIfAllowed(`${this.#procPath}/${pid}/cgroup`) ?? '');
    if (v2Path === undefined || !OF_AN_ATTEMPT.test(v2Path)) return undefined;
    return cgroupDirectory(this.#mount, v2Path);
  }
}

function memoryOf(directory: string): CgroupFigures['memory'] {
  const current = readIfAllowed(`${directory}/memory.current`);
  if (current === undefined) return undefined;
  const stat = parseMemoryStat(readIfAllowed(`${directory}/memory.stat`) ?? '');
  const { anonBytes, cacheBytes, shmemBytes } = stat;
  const swapBytes = Number(readIfAllowed(`${directory}/memory.swap.current`) ?? 0);
  return { currentBytes: Number(current), anonBytes, cacheBytes, shmemBytes, swapBytes };
}
