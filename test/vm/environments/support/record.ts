import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { kernelVersion, type Place } from './place.js';
import type { Seen } from './prove.js';

/** One row of docs/environments.md, as the test that ran has seen it. */
export interface Row {
  /** The environment in a few words. */
  readonly title: string;
  /** What became of the doctor's advice where the test followed it. */
  readonly followed?: string;
}

/** What stands in place of a tier where the advice is for the boot loader. */
export const REBOOT = 'takes a reboot';

/**
 * Leaves a row for the table in the folder `$MEMSCHED_ENVIRONMENTS`; to be called last in a test, so that there is none of
 * a test that failed. Sizes are left out: the table is to be the same on every machine.
 */
export function record({ id }: Place, seen: Seen, { title, followed }: Row): void {
  const folder = process.env['MEMSCHED_ENVIRONMENTS'];
  if (folder === undefined)
    throw new Error('MEMSCHED_ENVIRONMENTS names no folder for the results');
  mkdirSync(folder, { recursive: true });
  const { tier, relaunch, psi, brake, budgetFrom, announced, missing, advice } = seen;
  const findings = { missing: Object.keys(missing), advice };
  const whole = {
    ...{ id, title, followed, kernel: kernelVersion() },
    ...{ tier, relaunch, psi, brake, budgetFrom, announced, ...findings },
  };
  writeFileSync(join(folder, `${id}.json`), `${JSON.stringify(whole, null, 2)}\n`);
}
