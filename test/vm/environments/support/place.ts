import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { release } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { execa } from 'execa';
import { MEMSCHED } from '../../../support/cli.js';

/** The checkout, as it is found in every environment, the containers included. */
export const ROOT = fileURLToPath(new URL('../../../..', import.meta.url));
const HERE = dirname(fileURLToPath(import.meta.url));
/** Emulated, and perhaps on a busy host. */
const TIMEOUT_MS = 600_000;

/** Somewhere to run memsched: what goes in front of a command line to get there. */
export interface Place {
  /** Short, and a file name: its folder, and its key in the results. */
  readonly id: string;
  /** Makes a command line into one that runs there, seen from root of the guest. */
  readonly enter?: (argv: readonly string[]) => readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Where runs are kept; default: below {@link folderOf}. `home`: nothing is said, so they go below `$HOME`. */
  readonly state?: 'home';
}

/** What a command in a place came to. */
export interface Finished {
  readonly exitCode: number | undefined;
  readonly stdout: string;
  readonly stderr: string;
  readonly story: string;
}

/** The folder of a place, which everybody may write to: whoever runs there may be any user. */
export function folderOf({ id }: Place): string {
  const folder = `/var/tmp/environments/${id}`;
  mkdirSync(folder, { recursive: true });
  chmodSync(folder, 0o1777);
  return folder;
}

/** `$XDG_STATE_HOME` of a place. */
export function stateHomeOf(place: Place): string {
  return join(folderOf(place), 'state');
}

/** Runs a command line in a place, in its folder. */
export async function runIn(place: Place, argv: readonly string[]): Promise<Finished> {
  const folder = folderOf(place);
  const variables = {
    NO_COLOR: '1',
    ...(place.state === 'home' ? {} : { XDG_STATE_HOME: stateHomeOf(place) }),
    ...place.env,
  };
  const settings = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const inside = ['env', '-C', folder, ...settings, ...argv];
  const [file = '', ...rest] = place.enter?.(inside) ?? inside;
  const { exitCode, stdout, stderr } = await execa(file, rest, {
    cwd: folder,
    input: '',
    reject: false,
    timeout: TIMEOUT_MS,
  });
  const story = `${[file, ...rest].join(' ')}\nexit ${String(exitCode)}\n${stdout}\n${stderr}`;
  return { exitCode, stdout, stderr, story };
}

/** Runs the built CLI in a place. */
export function memschedIn(place: Place, args: readonly string[]): Promise<Finished> {
  return runIn(place, [process.execPath, MEMSCHED, ...args]);
}

/** What `look.sh` says in a place, or said in a task. */
export type Facts = ReadonlyMap<string, string>;

/** Its command line. */
export const LOOK = ['sh', join(HERE, 'look.sh')] as const;

/** Lines of `name value` as a map. */
export function factsOf(text: string): Facts {
  const lines = text.split('\n').filter((line) => line !== '');
  return new Map(
    lines.map((line) => {
      const at = line.indexOf(' ');
      return [line.slice(0, at), line.slice(at + 1)];
    }),
  );
}

/** What the kernel shows in a place. */
export async function factsIn(place: Place): Promise<Facts> {
  const { stdout } = await runIn(place, LOOK);
  return factsOf(stdout);
}

/** Writes a jobfile (an object; JSON is YAML) into the folder of a place. */
export function writeJobs(place: Place, jobs: Readonly<Record<string, unknown>>): string {
  const path = join(folderOf(place), 'jobs.yaml');
  writeFileSync(path, JSON.stringify({ version: 1, name: place.id, jobs }, null, 2));
  return path;
}

/** Major and minor version of the guest's kernel: what follows changes with every update. */
export function kernelVersion(): string {
  return release().split('.').slice(0, 2).join('.');
}

/** An environment variable that makes node hide what kernels before 5.14 do not have; see `old-kernel.js`. */
export const OLD_KERNEL = { NODE_OPTIONS: `--import=${join(HERE, 'old-kernel.js')}` } as const;
