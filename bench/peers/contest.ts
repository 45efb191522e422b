import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Table from 'cli-table3';
import { execa } from 'execa';

/** One way to run the same pile of tasks. */
export interface Contestant {
  readonly name: string;
  /** Runs them all; returns how many tasks failed. */
  readonly run: (folder: string) => Promise<number>;
}

/** What one contestant made of it. */
export interface Score {
  readonly name: string;
  readonly wallMs: number;
  /** Processes that the kernel's OOM killer took meanwhile, anywhere on the host. */
  readonly oomKills: number;
  readonly failed: number;
}

/**
 * The tasks one way after the other, on the same host.
 *
 * @param folderFor - a new folder for each contestant.
 */
export async function contest(
  contestants: readonly Contestant[],
  folderFor: () => string,
): Promise<Score[]> {
  const scores: Score[] = [];
  for (const { name, run } of contestants) {
    const killsBefore = oomKills();
    const startMs = performance.now();
    const failed = await run(folderFor());
    const wallMs = performance.now() - startMs;
    scores.push({ name, wallMs, oomKills: oomKills() - killsBefore, failed });
  }
  return scores;
}

/** The best of several rounds for each contestant, by wall time; kills and failures are summed. */
export function bestOf(rounds: readonly (readonly Score[])[]): Score[] {
  const [first = []] = rounds;
  return first.map(({ name }) => {
    const scores = rounds.flatMap((round) => round.filter((score) => score.name === name));
    const sum = (pick: (score: Score) => number): number =>
      scores.reduce((total, score) => total + pick(score), 0);
    return {
      name,
      wallMs: Math.min(...scores.map((score) => score.wallMs)),
      oomKills: sum((score) => score.oomKills),
      failed: sum((score) => score.failed),
    };
  });
}

/** The scores as a table for people. */
export function tableOf(scores: readonly Score[]): string {
  const best = Math.min(...scores.map((score) => score.wallMs));
  const table = new Table({
    head: ['', 'wall', 'to the best', 'oom_kill', 'failed'],
    colAligns: ['left', 'right', 'right', 'right', 'right'],
    style: { head: [], border: [] },
  });
  for (const { name, wallMs, oomKills: kills, failed } of scores) {
    const ratio = (wallMs / best).toFixed(2);
    table.push([name, `${(wallMs / 1000).toFixed(1)} s`, `${ratio}x`, kills, failed]);
  }
  return table.toString();
}

/** GNU parallel, one command line `count` times, with the given options. */
export function gnuParallel(
  options: readonly string[],
  commandLine: string,
  count: number,
): Contestant {
  return {
    name: ['parallel', ...options].join(' '),
    run: async (folder) => {
      const joblog = join(folder, 'joblog');
      const rows = Array.from({ length: count }, (_, at) => String(at + 1)).join('\n');
      await execa('parallel', ['--joblog', joblog, ...options, '-N1', `${commandLine} # {}`], {
        input: rows,
        reject: false,
        timeout: 300_000,
      });
      return count - succeededIn(readFileSync(joblog, 'utf8'));
    },
  };
}

/** Tasks of a joblog (Seq Host Starttime JobRuntime Send Receive Exitval Signal Command) with exit 0 and no signal. */
function succeededIn(joblog: string): number {
  const rows = joblog.trimEnd().split('\n').slice(1);
  const good = rows.map((row) => row.split('\t')).filter((row) => row[6] === '0' && row[7] === '0');
  return new Set(good.map(([sequence]) => sequence)).size;
}

function oomKills(): number {
  const match = /^oom_kill (\d+)$/m.exec(readFileSync('/proc/vmstat', 'utf8'));
  return Number(match?.[1]);
}
