import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { z } from 'zod';
import type { TierHere } from '../adapters/host/tier-choice.js';
import type { Override } from '../adapters/jobfile/load.js';
import type { RunFolder } from '../adapters/journal/run-folder.js';
import { once } from '../util/once.js';
import { printable } from '../util/printable.js';
import { errorCode } from '../util/system-error.js';
import { UsageError } from './errors.js';

const VERSION = 1;

const origin = once(() =>
  z.object({
    version: z.literal(VERSION),
    baseDir: z.string(),
    jobs: z.array(z.string()),
    overrides: z.array(
      z.object({ option: z.string(), path: z.array(z.string()), value: z.unknown().optional() }),
    ),
    tier: z.object({
      tier: z.enum(['auto', 'cgroup', 'hybrid', 'procfs']),
      requireCgroup: z.boolean(),
    }),
    profiles: z.discriminatedUnion('kind', [
      z.object({ kind: z.literal('host') }),
      z.object({ kind: z.literal('none') }),
      z.object({ kind: z.literal('file'), path: z.string() }),
    ]),
    cookie: z.string(),
  }),
);

const place = once(() =>
  z.discriminatedUnion('tier', [
    z.object({ tier: z.literal('cgroup'), rootDirectory: z.string() }),
    z.object({ tier: z.literal('hybrid'), rootDirectory: z.string() }),
    z.object({ tier: z.literal('procfs') }),
  ]),
);

/** How a run was started, as far as neither its jobfile nor its journal says: what `resume` needs to go on with it. */
export type RunOrigin = z.infer<ReturnType<typeof origin>>;

/** Where the tasks of a run live. */
export type RunPlace = z.infer<ReturnType<typeof place>>;

/** What a run is started with, and keeps. */
export interface OriginOrder extends Pick<RunOrigin, 'baseDir' | 'jobs' | 'tier' | 'profiles'> {
  readonly overrides: readonly Override[];
}

/**
 * Keeps how a run was started, mode 0600. Values that options set in a task's environment are left out: they may be
 * secrets, and are asked for again.
 *
 * @returns what was kept, with a fresh cookie by which its tasks are known where there are no cgroups.
 */
export function keepOrigin(folder: RunFolder, order: OriginOrder): RunOrigin {
  const { baseDir, jobs, tier } = order;
  const profiles = absolute(order.profiles);
  const overrides = order.overrides.map(({ option, path, value }) => ({
    option,
    path: [...path],
    ...(isSecret(path) ? {} : { value }),
  }));
  const kept = { baseDir, jobs, overrides, tier, profiles, cookie: randomUUID() };
  write(folder.originPath, { version: VERSION, ...kept });
  return { version: VERSION, ...kept };
}

function absolute(choice: OriginOrder['profiles']): OriginOrder['profiles'] {
  return choice.kind === 'file' ? { ...choice, path: resolve(choice.path) } : choice;
}

/** A job may be called `env`, too. */
function isSecret([first, ...rest]: readonly string[]): boolean {
  return first === 'env' || (first === 'jobs' ? rest.slice(1) : rest).includes('env');
}

/**
 * How a run was started.
 *
 * @throws UsageError when that was not kept.
 */
export function readOrigin(folder: RunFolder): RunOrigin {
  const found = read(folder.originPath, origin());
  if (found !== undefined) return found;
  if (!hasJobfile(folder))
    throw new UsageError(
      `run ${folder.runId} cannot be resumed, as map and exec keep nothing of their input: memsched map goes on by --joblog FILE --resume where it was started with --joblog; exec is started again`,
    );
  throw new UsageError(
    `run ${folder.runId} cannot be resumed: ${printable(folder.originPath)} is not there or damaged, and only that tells how it was started`,
  );
}

/** Runs of `map` and `exec` have none. */
export function hasJobfile(folder: RunFolder): boolean {
  return !existsSync(folder.commandPath);
}

/**
 * The values of options as they were, with those that were not kept taken from `again`.
 *
 * @throws UsageError when one is missing, or is given that the run did not have.
 */
export function overridesOf(
  { overrides }: RunOrigin,
  again: readonly Override[],
): readonly Override[] {
  const given = new Map(again.map((override) => [override.option, override.value]));
  const complete = overrides.map(({ option, path, value }) => {
    const known = value ?? given.get(option);
    if (known === undefined)
      throw new UsageError(
        `give ${option}=VALUE again: values of the environment are not kept, as they may be secrets`,
      );
    return { option, path, value: known };
  });
  for (const { option, value } of overrides) if (value === undefined) given.delete(option);
  const [unused] = given.keys();
  if (unused === undefined) return complete;
  throw new UsageError(
    `${unused} cannot be set now: a resumed run goes on as it was started, and takes again only values of env that were set then`,
  );
}

/** Keeps where the tasks of a run live from now on. */
export function keepPlace(folder: RunFolder, choice: TierHere): void {
  const { tier } = choice;
  write(
    folder.placePath,
    tier === 'procfs' ? { tier } : { tier, rootDirectory: choice.rootDirectory },
  );
}

/** Where the tasks of a run lived last; undefined when it did not come so far. */
export function readPlace(folder: RunFolder): RunPlace | undefined {
  return read(folder.placePath, place());
}

/** Replaced whole, so that who dies meanwhile leaves the old one. */
function write(path: string, content: object): void {
  const fresh = `${path}.new`;
  writeFileSync(fresh, `${JSON.stringify(content)}\n`, { mode: 0o600 });
  renameSync(fresh, path);
}

function read<T>(path: string, schema: z.ZodType<T>): T | undefined {
  try {
    return schema.safeParse(JSON.parse(readFileSync(path, 'utf8'))).data;
  } catch (error) {
    if (error instanceof SyntaxError || errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
