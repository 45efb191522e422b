import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { thisMachine } from '../harness/machine.js';
import { Samples } from '../harness/part.js';
import { isInstalled, MEMSCHED } from '../harness/programs.js';
import type { Table } from '../harness/result.js';
import { inOrderOf } from '../harness/rounds.js';
import { timed } from '../harness/timed.js';

const FIGURES = [
  { figure: 'wall', unit: 'ms', better: 'lower' },
  { figure: 'to node -e 0', unit: 'times', better: 'lower' },
] as const;

const BARE_NODE = 'node -e 0';

const COMMANDS: Readonly<Record<string, readonly string[]>> = {
  [BARE_NODE]: [process.execPath, '-e', '0'],
  'memsched exec -- true': [process.execPath, MEMSCHED, 'exec', '--quiet', '--', 'true'],
  'memsched run, one task': [process.execPath, MEMSCHED, 'run', '--quiet', 'one.yaml'],
  'parallel true ::: 1': ['parallel', 'true', ':::', '1'],
  'systemd-run --scope true': ['systemd-run', '--quiet', '--scope', 'true'],
};

/** Why a command cannot be timed here; undefined when it can. */
function whyNot(program: string): string | undefined {
  if (program === 'systemd-run' && !existsSync('/run/systemd/system'))
    return 'as this machine was not booted by systemd';
  return isInstalled(program) ? undefined : 'as it is not installed';
}

/** How long it takes to start one command through memsched and others, in turns. */
export function startUpTable(rounds: number, scratch: string): Table {
  const cwd = mkdtempSync(join(scratch, 'start-up-'));
  writeFileSync(join(cwd, 'one.yaml'), 'version: 1\njobs: { one: { run: ["true"] } }\n');
  mkdirSync(join(cwd, '.parallel'));
  writeFileSync(join(cwd, '.parallel/will-cite'), '');
  const env = { HOME: cwd, XDG_STATE_HOME: join(cwd, 'state') };
  const all = Object.entries(COMMANDS);
  const absent = all.flatMap(([row, [program = '']]) => {
    const why = whyNot(program);
    return why === undefined ? [] : [{ row, why }];
  });
  const here = all.filter(([row]) => !absent.some((one) => one.row === row));
  const samples = new Samples(FIGURES);
  for (const [, argv] of here) timed(argv, { cwd, env }); // what a first start reads from disk is not compared
  for (let round = 0; round < rounds; round += 1) {
    const walls = new Map(
      inOrderOf(round, here).map(([row, argv]) => [row, timed(argv, { cwd, env })]),
    );
    for (const [row] of here) {
      const wall = walls.get(row) ?? NaN;
      samples.add(row, { wall, 'to node -e 0': wall / (walls.get(BARE_NODE) ?? NaN) });
    }
  }
  return {
    name: 'start-up',
    about: `One command that does nothing, ${rounds} times each in turns, everything in the page cache.`,
    machine: thisMachine(['parallel', 'systemd-run', 'perl']),
    series: samples.series(),
    absent,
  };
}
