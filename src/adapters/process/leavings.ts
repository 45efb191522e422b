import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AttemptRef } from '../../core/observation.js';
import type { ExitStatus } from '../../core/outcome.js';
import type { Fate, Remains } from '../../supervisor/ports.js';
import { errorCode } from '../../util/system-error.js';
import { errnoOf } from '../host/errno.js';
import { listPids, readProcStat, userOf } from '../host/processes.js';
import { endPart } from './end-part.js';
import { exitStatusOf } from './exit-status.js';
import { isHelperName, wordsOf } from './helper-name.js';
import { isPartName, leftName, parseLeftLine } from './launch-helper-protocol.js';
import type { LeavesTo } from './launch-helper.js';

/** A helper that hears of its supervisor's death needs a millisecond to leave word; one that does not is of no use. */
const WORD_WITHIN_MS = 5000;
const POLL_MS = 10;
/** Between two looks at whether somebody has ended. */
const WATCH_EVERY_MS = 50;

/** What there is to look at. */
export interface LeavingsOptions extends LeavesTo {
  readonly procPath: string;
}

/** A process of a launch helper's name: the helper, or a child on its way to its command. */
interface HelperProcess {
  readonly pid: number;
  readonly startTicks: number;
}

/** What one helper has left. */
interface Word {
  readonly file: string;
  /** How much of it was read; it only ever grows. */
  readonly bytes: number;
  readonly helper: HelperProcess;
  isWhole: boolean;
  readonly ended: Map<string, ExitStatus>;
  readonly lives: Map<string, number>;
  /** Processes beside main ones that lived when it was written. */
  readonly parts: number[];
}

/**
 * Finds what a dead supervisor has left of its attempts' main processes. Waits until each of its launch helpers has left
 * word or is gone, so that nothing is started any more that it had ordered.
 */
export async function findLeavings(options: LeavingsOptions): Promise<Remains> {
  const deadlineMs = performance.now() + WORD_WITHIN_MS;
  for (;;) {
    const words = readWords(options);
    const silent = helpersOf(options).filter(
      (process_) => !words.some((word) => word.isWhole && isSame(word.helper, process_)),
    );
    if (silent.length === 0) return new Leavings(options, words);
    if (performance.now() > deadlineMs) for (const { pid } of silent) kill(pid);
    await sleep(POLL_MS);
  }
}

class Leavings implements Remains {
  readonly #options: LeavingsOptions;
  #words: readonly Word[];
  readonly #waiting = new Map<string, (exit: ExitStatus) => void>();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LeavingsOptions, words: readonly Word[]) {
    this.#options = options;
    this.#words = words;
  }

  fateOf(ref: AttemptRef): Fate {
    const name = leftName(ref);
    const exit = this.#exitOf(name);
    if (exit !== undefined) return { kind: 'ended', exit };
    const word = this.#words.find(({ lives }) => lives.has(name));
    const pid = word?.lives.get(name);
    if (word === undefined || pid === undefined)
      return { kind: 'unknown', why: 'its supervisor died, and nobody else knows how it ends' };
    if (this.#isThere(word.helper)) return { kind: 'lives', pid };
    // It may have said so before it went, and after we had read.
    this.#words = readWords(this.#options, this.#words);
    const late = this.#exitOf(name);
    return late === undefined ? { kind: 'unknown', why: BOTH_DEAD } : { kind: 'ended', exit: late };
  }

  onEnd(ref: AttemptRef, callback: (exit: ExitStatus) => void): void {
    this.#waiting.set(leftName(ref), callback);
    this.#timer ??= setInterval(() => {
      this.#look();
    }, WATCH_EVERY_MS).unref();
  }

  endParts(): void {
    for (const { helper, parts } of this.#words) {
      if (!this.#isThere(helper)) continue;
      for (const pid of parts) if (this.#parentOf(pid) === helper.pid) endPart(pid);
    }
  }

  /** It starts nobody any more: a child of the helper is one of those that it has told of, and no newer process. */
  #parentOf(pid: number): number | undefined {
    return readProcStat(this.#options.procPath, pid)?.parentPid;
  }

  #look(): void {
    // Asked before the last word is read: what a helper says before it goes is heard.
    const gone = this.#words.filter(({ helper }) => !this.#isThere(helper));
    this.#words = readWords(this.#options, this.#words);
    for (const [name, callback] of [...this.#waiting]) {
      const exit = this.#exitOf(name) ?? lostWith(gone, name);
      if (exit === undefined) continue;
      this.#waiting.delete(name);
      callback(exit);
    }
    if (this.#waiting.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #exitOf(name: string): ExitStatus | undefined {
    for (const { ended } of this.#words) {
      const exit = ended.get(name);
      if (exit !== undefined) return exit;
    }
    return undefined;
  }

  #isThere({ pid, startTicks }: HelperProcess): boolean {
    const stat = readProcStat(this.#options.procPath, pid);
    return stat?.startTicks === startTicks && stat.state !== 'Z' && stat.state !== 'X';
  }
}

const BOTH_DEAD = 'its supervisor died, and the launch helper with it';

function lostWith(gone: readonly Word[], name: string): ExitStatus | undefined {
  if (!gone.some(({ lives }) => lives.has(name))) return undefined;
  return { kind: 'unknown', why: BOTH_DEAD, withSupervisor: true };
}

function isSame(a: HelperProcess, b: HelperProcess): boolean {
  return a.pid === b.pid && a.startTicks === b.startTicks;
}

/** @param before - what was read last: a file that has not grown is not read again. */
function readWords({ statusDir }: LeavingsOptions, before: readonly Word[] = []): readonly Word[] {
  return namesIn(statusDir).flatMap((name) => {
    const [, pid, startTicks] = /^left-(\d+)-(\d+)$/.exec(name) ?? [];
    if (pid === undefined) return [];
    const helper = { pid: Number(pid), startTicks: Number(startTicks) };
    const file = join(statusDir, name);
    const known = before.find((word) => word.file === file);
    return [known?.bytes === statSync(file).size ? known : readWord(file, helper)];
  });
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return [];
    throw error;
  }
}

/** A last line without its newline is still being written. */
function readWord(file: string, helper: HelperProcess): Word {
  const content = readFileSync(file);
  const bytes = content.length;
  const word: Word = {
    file,
    bytes,
    helper,
    isWhole: false,
    ended: new Map(),
    lives: new Map(),
    parts: [],
  };
  for (const text of content.toString('utf8').split('\n').slice(0, -1)) {
    const line = parseLeftLine(text);
    if (line?.kind === 'ended') word.ended.set(line.name, exitStatusOf(line.waitStatus));
    else if (line?.kind === 'lives' && isPartName(line.name)) word.parts.push(line.pid);
    else if (line?.kind === 'lives') word.lives.set(line.name, line.pid);
    else if (line?.kind === 'all') word.isWhole = true;
  }
  return word;
}

/**
 * By its name, or, before it has given itself one, by its arguments. Anybody may call a process so: only one of our own
 * user counts, as we would wait for it.
 */
function helpersOf({ procPath, runId, statusDir }: LeavingsOptions): readonly HelperProcess[] {
  return listPids(procPath).flatMap((pid) => {
    const words = wordsOf(procPath, pid);
    const at = words.indexOf(statusDir);
    if (!isHelperName(words, runId) && (at < 1 || words[at - 1] !== runId)) return [];
    if (userOf(procPath, pid) !== process.getuid?.()) return [];
    const stat = readProcStat(procPath, pid);
    if (stat === undefined || stat.state === 'Z' || stat.state === 'X') return [];
    return [{ pid, startTicks: stat.startTicks }];
  });
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    const code = errnoOf(error);
    if (code !== 'ESRCH' && code !== 'EPERM') throw error;
  }
}
