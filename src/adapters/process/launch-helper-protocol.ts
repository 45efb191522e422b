import { resolve } from 'node:path';
import type { AttemptRef } from '../../core/observation.js';
import type { LaunchOrder } from '../../supervisor/ports.js';
import { bytesOf, holdsBytes } from '../../util/byte-text.js';
import { describeErrno } from '../../util/system-error.js';
import type { PreparedOrder } from './prepare-order.js';

/** How far a child came that could not execute its command; `fork`: there was none. */
const STAGES = ['fork', 'enter', 'folder', 'stdin', 'stdout', 'stderr', 'exec'] as const;

type Stage = (typeof STAGES)[number];

/** Why a child could not execute its command. */
export interface LaunchFailure {
  readonly stage: Stage;
  readonly errno: number;
  /** The C library's words for it. */
  readonly text: string;
}

/** One line of what the helper says; `id` is the order's. */
export type HelperReport =
  | { readonly kind: 'ready' }
  | { readonly kind: 'started'; readonly id: number; readonly pid: number }
  | { readonly kind: 'failed'; readonly id: number; readonly failure: LaunchFailure }
  /** `waitStatus` is that of wait(2). */
  | { readonly kind: 'ended'; readonly id: number; readonly waitStatus: number };

/** The first frame: what every task inherits. */
export function environmentFrame(environment: Readonly<Record<string, string>>): Buffer {
  return frame(settings(environment));
}

/** The frame of one order: who, what, where, and how its environment differs from what all inherit. */
export function orderFrame(id: number, order: LaunchOrder, prepared: PreparedOrder): Buffer {
  const { spec, entry, oomScoreAdj, stdoutPath, stderrPath } = order;
  return frame([
    String(id),
    leftName(order),
    prepared.program,
    spec.cwd,
    entry.procsFile ?? '',
    String(oomScoreAdj),
    spec.stdin ?? '',
    // Ours are relative to our folder, and by then the child is in its own.
    resolve(stdoutPath),
    resolve(stderrPath),
    String(prepared.argv.length),
    ...prepared.argv,
    ...settings(prepared.env),
  ]);
}

/** What an attempt, or a part of it, is called in what a helper leaves behind. */
export function leftName({ task, attempt, part }: AttemptRef & Pick<LaunchOrder, 'part'>): string {
  return part === undefined ? `${attempt} ${task}` : `${attempt}+${part} ${task}`;
}

/** Whether such a name is that of a part beside an attempt's main process. */
export function isPartName(name: string): boolean {
  return /^\d+\+/.test(name);
}

/** One line of what a helper leaves behind when its supervisor has died. */
export type LeftLine =
  | { readonly kind: 'ended'; readonly waitStatus: number; readonly name: string }
  | { readonly kind: 'lives'; readonly pid: number; readonly name: string }
  /** From here on those end that live. */
  | { readonly kind: 'all' };

/** Reads one line of what a helper has left; undefined for one that it does not write. */
export function parseLeftLine(line: string): LeftLine | undefined {
  if (line === 'all') return { kind: 'all' };
  const [, kind, number, name = ''] = /^(ended|lives) (\d+) (.+)$/.exec(line) ?? [];
  if (kind === undefined) return undefined;
  return kind === 'ended'
    ? { kind: 'ended', waitStatus: Number(number), name }
    : { kind: 'lives', pid: Number(number), name };
}

function settings(environment: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(environment).map(([name, value]) => `${name}=${value}`);
}

const LENGTH_BYTES = 4;

/** No field may contain a NUL character. */
function frame(fields: readonly string[]): Buffer {
  const text = fields.join('\0');
  if (holdsBytes(text)) return ofBytes(bytesOf(text));
  const bytes = Buffer.byteLength(text);
  const whole = Buffer.allocUnsafe(LENGTH_BYTES + bytes);
  whole.writeUInt32BE(bytes);
  whole.write(text, LENGTH_BYTES);
  return whole;
}

/** Arguments need not be UTF-8, as names of files are not. */
function ofBytes(content: Buffer): Buffer {
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32BE(content.length);
  return Buffer.concat([length, content]);
}

/** The last frame: all is done. Only a first frame, of an empty environment, may be empty otherwise. */
export const GOODBYE = frame([]);

/** Reads one line of the helper's; undefined for one that it does not write. */
export function parseReport(line: string): HelperReport | undefined {
  if (line === 'ready') return { kind: 'ready' };
  const failed = /^failed (\d+) (\w+) (\d+) (.*)$/.exec(line);
  if (failed !== null) {
    const [, id, name, errno, text = ''] = failed;
    const stage = STAGES.find((each) => each === name);
    if (stage === undefined) return undefined;
    return { kind: 'failed', id: Number(id), failure: { stage, errno: Number(errno), text } };
  }
  const [, kind, id, number] = /^(started|ended) (\d+) (\d+)$/.exec(line) ?? [];
  if (kind === undefined) return undefined;
  return kind === 'started'
    ? { kind: 'started', id: Number(id), pid: Number(number) }
    : { kind: 'ended', id: Number(id), waitStatus: Number(number) };
}

/** A failed launch as a sentence for the user. */
export function failureWords({ stage, errno, text }: LaunchFailure, order: LaunchOrder): string {
  const why = describeErrno(errno, text);
  const { spec, entry } = order;
  switch (stage) {
    case 'fork':
      return `cannot start a process: ${why}`;
    case 'enter':
      return `could not enter the cgroup of ${entry.procsFile ?? '(none)'}: ${why}`;
    case 'folder':
      return `cannot start in ${spec.cwd}: ${why}`;
    case 'stdin':
      return `cannot read stdin from ${spec.stdin ?? '(none)'}: ${why}`;
    case 'stdout':
      return `cannot write the task's output to ${order.stdoutPath}: ${why}`;
    case 'stderr':
      return `cannot write the task's output to ${order.stderrPath}: ${why}`;
    case 'exec':
      return executionWords(errno, why, order);
  }
}

const ENOENT = 2;

/** The program was there a moment ago: what is not found is, as a rule, what its first line names. */
function executionWords(errno: number, why: string, order: LaunchOrder): string {
  const { command } = order.spec;
  const [program = ''] = command.kind === 'argv' ? command.argv : command.shell;
  const reason = errno === ENOENT ? 'it, or the interpreter that it names, is not found' : why;
  return `could not execute ${program}: ${reason}`;
}
