import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { program } from './programs.js';

/** Keys of a job, as in a jobfile. */
type Job = Readonly<Record<string, unknown>>;

const ROOM = { memory: '20M', cpus: 0, profile: 'none' };

/**
 * Two jobs that are more than {@link SMALL_BUDGET} wants: one that counts to `to`, a number a tenth of a second, and saves
 * its count when it is asked; and one that grows once the other counts, and holds on until that was stopped.
 */
export function saverAndGrower(folder: string, to: number, checkpoint: Job): Record<string, Job> {
  const count = `${program('count-up')} --to ${to} --step 0.1 --mib 200 --done ${folder}/done --ready ${folder}/ready`;
  const grow = `${program('alloc')} --curve 0:20,6:222,7:222 --hold 300 & grown=$!`;
  return {
    // Below a shell that waits for it, as most programs of a jobfile are.
    saver: { run: `${count}; echo "done with it"`, preemptible: 'high', checkpoint, ...ROOM },
    grower: {
      run: [
        `until [ -e ${folder}/ready ]; do sleep 0.1; done`,
        `pid=$(cat ${folder}/ready)`,
        grow,
        'while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done',
        'kill $grown; wait $grown || true',
      ].join('\n'),
      ...ROOM,
    },
  };
}

/**
 * Both together come to about 435 MiB: well above the line for preemption, and as well below that for killing at once, so
 * that there is time to save something on a busy machine, too.
 */
export const SMALL_BUDGET = { budget: '500M', hold: '60%', preempt: '75%', critical: '99%' };

/** What was counted, by all attempts together, in order. */
export function counted(folder: string): number[] {
  const path = join(folder, 'done');
  return existsSync(path) ? readFileSync(path, 'utf8').trimEnd().split('\n').map(Number) : [];
}
