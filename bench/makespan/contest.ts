import { spawn, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import type { RunEvent } from '../../src/core/events.js';
import { startOf, type Contestant, type Stage } from './contestants.js';
import { RECORD_BYTES, recordsIn, tallyOf, type AttemptRecord } from './records.js';
import { planText, type Pile } from './workloads.js';

/** How one contestant got through a pile once. */
export interface Score {
  /** From its start to its end, with all it needs to start. */
  readonly wallMs: number;
  /** From the first task's start to the last one's end. */
  readonly makespanMs: number;
  /** Processes that the kernel's OOM killer took meanwhile, anywhere on the machine. */
  readonly oomKills: number;
  /** Attempts that somebody else ended before their time. */
  readonly kills: number;
  readonly thrownAwayShare: number;
  /** The most that all tasks together used at any look. */
  readonly peakBytes: number;
  /** Tasks that never came to their end. */
  readonly left: number;
  /** It was stopped, as it took longer than anyone would wait. */
  readonly isCutOff: boolean;
  /** memsched's own budget in this run. */
  readonly budgetBytes?: number;
}

const LOOK_MS = 100;
/** Attempts of which a record is kept. */
const MOST_RECORDS = 8192;
/** A killed task may be begun again by starting the tool again so often. */
const MOST_STARTS = 20;
/** The driver is not to be taken by the OOM killer, but what it starts may be as anything else. */
const ORDINARY = 'echo 0 > /proc/self/oom_score_adj; exec "$@"';

/** Runs contestants on a pile, one after the other, on the machine it runs on. */
export class Arena {
  readonly #pile: Pile;
  readonly #replay: string;
  readonly #limitMs: number;

  /**
   * @param replay - the compiled replay.c.
   * @param limitMs - after so long a contestant is cut off.
   */
  constructor(pile: Pile, replay: string, limitMs: number) {
    this.#pile = pile;
    this.#replay = replay;
    this.#limitMs = limitMs;
  }

  /** @param profiles - file in which memsched finds and keeps what it learns. */
  async play(contestant: Contestant, profiles: string): Promise<Score> {
    const folder = mkdtempSync(join(tmpdir(), 'memsched-bench-'));
    try {
      return await this.#playIn(folder, contestant, profiles);
    } finally {
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  }

  async #playIn(folder: string, contestant: Contestant, profiles: string): Promise<Score> {
    const stage = this.#stageIn(folder);
    await memoryIsBack();
    const killsBefore = oomKills();
    const watch = new Watch(stage.records);
    const startedMs = performance.now();
    const deadlineMs = startedMs + this.#limitMs;
    let left = stage.groups.map((_, at) => at + 1);
    for (let starts = 0; left.length > 0 && starts < MOST_STARTS; starts += 1) {
      const start = startOf(contestant, stage, profiles, left);
      await ended(start.argv, start.input, folder, deadlineMs);
      const done = new Set(watch.records().flatMap(({ task, isDone }) => (isDone ? [task] : [])));
      left = left.filter((task) => !done.has(task));
      if (!start.isStartedAgain || performance.now() >= deadlineMs) break;
    }
    const wallMs = performance.now() - startedMs;
    const records = watch.end();
    const { makespanMs, broken, thrownAwayShare } = tallyOf(records);
    const oomKilled = oomKills() - killsBefore;
    const budgetBytes = contestant.kind === 'memsched' ? budgetIn(folder) : undefined;
    return {
      wallMs,
      makespanMs,
      oomKills: oomKilled,
      kills: Math.max(0, broken - oomKilled),
      thrownAwayShare,
      peakBytes: watch.peakMib * 2 ** 20,
      left: left.length,
      isCutOff: performance.now() >= deadlineMs,
      ...(budgetBytes === undefined ? {} : { budgetBytes }),
    };
  }

  #stageIn(folder: string): Stage {
    const plan = join(folder, 'plan');
    const records = join(folder, 'records');
    writeFileSync(plan, planText(this.#pile));
    writeFileSync(records, Buffer.alloc(RECORD_BYTES * (MOST_RECORDS + 1)));
    mkdirSync(join(folder, 'state'));
    const groups = this.#pile.tasks.map(({ group }) => group);
    return { folder, plan, records, replay: this.#replay, groups };
  }
}

/** Looks at the records all the time, and knows the most that was used at once. */
class Watch {
  readonly #path: string;
  readonly #gone = new Set<number>();
  readonly #timer: NodeJS.Timeout;
  peakMib = 0;

  constructor(path: string) {
    this.#path = path;
    this.#timer = setInterval(() => {
      const mib = this.#live().reduce((sum, { mibNow }) => sum + mibNow, 0);
      this.peakMib = Math.max(this.peakMib, mib);
    }, LOOK_MS);
  }

  records(): AttemptRecord[] {
    return recordsIn(readFileSync(this.#path));
  }

  /** Ends what still runs, and looks no more. */
  end(): AttemptRecord[] {
    clearInterval(this.#timer);
    for (const { pid } of this.#live()) process.kill(pid, 'SIGKILL');
    return this.records();
  }

  #live(): AttemptRecord[] {
    return this.records().filter(({ pid, isDone }) => {
      if (isDone || this.#gone.has(pid)) return false;
      const isThere = isAlive(pid);
      if (!isThere) this.#gone.add(pid);
      return isThere;
    });
  }
}

/** Not a zombie, and not another process that got its number. */
function isAlive(pid: number): boolean {
  try {
    return / \(replay\) [^ZX]/.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Runs a command until it ends or its time is over; how it ends does not matter, what its tasks did does. */
async function ended(
  argv: readonly string[],
  input: string,
  folder: string,
  deadlineMs: number,
): Promise<void> {
  const child = spawn('/bin/sh', ['-c', ORDINARY, 'sh', ...argv], {
    cwd: folder,
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
    env: { ...process.env, HOME: folder, XDG_STATE_HOME: join(folder, 'state'), NO_COLOR: '1' },
  });
  child.stdin.on('error', () => undefined); // it may end before it has read everything
  child.stdin.end(input);
  const timer = setTimeout(() => {
    killGroup(child);
  }, deadlineMs - performance.now());
  await new Promise<void>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', () => {
      resolve();
    });
  });
  clearTimeout(timer);
}

function killGroup({ pid }: ChildProcess): void {
  try {
    if (pid !== undefined) process.kill(-pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Until nothing of the run before is left: memory that is available does not grow any more. */
async function memoryIsBack(): Promise<void> {
  let before = 0;
  let now = availableBytes();
  while (now > before + 2 ** 22) {
    await pause(500);
    [before, now] = [now, availableBytes()];
  }
}

function availableBytes(): number {
  const match = /^MemAvailable:\s+(\d+) kB$/m.exec(readFileSync('/proc/meminfo', 'utf8'));
  return 1024 * Number(match?.[1]);
}

function oomKills(): number {
  const match = /^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8'));
  return Number(match?.[1]);
}

/** The budget at the first look of the only run in a folder. */
function budgetIn(folder: string): number | undefined {
  const runs = join(folder, 'state/memsched/runs');
  const [run] = readdirSync(runs);
  const journal = readFileSync(join(runs, run ?? '', 'journal.jsonl'), 'utf8');
  const events = journal.split('\n').slice(0, -1);
  for (const line of events) {
    const event = JSON.parse(line) as RunEvent;
    if (event.kind === 'sampled') return event.numbers.budgetBytes;
  }
  return undefined;
}
