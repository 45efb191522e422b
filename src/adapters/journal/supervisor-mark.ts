import { readFileSync, readlinkSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { once } from '../../util/once.js';
import { errorCode } from '../../util/system-error.js';
import { parseProcStat } from '../host/proc-stat.js';
import type { RunFolder } from './run-folder.js';

const MARK_VERSION = 1;

/** Names one process for good: a pid alone may be given to another process, or mean another one elsewhere. */
const mark = once(() =>
  z.object({
    version: z.literal(MARK_VERSION),
    pid: z.number().int().positive(),
    /** Field 22 of /proc/PID/stat: clock ticks after boot. */
    startTicks: z.number(),
    bootId: z.string(),
    /** `pid:[4026531836]`: in which namespace the pid means something. */
    pidNamespace: z.string(),
  }),
);

type Mark = z.infer<ReturnType<typeof mark>>;

/** Whether a run is supervised at this moment. */
export type Liveness =
  | { readonly kind: 'live'; readonly pid: number }
  /** In another container that shares the state folder: cannot be known from here. */
  | { readonly kind: 'elsewhere'; readonly pid: number }
  /** Ended, in order or not: the journal tells. */
  | { readonly kind: 'over' };

/** Identity of this boot of the kernel (random(4)). */
export function bootId(): string {
  return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
}

/** Says that this process supervises the run from now on. */
export function markSupervised(folder: RunFolder): void {
  const startTicks = startTicksOf('self');
  const content: Mark = {
    version: MARK_VERSION,
    pid: process.pid,
    startTicks: startTicks ?? 0,
    bootId: bootId(),
    pidNamespace: pidNamespace(),
  };
  const fresh = `${folder.markPath}.${String(process.pid)}`;
  writeFileSync(fresh, `${JSON.stringify(content)}\n`, { mode: 0o600 });
  renameSync(fresh, folder.markPath);
}

/** Whether the process that marked the run is still the one that runs. */
export function livenessOf(folder: RunFolder): Liveness {
  const known = readMark(folder.markPath);
  if (known?.bootId !== bootId()) return { kind: 'over' };
  const { pid } = known;
  if (known.pidNamespace !== pidNamespace()) return { kind: 'elsewhere', pid };
  return startTicksOf(String(pid)) === known.startTicks ? { kind: 'live', pid } : { kind: 'over' };
}

/** undefined for a run that never got so far, or whose mark a crash left half written. */
function readMark(path: string): Mark | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return mark().safeParse(JSON.parse(text)).data;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** undefined when the process is gone, or dead and not yet waited for. */
function startTicksOf(pid: string): number | undefined {
  let text: string;
  try {
    text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ESRCH') return undefined;
    throw error;
  }
  const stat = parseProcStat(text);
  return stat === undefined || stat.state === 'Z' || stat.state === 'X'
    ? undefined
    : stat.startTicks;
}

function pidNamespace(): string {
  return readlinkSync('/proc/self/ns/pid');
}
