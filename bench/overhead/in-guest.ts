// Inside the guest: what supervising costs in the cgroup tier, to /vmout/costs.json. Arguments: milliseconds to look, how
// many tasks, …
import { writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { thisMachine } from '../harness/machine.js';
import type { Machine } from '../harness/result.js';
import { runningCost, type RunningCost } from './running.js';

/** What a guest found. */
export interface GuestCosts {
  readonly machine: Machine;
  readonly costs: readonly RunningCost[];
}

const [windowMs = 0, ...counts] = process.argv.slice(2).map(Number);
const costs: RunningCost[] = [];
for (const tasks of counts) {
  console.log(`${tasks} tasks in the guest`);
  costs.push(await runningCost(tasks, ['--tier', 'cgroup'], windowMs, tmpdir()));
  const report: GuestCosts = { machine: thisMachine(['perl']), costs };
  writeFileSync('/vmout/costs.json', JSON.stringify(report));
}
