import { dirname } from 'node:path';
import type { MemoryLevel } from '../../core/budget.js';
import { singleNumber } from './flat-keyed.js';
import type { KernelFile, KernelFiles } from './kernel-file.js';
import type { Meminfo } from './meminfo.js';
import { parseMemoryStat, workingSetBytes } from './memory-stat.js';
import { limitV1, parseMemoryStatV1 } from './memory-v1.js';

/** A directory that may limit us from above. */
export interface LimitSource {
  readonly version: 1 | 2;
  readonly directory: string;
}

/** An ancestor's limit, looked at again and again: it can change while we run. */
export interface LevelReader {
  readonly directory: string;
  /** Undefined while there is no limit. */
  read(): MemoryLevel | undefined;
  close(): void;
}

/** Every directory from `directory` up to `mountPoint`, both included, nearest first. */
export function ancestorsOf(directory: string, mountPoint: string): readonly string[] {
  const found: string[] = [];
  for (let at = directory; ; at = dirname(at)) {
    found.push(at);
    if (at === mountPoint || at === '/' || at === '.') return found;
  }
}

/** The host as a level: MemTotal, and all that is not available. */
export function hostLevel(meminfo: Meminfo): MemoryLevel {
  return {
    limitBytes: meminfo.totalBytes,
    usedBytes: Math.max(0, meminfo.totalBytes - meminfo.availableBytes),
  };
}

/** A reader for one ancestor. */
export function levelReader(source: LimitSource, files: KernelFiles): LevelReader {
  return source.version === 2
    ? readerV2(source.directory, files)
    : readerV1(source.directory, files);
}

/**
 * cgroup v2: `memory.max`, and `memory.high` too, since use above it is slowed to a crawl. The hierarchy's root has
 * neither and limits nothing.
 */
function readerV2(directory: string, files: KernelFiles): LevelReader {
  const opened = filesOf(directory, files, ['max', 'high', 'current', 'stat']);
  return {
    directory,
    read: () => {
      const limits = [opened.max, opened.high]
        .map((file) => singleNumber(file.read() ?? 'max'))
        .filter((limit) => typeof limit === 'number');
      if (limits.length === 0) return undefined;
      const current = singleNumber(opened.current.read() ?? '');
      if (typeof current !== 'number') return undefined;
      const stat = parseMemoryStat(opened.stat.read() ?? '');
      return { limitBytes: Math.min(...limits), usedBytes: workingSetBytes(current, stat) };
    },
    close: () => {
      closeAll(Object.values(opened));
    },
  };
}

/** Where cgroup v1 has no limit, its dear `memory.stat` is read at every so many-th look only. */
const UNLIMITED_LOOKS = 10;

/** cgroup v1: `memory.limit_in_bytes`, or a smaller limit of an ancestor that this mount does not show. */
function readerV1(directory: string, files: KernelFiles): LevelReader {
  const opened = filesOf(directory, files, ['limit_in_bytes', 'usage_in_bytes', 'stat']);
  let looksLeftOut = 0;
  return {
    directory,
    read: () => {
      const own = limitV1(Number(opened.limit_in_bytes.read() ?? Number.MAX_SAFE_INTEGER));
      if (own === 'max' && looksLeftOut > 0) {
        looksLeftOut -= 1;
        return undefined;
      }
      const stat = parseMemoryStatV1(opened.stat.read() ?? '');
      if (own === 'max' && stat.hierarchicalLimitBytes === 'max')
        looksLeftOut = UNLIMITED_LOOKS - 1;
      const limits = [own, stat.hierarchicalLimitBytes].filter((limit) => limit !== 'max');
      const usage = Number(opened.usage_in_bytes.read() ?? Number.NaN);
      if (limits.length === 0 || !Number.isFinite(usage)) return undefined;
      return {
        limitBytes: Math.min(...limits),
        usedBytes: Math.max(0, usage - stat.cacheBytes),
      };
    },
    close: () => {
      closeAll(Object.values(opened));
    },
  };
}

function filesOf<K extends string>(
  directory: string,
  files: KernelFiles,
  names: readonly K[],
): Record<K, KernelFile> {
  const entries = names.map((name) => [name, files.file(`${directory}/memory.${name}`)] as const);
  return Object.fromEntries(entries) as Record<K, KernelFile>;
}

function closeAll(files: readonly KernelFile[]): void {
  for (const file of files) file.close();
}
