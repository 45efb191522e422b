import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MEMSCHED } from '../harness/programs.js';

/** One way to get through a pile of tasks. */
export type Contestant =
  /** Twice: knowing nothing, and knowing what the first run has shown. */
  | { readonly kind: 'memsched' }
  | { readonly kind: 'parallel'; readonly jobs: number; readonly options: readonly string[] }
  | { readonly kind: 'xargs' | 'make'; readonly jobs: number };

/** What is there for every contestant. */
export interface Stage {
  /** An empty folder of this run's own. */
  readonly folder: string;
  /** The compiled replay.c, its plan, and where it keeps its records. */
  readonly replay: string;
  readonly plan: string;
  readonly records: string;
  /** The group of each task, in the order of the plan. */
  readonly groups: readonly string[];
}

/** A command, what it reads, and whether it is to be started again while tasks are left that were killed. */
export interface Start {
  readonly argv: readonly string[];
  readonly input: string;
  readonly isStartedAgain: boolean;
}

/** So often a task that was killed may begin again: as often as needed. */
const RETRIES = 20;

/** Its name in tables. @param nproc - processors, the number users guess. */
export function nameOf(contestant: Contestant, nproc: number): string {
  switch (contestant.kind) {
    case 'memsched':
      return 'memsched';
    case 'parallel': {
      if (contestant.options.length > 0) return `parallel ${contestant.options.join(' ')}`;
      const guessed = contestant.jobs === nproc ? ' (nproc)' : '';
      return `parallel -j${contestant.jobs}${guessed}`;
    }
    case 'xargs':
      return `xargs -P${contestant.jobs}`;
    case 'make':
      return `make -j${contestant.jobs}`;
  }
}

/**
 * How a contestant is started on tasks that are left.
 *
 * @param profiles - file in which memsched keeps what it learns.
 * @param left - numbers of the tasks, from 1.
 */
export function startOf(
  contestant: Contestant,
  stage: Stage,
  profiles: string,
  left: readonly number[],
): Start {
  const task = [stage.replay, stage.records, stage.plan];
  const input = left.map((number) => `${number}\n`).join('');
  switch (contestant.kind) {
    case 'memsched': {
      writeFileSync(join(stage.folder, 'jobs.yaml'), jobfileOf(stage));
      const known = ['--preemptible', 'low', '--profile-file', profiles];
      const argv = [process.execPath, MEMSCHED, 'run', 'jobs.yaml', '--quiet', ...known];
      return { argv, input: '', isStartedAgain: false };
    }
    case 'parallel': {
      // It asks for a citation once a home.
      mkdirSync(join(stage.folder, '.parallel'), { recursive: true });
      writeFileSync(join(stage.folder, '.parallel/will-cite'), '');
      const options = [`-j${contestant.jobs}`, '--retries', String(RETRIES), ...contestant.options];
      return { argv: ['parallel', ...options, ...task, '{}'], input, isStartedAgain: false };
    }
    case 'xargs':
      return {
        argv: ['xargs', `-P${contestant.jobs}`, '-n1', ...task],
        input,
        isStartedAgain: true,
      };
    case 'make': {
      writeFileSync(join(stage.folder, 'Makefile'), makefileOf(stage, task));
      return {
        argv: ['make', '-k', '-s', `-j${contestant.jobs}`],
        input: '',
        isStartedAgain: true,
      };
    }
  }
}

/**
 * A job for each task, in the order that the others get, too. Nothing is declared but that they may be stopped (as all
 * the others stop or lose some) and need no processor: they sleep, and an emulated guest has few.
 */
function jobfileOf({ replay, records, plan, groups }: Stage): string {
  const jobs = groups.map((group, at) => [
    `task-${at + 1}`,
    { group, run: [replay, records, plan, String(at + 1)] },
  ]);
  const defaults = { cpus: 0 };
  return JSON.stringify({ version: 1, defaults, jobs: Object.fromEntries(jobs) as unknown });
}

function makefileOf({ groups }: Stage, task: readonly string[]): string {
  const targets = groups.map((_, at) => `done-${at + 1}`).join(' ');
  return `all: ${targets}\n${targets}:\n\t@${task.join(' ')} $(@:done-%=%) && touch $@\n`;
}
