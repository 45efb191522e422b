import { spawnSync } from 'node:child_process';
import { thisMachine } from '../harness/machine.js';
import type { Part } from '../harness/part.js';
import { BenchError, ROOT } from '../harness/programs.js';
import { spawnRatesIn } from './parse.js';

const TASKS = 500;
const QUICK_TASKS = 100;

/** How many short tasks a second. */
export const spawn: Part = {
  name: 'spawn',
  about: 'short tasks a second: memsched run and map, parallel, xargs',
  rounds: 5,
  measure: ({ rounds, isQuick }) => {
    const tasks = isQuick ? QUICK_TASKS : TASKS;
    const { status, stdout, stderr } = spawnSync(process.execPath, [`${ROOT}bench/spawn-rate.js`], {
      encoding: 'utf8',
      env: { ...process.env, BENCH_TASKS: String(tasks), BENCH_ROUNDS: String(rounds) },
    });
    if (status !== 0) throw new BenchError(`bench/spawn-rate.js failed\n${stderr}`);
    return Promise.resolve([
      {
        name: 'spawn rate',
        about: `${tasks} tasks of \`true\`, two at a time, start-up included; ratios pair by pair.`,
        machine: thisMachine(['parallel', 'xargs', 'perl']),
        ...spawnRatesIn(stdout),
      },
    ]);
  },
};
