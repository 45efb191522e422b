import { constants } from 'node:os';
import { z } from 'zod';
import {
  PREEMPTIBLE_LABELS,
  type HaltRule,
  type NodeSignal,
  type PreemptibleLevel,
  type RetryCause,
} from '../../core/task-spec.js';
import { BYTES_GRAMMAR, parseBytes } from '../../util/bytes.js';
import { DURATION_GRAMMAR, parseDuration } from '../../util/duration.js';

/** A size in bytes, or a share of what the host has. */
export type Amount =
  | { readonly kind: 'bytes'; readonly bytes: number }
  | { readonly kind: 'share'; readonly share: number };

const SIZE = /^\s*\d+(\.\d+)?\s*[KMGTkmgt]?([iI]?[bB]?)\s*$/;
const PERCENT = /^\s*(\d+(?:\.\d+)?)\s*%\s*$/;
const DURATION = /^\s*\d+(\.\d+)?\s*(ms|s|m|h|d)\s*$/;

/** The longest duration that makes sense: a year. */
const MAX_DURATION_MS = 365 * 86_400_000;

/** Adds a fault to a transform's context and gives up on the value. */
function refuse(context: z.RefinementCtx, expected: string): never {
  context.addIssue({ code: 'custom', message: expected });
  return z.NEVER;
}

/** One value or another, with one sentence for what may stand there. */
export function oneOf<const T extends readonly [z.ZodType, z.ZodType, ...z.ZodType[]]>(
  options: T,
  expected: string,
) {
  return z.union(options, { error: expected });
}

/**
 * A text of some form, as one alternative of several. It must give up at once (`abort`): a union with one alternative
 * that merely complains would report that complaint instead of what may stand there.
 */
export function matching(pattern: RegExp) {
  return z.string().regex(pattern, { abort: true });
}

const sizeText = oneOf(
  [matching(SIZE), z.number().int({ abort: true }).nonnegative({ abort: true })],
  BYTES_GRAMMAR,
);

/** A size in whole bytes. */
export const size = sizeText
  .transform((value, context) => readBytes(value, context, BYTES_GRAMMAR))
  .meta({ description: 'A size, 1024-based: 512M, 2G, 1.5GiB.', examples: ['512M', '2G'] });

/** A number alone is bytes, but nobody means so few: whoever writes `memory: 12` has forgotten the unit. */
const LEAST_BARE_BYTES = 1024 ** 2;

function readBytes(value: string | number, context: z.RefinementCtx, grammar: string): number {
  const text = String(value).trim();
  const bytes = parseBytes(text) ?? refuse(context, grammar);
  const isBare = bytes > 0 && bytes < LEAST_BARE_BYTES && /^\d+$/.test(text);
  return isBare ? refuse(context, grammar) : bytes;
}

const AMOUNT_GRAMMAR = `${BYTES_GRAMMAR}, or a share of the host such as 25%`;

/** A size, or a share of the host's memory (more than 0 %, at most 100 %). */
export const amount = oneOf(
  [matching(SIZE), matching(PERCENT), z.number().int({ abort: true }).nonnegative({ abort: true })],
  AMOUNT_GRAMMAR,
)
  .transform((value, context): Amount => {
    const share = typeof value === 'string' ? percentOf(value) : undefined;
    if (share !== undefined) {
      return share > 0 && share <= 1 ? { kind: 'share', share } : refuse(context, AMOUNT_GRAMMAR);
    }
    return { kind: 'bytes', bytes: readBytes(value, context, AMOUNT_GRAMMAR) };
  })
  .meta({
    description: 'A size, 1024-based (512M, 2G), or a share of the memory of the host (25%).',
    examples: ['2G', '25%'],
  });

function percentOf(text: string): number | undefined {
  const match = PERCENT.exec(text);
  return match === null ? undefined : Number(match[1]) / 100;
}

/** A log needs room for a beginning, an end and a line in between. */
const LEAST_LOG_BYTES = 4096;
const LOG_GRAMMAR = 'a size of 4K or more, such as 100M, or none';

/** How large a log may become. */
export const logSize = oneOf(
  [z.literal('none'), matching(SIZE), z.number().int({ abort: true }).nonnegative({ abort: true })],
  LOG_GRAMMAR,
).transform((value, context): number | 'none' => {
  if (value === 'none') return value;
  const bytes = parseBytes(String(value).trim()) ?? refuse(context, LOG_GRAMMAR);
  return bytes >= LEAST_LOG_BYTES ? bytes : refuse(context, LOG_GRAMMAR);
});

/** A share of something as a fraction: `80%` and `0.8` are the same. */
export function share(range: { readonly min: number; readonly max: number }, expected: string) {
  return oneOf(
    [matching(PERCENT), z.number().min(range.min, { abort: true }).max(range.max, { abort: true })],
    expected,
  ).transform((value, context) => {
    const fraction = typeof value === 'string' ? percentOf(value) : value;
    return fraction !== undefined && fraction >= range.min && fraction <= range.max
      ? fraction
      : refuse(context, expected);
  });
}

const GROWTH_GRAMMAR = 'a share from 0.1% to 1000%, such as 20% (or 0.2)';

/** By how much something may grow, in percent. Numbers without % above 1 are refused: 20 would be 2000 %. */
export const growthPct = oneOf(
  [matching(PERCENT), z.number().min(0.001, { abort: true }).max(1, { abort: true })],
  GROWTH_GRAMMAR,
).transform((value, context) => {
  const share = typeof value === 'string' ? percentOf(value) : value;
  return share !== undefined && share >= 0.001 && share <= 10
    ? Number((share * 100).toFixed(6))
    : refuse(context, GROWTH_GRAMMAR);
});

/** A duration in milliseconds between two bounds. */
export function duration(
  range: { readonly minMs: number; readonly maxMs?: number } = { minMs: 0 },
  bounds = '',
) {
  const expected = `${DURATION_GRAMMAR}${bounds}`;
  const maxMs = range.maxMs ?? MAX_DURATION_MS;
  return z
    .string({ error: expected })
    .regex(DURATION, { error: expected })
    .transform((text, context) => {
      const ms = parseDuration(text);
      return ms !== undefined && ms >= range.minMs && ms <= maxMs ? ms : refuse(context, expected);
    });
}

/** A whole number between two bounds. */
export function whole(min: number, max: number, expected: string) {
  const options = { error: expected, abort: true };
  return z.number(options).int(options).min(min, options).max(max, options);
}

/** A number from `min` on. */
export function atLeast(min: number, max: number, expected: string) {
  const options = { error: expected, abort: true };
  return z.number(options).min(min, options).max(max, options);
}

/** How willingly a task is preempted, as a level. */
export const preemptible = oneOf(
  [z.enum(PREEMPTIBLE_LABELS), z.literal([0, 1, 2, 3, 4])],
  'never, low, medium, high, always or 0 to 4',
).transform((value): PreemptibleLevel =>
  typeof value === 'number' ? value : (PREEMPTIBLE_LABELS.indexOf(value) as PreemptibleLevel),
);

/** Signals that end a process or ask it to; stopping ones would hang the run. */
const ENDING_SIGNALS = [
  'SIGTERM',
  'SIGINT',
  'SIGHUP',
  'SIGQUIT',
  'SIGUSR1',
  'SIGUSR2',
  'SIGABRT',
  'SIGALRM',
  'SIGKILL',
] as const;

/** The signal that asks a task to end. */
export const endingSignal = z
  .enum(ENDING_SIGNALS, { error: 'the name of a signal that ends a process' })
  .transform((name): NodeSignal => name);

/** Signals that a program may take for "save your work": they reach only those that handle them. */
const CHECKPOINT_SIGNALS = [
  'SIGUSR1',
  'SIGUSR2',
  'SIGHUP',
  'SIGINT',
  'SIGQUIT',
  'SIGTERM',
  'SIGALRM',
  'SIGTSTP',
  'SIGCONT',
  'SIGURG',
  'SIGWINCH',
] as const;

/** The signal that asks a task to save its work. */
export const checkpointSignal = z
  .enum(CHECKPOINT_SIGNALS, { error: 'the name of a signal that the program handles, SIGUSR1' })
  .transform((name): NodeSignal => name);

const CAUSE_GRAMMAR =
  'oom, timeout, failure, exit:N (1 to 255) or signal:NAME such as signal:SIGSEGV';
const CAUSE_PATTERN = /^exit:\d{1,3}$|^signal:SIG[A-Z0-9]+$/;

/** What may be retried. */
export const retryCause = oneOf(
  [z.enum(['oom', 'timeout', 'failure']), matching(CAUSE_PATTERN)],
  CAUSE_GRAMMAR,
).transform((text, context): RetryCause => {
  const code = /^exit:(\d+)$/.exec(text)?.[1];
  const signal = /^signal:(\w+)$/.exec(text)?.[1];
  const wrongCode = code !== undefined && (Number(code) < 1 || Number(code) > 255);
  const wrongSignal = signal !== undefined && !Object.hasOwn(constants.signals, signal);
  if (wrongCode || wrongSignal) return refuse(context, CAUSE_GRAMMAR);
  return (code === undefined ? text : `exit:${String(Number(code))}`) as RetryCause;
});

const HALT_GRAMMAR =
  'never, soon or now, the latter two with ",fail=N" or ",fail=P%", such as "soon,fail=3" or "now,fail=10%"';
const HALT = /^(never|(soon|now)(,\s*fail=(\d{1,9}|\d{1,3}(\.\d+)?%))?)$/;

/** When to give up on the run; `soon` and `now` alone mean the first failure. */
export const halt = z
  .string({ error: HALT_GRAMMAR })
  .regex(HALT, { error: HALT_GRAMMAR })
  .transform((text, context): HaltRule => {
    const [, , kind, , threshold = '1'] = HALT.exec(text) ?? [];
    if (kind !== 'soon' && kind !== 'now') return { kind: 'never' };
    const pct = /^([\d.]+)%$/.exec(threshold)?.[1];
    const number = Number(pct ?? threshold);
    if (number <= 0 || (pct !== undefined && number > 100)) return refuse(context, HALT_GRAMMAR);
    return {
      kind,
      threshold:
        pct === undefined ? { kind: 'count', failures: number } : { kind: 'share', pct: number },
    };
  });
