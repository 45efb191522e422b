// Inside the guest: what supervising costs in the cgroup tier, to /vmout/costs.json. Arguments: milliseconds to look, how
// many tasks, …
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { thisMachine } from '../harness/machine.js';
import { BenchError } from '../harness/programs.js';
import type { Machine } from '../harness/result.js';
import { runningCost, type RunningCost } from './running.js';

/** What a guest found. */
export interface GuestCosts {
  readonly machine: Machine;
  readonly costs: readonly RunningCost[];
  /** With so many tasks it could not be measured. */
  readonly absent: readonly { readonly tasks: number; readonly why: string }[];
}

const [windowMs = 0, ...counts] = process.argv.slice(2).map(Number);
const costs: RunningCost[] = [];
const absent: { tasks: number; why: string }[] = [];
for (const tasks of counts) {
  console.log(`${tasks} tasks in the guest`);
  try {
    costs.push(await runningCost(tasks, ['--tier', 'cgroup'], windowMs, tmpdir()));
  } catch (error) {
    if (!(error instanceof BenchError)) throw error;
    absent.push({ tasks, why: error.message.replaceAll(/\s+/g, ' ') });
  }
  const report: GuestCosts = { machine: thisMachine(['perl']), costs, absent };
  writeFileSync('/vmout/costs.json', JSON.stringify(report));
}
