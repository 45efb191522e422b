import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { descendantsOf } from '../harness/process-cost.js';
import { BenchError, MEMSCHED } from '../harness/programs.js';
import type { RealTask } from './inputs.js';

/** One way to run the tasks. */
export type RealContestant =
  | { readonly kind: 'memsched'; readonly name: string; readonly profiles: 'none yet' | 'kept' }
  | { readonly kind: 'parallel' | 'xargs' | 'make'; readonly name: string; readonly jobs: number };

/** How one got through them. */
export interface RealScore {
  readonly wallMs: number;
  /** The most anonymous memory that all programs used at once, of those looks that were taken. */
  readonly peakBytes: number;
}

/** What all contestants share. */
export interface RealStage {
  readonly tasks: readonly RealTask[];
  /** Where the inputs are, and the tasks run. */
  readonly inputs: string;
  readonly scratch: string;
  readonly budgetMib: number;
}

const LOOK_MS = 100;

/** @throws BenchError when one of the tasks failed. */
export async function playReal(contestant: RealContestant, stage: RealStage): Promise<RealScore> {
  const folder = mkdtempSync(join(stage.scratch, 'real-'));
  mkdirSync(join(folder, '.parallel'));
  writeFileSync(join(folder, '.parallel/will-cite'), '');
  const { argv, input } = startOf(contestant, stage, folder);
  const [program = '', ...rest] = argv;
  const startedMs = performance.now();
  const child = spawn(program, rest, {
    cwd: stage.inputs,
    stdio: ['pipe', 'ignore', 'pipe'],
    env: { ...process.env, HOME: folder, XDG_STATE_HOME: join(folder, 'state'), NO_COLOR: '1' },
  });
  child.stdin.end(input);
  let said = '';
  child.stderr.on('data', (text: Buffer) => {
    said = `${said}${text.toString()}`.slice(-4000);
  });
  let peakBytes = 0;
  const timer = setInterval(() => {
    peakBytes = Math.max(peakBytes, anonymousBytesBelow(child.pid ?? 0));
  }, LOOK_MS);
  const status = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  clearInterval(timer);
  if (status !== 0)
    throw new BenchError(`${contestant.name} ended with ${status ?? 'a signal'}\n${said}`);
  return { wallMs: performance.now() - startedMs, peakBytes };
}

function startOf(
  contestant: RealContestant,
  { tasks, inputs, scratch, budgetMib }: RealStage,
  folder: string,
): { readonly argv: readonly string[]; readonly input: string } {
  const lines = tasks.map(({ argv }) => argv.map(quoted).join(' '));
  switch (contestant.kind) {
    case 'memsched': {
      const jobs = tasks.map(({ group, argv }, at) => [`task-${at + 1}`, { group, run: argv }]);
      const file = join(folder, 'jobs.yaml');
      writeFileSync(
        file,
        JSON.stringify({
          version: 1,
          defaults: { cwd: inputs },
          jobs: Object.fromEntries(jobs) as unknown,
        }),
      );
      const profiles =
        contestant.profiles === 'kept' ? join(scratch, 'kept.json') : join(folder, 'new.json');
      const options = [
        '--budget',
        `${budgetMib}M`,
        '--preemptible',
        'low',
        '--profile-file',
        profiles,
      ];
      return { argv: [process.execPath, MEMSCHED, 'run', file, '--quiet', ...options], input: '' };
    }
    case 'parallel':
      return { argv: ['parallel', `-j${contestant.jobs}`], input: `${lines.join('\n')}\n` };
    case 'xargs':
      return {
        argv: ['xargs', '-0', '-n1', `-P${contestant.jobs}`, 'sh', '-c'],
        input: lines.join('\0'),
      };
    case 'make': {
      const rules = lines.map((line, at) => `t${at}:\n\t@${line.replaceAll('$', '$$$$')}\n`);
      const all = lines.map((_, at) => `t${at}`).join(' ');
      const file = join(folder, 'Makefile');
      writeFileSync(file, `.PHONY: all ${all}\nall: ${all}\n${rules.join('')}`);
      return { argv: ['make', '-s', `-j${contestant.jobs}`, '-f', file], input: '' };
    }
  }
}

/** A word as a shell reads it. */
function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`;
}

/** Programs, not those who start them: their tools and shells are small. */
function anonymousBytesBelow(pid: number): number {
  return descendantsOf(pid).reduce((sum, child) => {
    try {
      const status = readFileSync(`/proc/${child.pid}/status`, 'utf8');
      return sum + 1024 * Number(/^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0);
    } catch {
      return sum; // gone meanwhile
    }
  }, 0);
}
