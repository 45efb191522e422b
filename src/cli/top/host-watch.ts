import { statSync } from 'node:fs';
import { readIfAllowed } from '../../adapters/host/kernel-file.js';
import { parseMeminfo } from '../../adapters/host/meminfo.js';
import { parseAverages } from '../../adapters/host/pressure.js';
import type { RunFolder } from '../../adapters/journal/run-folder.js';
import { openRunStore } from '../../adapters/journal/run-store.js';
import { livenessOf } from '../../adapters/journal/supervisor-mark.js';
import type { HostLook, TopLook } from '../../reporters/tty/top/look.js';
import { RunWatch } from './run-watch.js';

/** Of the older runs it is remembered that they are over; a new one may not have said yet that it lives. */
const NEWEST = 16;
/** A run that has ended is shown for this long. */
const LINGER_MS = 60_000;
/** A run in another container is shown while it writes: whether it lives cannot be known from here. */
const QUIET_MS = 30_000;

/** Follows all active runs of this user on this host, or one run, and looks at the host. */
export class HostWatch {
  readonly #only: RunFolder | undefined;
  readonly #watches = new Map<string, RunWatch>();
  readonly #over = new Set<string>();
  readonly #overSinceMs = new Map<string, number>();

  /** @param only - this run, whether it is active or not. */
  constructor(only?: RunFolder) {
    this.#only = only;
    if (only !== undefined) this.#watches.set(only.runId, new RunWatch(only));
  }

  /** How everything stands now. */
  look(): TopLook {
    const epochMs = Date.now();
    if (this.#only === undefined) {
      this.#findRuns(epochMs);
      this.#dropOld(epochMs);
    }
    const runs = [...this.#watches.values()]
      .map((watch) => watch.look())
      .sort((a, b) => (a.runId < b.runId ? 1 : -1));
    return { epochMs, host: hostLook(), runs };
  }

  /** The folder of a run that is shown. */
  folderOf(runId: string): RunFolder | undefined {
    return this.#watches.get(runId)?.folder;
  }

  #findRuns(epochMs: number): void {
    for (const [at, folder] of openRunStore().list().entries()) {
      if (this.#watches.has(folder.runId) || this.#over.has(folder.runId)) continue;
      if (isActive(folder, epochMs)) this.#watches.set(folder.runId, new RunWatch(folder));
      else if (at >= NEWEST) this.#over.add(folder.runId);
    }
  }

  #dropOld(epochMs: number): void {
    for (const [runId, watch] of this.#watches) {
      if (!watch.isOver) continue;
      const sinceMs = this.#overSinceMs.get(runId) ?? epochMs;
      this.#overSinceMs.set(runId, sinceMs);
      if (epochMs - sinceMs < LINGER_MS) continue;
      watch.close();
      this.#watches.delete(runId);
      this.#over.add(runId);
    }
  }
}

function isActive(folder: RunFolder, epochMs: number): boolean {
  const { kind } = livenessOf(folder);
  if (kind !== 'elsewhere') return kind === 'live';
  const journal = statSync(folder.journalPath, { throwIfNoEntry: false });
  return journal !== undefined && epochMs - journal.mtimeMs < QUIET_MS;
}

function hostLook(): HostLook {
  const memory = parseMeminfo(readIfAllowed('/proc/meminfo') ?? '');
  const pressure = parseAverages(readIfAllowed('/proc/pressure/memory') ?? '');
  return { ...memory, ...(pressure === undefined ? {} : { pressure }) };
}
