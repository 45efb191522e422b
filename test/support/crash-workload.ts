import { program } from './programs.js';

/** Enough for a few lives of a supervisor, and so few that some of them reach the end. */
const SHORT_TASKS = 16;

/** What a task writes down of itself, in one write each: when its attempt begins and when it has done its work. */
const around = (work: string) => `echo "begin $MEMSCHED_TASK $MEMSCHED_ATTEMPT $$" >> "$STORY"
${work}
echo "end $MEMSCHED_TASK $MEMSCHED_ATTEMPT" >> "$STORY"`;

const SHORT = around('sleep 0.$((RANDOM % 6 + 1))');
/** Two of them are beyond `preempt` of {@link BUDGET}, and one to its end below it if the other stands still. */
const GROWING = {
  run: around(`${program('alloc')} --mib 140 --ramp 3 --hold 1`),
  memory: '20M',
  cpus: 0,
  profile: 'none',
  preemptible: 'low',
};
const BUDGET = { memory: { budget: '300M' }, defaults: { on_pressure: ['suspend', 'preempt'] } };

/**
 * A jobfile without its version, for `startJobs`; its tasks write what they do to `$STORY`.
 *
 * @param isTight - whether two more tasks grow beyond what there is, so that the newer one is frozen.
 */
export function jobfile(isTight: boolean): Readonly<Record<string, unknown>> {
  const rows = Array.from({ length: SHORT_TASKS }, (_, n) => n);
  const short = {
    work: { matrix: { n: rows }, run: SHORT, cpus: 0, memory: '5M' },
    after: { needs: ['work'], run: SHORT, memory: '5M' },
  };
  if (!isTight) return { max_parallel: 4, jobs: short };
  return { ...BUDGET, max_parallel: 4, jobs: { older: GROWING, newer: GROWING, ...short } };
}

/** How many tasks such a run has. */
export function tasksOf(isTight: boolean): number {
  return SHORT_TASKS + 1 + (isTight ? 2 : 0);
}
