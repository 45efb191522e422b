import { createReadStream, readFileSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { HostSurvey } from '../adapters/host/survey.js';
import { autoMaxPids } from '../adapters/host/pids-room.js';
import { surveyedBudget } from '../adapters/host/survey.js';
import {
  loadJobfile,
  MAX_JOBFILE_BYTES,
  type HostFacts,
  type Override,
} from '../adapters/jobfile/load.js';
import { projectDirOf } from '../adapters/jobfile/project-dir.js';
import type { RunPlan } from '../supervisor/run-plan.js';
import { keepHeapLean } from './lean-heap.js';
import { UsageError } from './errors.js';

/** A jobfile as it was read, and what it says. */
export interface LoadedPlan {
  readonly plan: RunPlan;
  /** As typed; `-` is standard input. */
  readonly path: string;
  readonly content: Uint8Array;
  /** Absolute: what relative paths in it start from. */
  readonly baseDir: string;
  /** The words of the command, where there is no jobfile. */
  readonly command?: readonly string[];
}

/** What to load. */
export interface LoadOrder {
  readonly path: string;
  readonly jobs: readonly string[];
  readonly overrides: readonly Override[];
  /** Of a run that goes on: where the jobfile is kept, and where it was when the run was started. */
  readonly keptPath?: string;
  readonly baseDir?: string;
  readonly survey: HostSurvey;
  /** Another machine than this one: how large it is, and with how many processors. */
  readonly machine?: { readonly bytes?: number | undefined; readonly cpus?: number | undefined };
}

/**
 * Reads and validates a jobfile for this host.
 *
 * @throws UsageError when it cannot be read, JobfileError when it is wrong.
 */
export async function loadPlan(order: LoadOrder): Promise<LoadedPlan> {
  keepHeapLean();
  const { path, jobs, overrides, survey, machine = {} } = order;
  const content = await readJobfile(order.keptPath ?? path);
  const baseDir = order.baseDir ?? (path === '-' ? process.cwd() : dirname(resolve(path)));
  const loaded = loadJobfile(content, {
    path,
    baseDir,
    projectDir: projectDirOf(baseDir),
    host: hostFacts(survey, machine),
    overrides,
    select: jobs,
  });
  if (!loaded.ok) throw loaded.error;
  return { plan: loaded.value, path, content, baseDir };
}

/** What relative values of a jobfile refer to. */
export function hostFacts(survey: HostSurvey, machine: LoadOrder['machine'] = {}): HostFacts {
  const { capacityBytes, ceilingBytes } = surveyedBudget(survey, { kind: 'auto' });
  return {
    baseBytes: Math.max(capacityBytes, machine.bytes ?? 0),
    autoBudgetBytes: ceilingBytes,
    cpus: machine.cpus ?? survey.cpus,
    autoMaxPids: autoMaxPids(survey.pids),
  };
}

async function readJobfile(path: string): Promise<Uint8Array> {
  try {
    if (path === '-') return await readBounded(process.stdin);
    return readAtOnce(path) ?? (await readBounded(createReadStream(path)));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT')
      throw new UsageError(`there is no file ${path}; name a jobfile, or - for standard input`);
    if (code === 'EISDIR') throw new UsageError(`${path} is a folder; name the jobfile in it`);
    throw new UsageError(`${path} cannot be read: ${message}`);
  }
}

/** Without the threads and streams that a short run has no other use for; undefined for pipes and for what is no jobfile. */
function readAtOnce(path: string): Uint8Array | undefined {
  const stats = statSync(path);
  return stats.isFile() && stats.size <= MAX_JOBFILE_BYTES ? readFileSync(path) : undefined;
}

/** Reads no more than what shows that a file is too large: the loader then says so. */
async function readBounded(stream: AsyncIterable<Buffer>): Promise<Uint8Array> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of stream) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MAX_JOBFILE_BYTES) break;
  }
  return Buffer.concat(chunks);
}
