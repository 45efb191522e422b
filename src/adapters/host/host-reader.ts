import { budgetNow } from '../../core/budget.js';
import type { HostSample, PidsSample, PsiTotals } from '../../core/observation.js';
import type { BudgetSpec } from '../../core/task-spec.js';
import { keyedNumber } from './flat-keyed.js';
import type { KernelFile, KernelFiles } from './kernel-file.js';
import { parseMeminfo, type Meminfo } from './meminfo.js';
import { hostLevel, levelReader, type LimitSource } from './memory-levels.js';
import { parsePressure } from './pressure.js';
import { parseVmstat } from './vmstat.js';

/** What a tier knows of its tasks, to be put beside what the host says. */
export interface TreeLook {
  readonly usedBytes: number;
  readonly brakeEvents: number;
  /** Pages scanned inside the tree; 0 where that is not counted. */
  readonly scannedPages: number;
  /** Absent where processes are not limited. */
  readonly pids?: PidsSample;
}

/** What to read for {@link HostSample}s. */
export interface HostReaderOptions {
  readonly files: KernelFiles;
  readonly budget: BudgetSpec;
  /** Ancestors that may limit us. */
  readonly limits: readonly LimitSource[];
  /** `/proc`, or a recorded one. */
  readonly procPath: string;
  /** The PSI file of the tasks, or of the host where tasks have none. */
  readonly pressurePath: string;
}

/** The least that tells whether it is worth looking closer. */
export interface Glance {
  /** `MemAvailable`, in bytes. */
  readonly availableBytes: number;
  /** Absent where the kernel keeps no PSI. */
  readonly psi?: PsiTotals;
}

/** Reads the machine: the part of a look that is the same in every tier. */
export interface HostReader {
  /** `MemAvailable` now, in bytes; the {@link look} that follows goes by the same reading. */
  availableBytes(): number;
  /** For itself, between looks. */
  glance(): Glance;
  look(tree: TreeLook): HostSample;
  /** From the next look on, the budget is this. */
  setBudget(budget: BudgetSpec): void;
  close(): void;
}

/** A reader that keeps its files open. */
export function createHostReader(options: HostReaderOptions): HostReader {
  const { files, procPath } = options;
  const meminfoFile = files.file(`${procPath}/meminfo`);
  const vmstatFile = files.file(`${procPath}/vmstat`);
  const pressureFile = files.file(options.pressurePath);
  const levels = options.limits.map((source) => levelReader(source, files));
  const oomFileV1 = oomControlOf(options);

  let spec = options.budget;
  let read: Meminfo | undefined;
  const meminfoNow = (): Meminfo => parseMeminfo(meminfoFile.read() ?? '');

  const psiNow = (): PsiTotals | undefined => {
    const text = pressureFile.read();
    return text === undefined ? undefined : parsePressure(text);
  };
  return {
    availableBytes: () => {
      read = meminfoNow();
      return read.availableBytes;
    },
    glance: () => {
      const psi = psiNow();
      const { availableBytes } = meminfoNow();
      return { availableBytes, ...(psi !== undefined && { psi }) };
    },
    look: (tree) => {
      const meminfo = read ?? meminfoNow();
      read = undefined;
      const limited = levels.map((level) => level.read()).filter((level) => level !== undefined);
      const budget = budgetNow(spec, [hostLevel(meminfo), ...limited], tree.usedBytes);
      const psi = psiNow();
      const vmstat = parseVmstat(vmstatFile.read() ?? '');
      const oomKills = largest(vmstat.oomKills, keyedNumber(oomFileV1?.read() ?? '', 'oom_kill'));
      return {
        ...budget,
        availableBytes: meminfo.availableBytes,
        usedBytes: tree.usedBytes,
        swapFreeBytes: meminfo.swapFreeBytes,
        ...(psi !== undefined && { psi }),
        reclaimScans: vmstat.scannedPages + tree.scannedPages,
        brakeEvents: tree.brakeEvents,
        ...(tree.pids === undefined ? {} : { pids: tree.pids }),
        ...(oomKills !== undefined && { oomKills }),
      };
    },
    setBudget: (budget) => {
      spec = budget;
    },
    close: () => {
      for (const file of [meminfoFile, vmstatFile, pressureFile, ...levels]) file.close();
      oomFileV1?.close();
    },
  };
}

/**
 * `memory.oom_control` of the cgroup v1 that we, and our tasks with us, are in (cgroup-v1/memory.rst); undefined without
 * one. Its `oom_kill` counts processes of this very cgroup, not of those below it.
 */
function oomControlOf({ limits, files }: HostReaderOptions): KernelFile | undefined {
  const nearest = limits.find(({ version }) => version === 1);
  return nearest && files.file(`${nearest.directory}/memory.oom_control`);
}

/**
 * `oom_kill` of /proc/vmstat counts every kill on the host, those in any cgroup included, so a sum would count twice; the
 * other one is the larger only where /proc/vmstat does not count or is not the host's own.
 */
function largest(...counts: readonly (number | undefined)[]): number | undefined {
  const known = counts.filter((count) => count !== undefined);
  return known.length === 0 ? undefined : Math.max(...known);
}
