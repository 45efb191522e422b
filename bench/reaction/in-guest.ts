// Inside the guest: crosses lines in each setting, and leaves what came of it in /vmout/reactions.json.
// Arguments: the compiled cross.c, trials.
import { writeFileSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { thisMachine } from '../harness/machine.js';
import { guestSettings, type GuestReactions } from './settings.js';
import { reactions } from './trial.js';

const [cross = '', trials = ''] = process.argv.slice(2);
const found: GuestReactions['found'][number][] = [];
for (const setting of guestSettings(Number(trials))) {
  console.log(`${setting.name} in the guest`);
  found.push({
    setting: setting.name,
    reactions: await reactions(setting, cross, tmpdir(), availableParallelism()),
  });
  const report: GuestReactions = { machine: thisMachine([]), found };
  writeFileSync('/vmout/reactions.json', JSON.stringify(report));
}
