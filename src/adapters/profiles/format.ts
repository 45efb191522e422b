import { z } from 'zod';
import { learnAll } from '../../core/learning/learn.js';
import {
  emptyProfile,
  PROFILE_VERSION,
  RING_BOUNDS,
  RING_RUNS,
  type GroupProfile,
} from '../../core/learning/profile.js';
import { CURVE_BINS } from '../../core/learning/types.js';
import { issueWords } from '../../util/issue-words.js';
import { once } from '../../util/once.js';
import { err, ok, type Result } from '../../util/result.js';
import type { StoredProfile } from '../../core/learning/stored-profile.js';

/** The first words of every file, so that one that is something else is known as such. */
const FORMAT = 'memsched-profiles';

/** What is wrong with a file that cannot be used. */
export type Flaw =
  /** Written by a memsched that knows more than this one. */
  | { readonly kind: 'newer'; readonly version: number }
  /** Sound, but no file of profiles. */
  | { readonly kind: 'foreign' }
  /** Cut short, overwritten or edited; why, for people. */
  | { readonly kind: 'damaged'; readonly why: string };

const MAX_GROUPS = 100_000;
const MAX_NAME_CHARS = 1000;
const MAX_BUCKETS = 2000;
const MAX_RULES = 200;
/** The last moment of the year 9999. */
const MAX_TIME_MS = 253_402_300_799_999;

const amount = z.number().min(0).max(Number.MAX_SAFE_INTEGER);
const bytes = amount.int();
/** Looked at as one: the runs of a group have thousands of numbers in their curves, read at every start. */
const curve = z.custom<number[]>(isCurve, { error: `expected ${CURVE_BINS} sizes in bytes` });
const seen = {
  peakBytes: bytes,
  durationMs: amount.positive(),
  inputBytes: bytes.exactOptional(),
  task: z
    .number()
    .int()
    .min(0)
    .max(2 ** 32 - 1)
    .exactOptional(),
  endedAtMs: amount.max(MAX_TIME_MS),
  tier: z.enum(['cgroup', 'hybrid', 'procfs']),
};
const completed = z.strictObject({
  kind: z.literal('completed'),
  ...seen,
  cpuMs: amount,
  curve: curve.exactOptional(),
});
const censored = z.strictObject({ kind: z.literal('lower-bound'), ...seen });

/** What was seen of a group. */
const samples = z.object({
  runs: z.array(completed).max(RING_RUNS).refine(isInOrder, 'runs in the order of their ends'),
  bounds: z.array(censored).max(RING_BOUNDS).refine(isInOrder, 'in the order of their ends'),
  learned: bytes,
});

const weight = z.number().min(0).max(Number.MAX_VALUE);
const costs = z
  .record(z.string().max(MAX_NAME_CHARS), z.strictObject({ byteMs: weight, runs: weight }))
  .refine((rules) => Object.keys(rules).length <= MAX_RULES, 'fewer rules');

/** What was made of it, and can be made anew. */
const conclusions = z.object({
  peaks: z.strictObject({
    buckets: z
      .array(z.tuple([z.number().int().min(0).max(MAX_BUCKETS), weight]))
      .max(MAX_BUCKETS)
      .refine(isAscending, 'buckets in ascending order'),
    weight,
    weightedSumBytes: weight,
    newestMs: amount,
  }),
  costs,
  inputCosts: costs,
  overruns: amount.int(),
});

const wholeProfile: z.ZodType<GroupProfile> = z.strictObject({
  ...samples.shape,
  ...conclusions.shape,
});

const name = z.string().min(1).max(MAX_NAME_CHARS);
const header = z.looseObject({ format: z.literal(FORMAT), version: z.number().int().positive() });

function bodyOf<T extends z.ZodType>(profile: T) {
  const record = z.strictObject({ group: name, label: name, profile });
  return z.looseObject({ groups: z.array(record).max(MAX_GROUPS) });
}

/** As this version writes it. */
const wholeBody = bodyOf(wholeProfile);
/** As any version wrote it: what was seen, beside things that are not known here. */
const anyBody = once(() => bodyOf(samples.loose()));

/**
 * Reads a file of profiles; an empty one holds none. Everything is checked. What follows from the runs (histogram, costs
 * of the rules) is made anew where it is missing or of another shape, so that older files are read for ever.
 */
export function parseProfiles(text: string): Result<readonly StoredProfile[], Flaw> {
  if (text === '') return ok([]);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    return damaged(`it is not JSON: ${(error as Error).message}`);
  }
  const head = header.safeParse(value);
  if (!head.success) return err({ kind: 'foreign' });
  const { version } = head.data;
  if (version > PROFILE_VERSION) return err({ kind: 'newer', version });
  const groups = groupsIn(value);
  if (!groups.ok) return groups;
  const isTwice = new Set(groups.value.map(({ group }) => group)).size < groups.value.length;
  return isTwice ? damaged('a group is in it twice') : groups;
}

function groupsIn(value: unknown): Result<readonly StoredProfile[], Flaw> {
  const whole = wholeBody.safeParse(value);
  if (whole.success) return ok(whole.data.groups);
  const any = anyBody().safeParse(value);
  if (!any.success) return damaged(issues(any.error));
  return ok(
    any.data.groups.map(({ group, label, profile }) => ({
      group,
      label,
      profile: rebuilt(profile),
    })),
  );
}

/** A file of profiles, one group a line. */
export function profilesText(profiles: readonly StoredProfile[]): string {
  const head = JSON.stringify({ format: FORMAT, version: PROFILE_VERSION }).slice(0, -1);
  return `${head},"groups":[\n${profiles.map(recordText).join(',\n')}\n]}\n`;
}

/** One group's line in a file of profiles. */
export function recordText({ group, label, profile }: StoredProfile): string {
  return JSON.stringify({ group, label, profile });
}

function rebuilt({ runs, bounds, learned }: z.output<typeof samples>): GroupProfile {
  return { ...learnAll(emptyProfile(), [...runs, ...bounds]), learned };
}

function isCurve(value: unknown): boolean {
  return (
    Array.isArray(value) &&
    value.length === CURVE_BINS &&
    value.every((size) => Number.isSafeInteger(size) && size >= 0)
  );
}

function isInOrder(runs: readonly { readonly endedAtMs: number }[]): boolean {
  return runs.every(({ endedAtMs }, at) => endedAtMs >= (runs[at - 1]?.endedAtMs ?? 0));
}

function isAscending(buckets: readonly (readonly [number, number])[]): boolean {
  return buckets.every(([index], at) => index > (buckets[at - 1]?.[0] ?? -1));
}

function damaged(why: string): Result<never, Flaw> {
  return err({ kind: 'damaged', why });
}

function issues(error: z.ZodError): string {
  return error.issues
    .slice(0, 2)
    .map(({ path, message }) => `${path.join('.')}: ${issueWords(message)}`)
    .join('; ');
}
