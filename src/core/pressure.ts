import type { HostSample, PsiTotals, Rest } from './observation.js';
import type { Lines } from './lines.js';
import type { LevelReason, LevelRule, MemoryNumbers, PressureLevel } from './reasons.js';
import type { RunConfig } from './task-spec.js';

/** Use must stay at `preempt` this long: a short spike is not worth a victim. */
const PREEMPT_SUSTAIN_MS = 300;
/** Use must stay below `resume` this long after a hold. */
const SETTLE_MS = 500;
/** The same after a preemption: let the dust settle before others come in. */
const SETTLE_AFTER_PREEMPT_MS = 2000;
/** From the decision to kill until the memory is free, seconds: what growth is projected over. */
const KILL_LATENCY_S = 0.5;
/** Weight of the newest slope in the growth estimate (oom.md section 5). */
const GROWTH_ALPHA = 0.3;
/** Below these shares of the budget pressure proves nothing: I/O alone can raise it. */
const SOME_COUNTS_FROM = 0.6;
const FULL_COUNTS_FROM = 0.7;
/** While our own brake slows tasks, and this long after, the stall is of our making and says nothing. */
export const BRAKE_ECHO_MS = 2000;

/** Stall totals at a time. */
interface PsiPoint {
  readonly atMs: number;
  readonly totals: PsiTotals;
}

interface LastLook {
  readonly atMs: number;
  readonly usedBytes: number;
  readonly reclaimScans: number;
  readonly psi: PsiTotals | undefined;
}

/** What the level depends on besides this tick's look. */
export interface LevelMemory {
  readonly level: PressureLevel;
  /** The rule that raised the alarm; undefined when none holds now. */
  readonly rule: LevelRule | undefined;
  readonly growthBytesPerS: number;
  /** Use once a kill decided now would take effect. */
  readonly projectedBytes: number;
  readonly last: LastLook | undefined;
  /** Stall totals, oldest first, back to one window ago. */
  readonly psi: readonly PsiPoint[];
  readonly overPreemptSinceMs: number | undefined;
  readonly calmSinceMs: number | undefined;
  /** The last level above `hold` was left at this time. */
  readonly alarmedUntilMs: number | undefined;
}

/** One look, as far as the level is concerned. */
export interface LevelInput {
  readonly nowMs: number;
  readonly rest?: Rest | undefined;
  readonly host: HostSample;
  readonly lines: Lines;
  readonly config: RunConfig;
  /** Use that running tasks are known to be growing to; Infinity when one is unknown or beyond its estimate. */
  readonly expectedBytes: number;
  readonly brakeFeltMs: number | undefined;
}

/** The level now, why it changed if it did, and what to remember. */
export interface LevelAssessment {
  readonly memory: LevelMemory;
  readonly numbers: MemoryNumbers;
  readonly reason: LevelReason | undefined;
}

/** No alarm, nothing measured. */
export function calmLevel(): LevelMemory {
  return {
    level: 'open',
    rule: undefined,
    growthBytesPerS: 0,
    projectedBytes: 0,
    last: undefined,
    psi: [],
    overPreemptSinceMs: undefined,
    calmSinceMs: undefined,
    alarmedUntilMs: undefined,
  };
}

const RANK: Readonly<Record<PressureLevel, number>> = { open: 0, hold: 1, preempt: 2, critical: 3 };

/** True when `level` is at least as alarmed as `other`. */
export function atLeast(level: PressureLevel, other: PressureLevel): boolean {
  return RANK[level] >= RANK[other];
}

/**
 * Works out the level from use, growth and pressure. Use decides, pressure refines: without swap PSI stays near zero
 * until it is too late, and reading files alone can raise it. Every level is left at a lower line than it is entered.
 */
export function assessLevel(before: LevelMemory, input: LevelInput): LevelAssessment {
  const looked = measure(before, input);
  const numbers = numbersOf(looked, input);
  const alarm = entered(before, looked, numbers, input);
  const measured = { ...looked, rule: alarm?.rule };
  const wanted = alarm?.level ?? 'open';
  const { nowMs } = input;
  if (RANK[wanted] > RANK[before.level]) {
    return { memory: { ...measured, level: wanted }, numbers, reason: reasonOf(alarm, numbers) };
  }
  const floor = lowestLevel(before, measured, input);
  const level = RANK[wanted] > RANK[floor] ? wanted : floor;
  if (level === before.level) return { memory: { ...measured, level }, numbers, reason: undefined };
  const alarmedUntilMs = atLeast(before.level, 'preempt') ? nowMs : before.alarmedUntilMs;
  return {
    memory: { ...measured, level, alarmedUntilMs },
    numbers,
    reason: { rule: 'settled', line: leftLine(before.level, input.lines), numbers },
  };
}

function measure(before: LevelMemory, input: LevelInput): LevelMemory {
  const { nowMs, host, lines } = input;
  const { usedBytes, reclaimScans } = host;
  const over = usedBytes >= lines.preemptBytes;
  const calm = usedBytes <= lines.resumeBytes;
  const growthBytesPerS = growth(before, input);
  return {
    ...before,
    growthBytesPerS,
    projectedBytes: projected(growthBytesPerS, input),
    last: { atMs: nowMs, usedBytes, reclaimScans, psi: host.psi },
    psi: slide(before, input),
    overPreemptSinceMs: over ? (before.overPreemptSinceMs ?? nowMs) : undefined,
    calmSinceMs: calm ? (before.calmSinceMs ?? nowMs) : undefined,
  };
}

function growth(before: LevelMemory, { nowMs, rest, host }: LevelInput): number {
  const { last, growthBytesPerS } = before;
  if (last === undefined) return 0;
  // What a glance has found came after the one before it.
  const sinceMs = Math.max(last.atMs, rest?.hasMoved === true ? rest.untilMs : last.atMs);
  const rested = followed(growthBytesPerS, 0, sinceMs - last.atMs);
  const elapsedMs = nowMs - sinceMs;
  if (elapsedMs <= 0) return rested;
  return followed(rested, (host.usedBytes - last.usedBytes) / (elapsedMs / 1000), elapsedMs);
}

/** A growth after such a slope; one over a shorter time weighs less, as ticks come early when something happened. */
function followed(growthBytesPerS: number, slope: number, elapsedMs: number): number {
  const weight = 1 - (1 - GROWTH_ALPHA) ** (elapsedMs / 100);
  return growthBytesPerS + weight * (slope - growthBytesPerS);
}

function slide(before: LevelMemory, input: LevelInput): readonly PsiPoint[] {
  const { nowMs, host, config } = input;
  if (host.psi === undefined) return [];
  const { windowMs } = config.pressure;
  const fromMs = nowMs - windowMs;
  const kept = withRest(before, input.rest).filter(({ atMs }, at, all) => {
    const following = all[at + 1];
    return atMs >= fromMs || following === undefined || following.atMs > fromMs;
  });
  const newest = kept.at(-1);
  // A tenth of the window is fine enough; more points would only cost time.
  if (newest !== undefined && nowMs - newest.atMs < windowMs / 10) return kept;
  return [...kept, { atMs: nowMs, totals: host.psi }];
}

/** Nobody stood still between the last look and the last glance, or that would have brought another look. */
function withRest({ psi, last }: LevelMemory, rest: Rest | undefined): readonly PsiPoint[] {
  if (rest === undefined || last?.psi === undefined) return psi;
  return [...psi, { atMs: rest.untilMs, totals: last.psi }];
}

/** Share of the window spent stalled, percent; undefined until a whole window was seen. */
function stallPct(
  memory: LevelMemory,
  input: LevelInput,
  pick: (totals: PsiTotals) => number,
): number | undefined {
  const [oldest, following] = memory.psi;
  const now = input.host.psi;
  if (oldest === undefined || now === undefined) return undefined;
  const { windowMs } = input.config.pressure;
  const fromMs = input.nowMs - windowMs;
  if (oldest.atMs > fromMs) return undefined;
  const next = following ?? { atMs: input.nowMs, totals: now };
  // Points may be far apart: where the window begins lies between two of them.
  const share = (fromMs - oldest.atMs) / (next.atMs - oldest.atMs);
  const thenUs = pick(oldest.totals) + share * (pick(next.totals) - pick(oldest.totals));
  return Math.max(0, (pick(now) - thenUs) / (windowMs * 10));
}

function numbersOf(memory: LevelMemory, input: LevelInput): MemoryNumbers {
  const somePct = stallPct(memory, input, (totals) => totals.someUs);
  const fullPct = stallPct(memory, input, (totals) => totals.fullUs);
  return {
    usedBytes: input.host.usedBytes,
    budgetBytes: input.lines.budgetBytes,
    availableBytes: input.host.availableBytes,
    // Not -0, which JSON would not keep.
    growthBytesPerS: Math.round(memory.growthBytesPerS) || 0,
    ...(somePct === undefined ? {} : { somePct: round(somePct) }),
    ...(fullPct === undefined ? {} : { fullPct: round(fullPct) }),
  };
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

interface Alarm {
  readonly level: PressureLevel;
  readonly rule: LevelRule;
  readonly line: number;
}

/** The most alarmed level whose entry rule holds now. */
function entered(
  before: LevelMemory,
  now: LevelMemory,
  numbers: MemoryNumbers,
  input: LevelInput,
): Alarm | undefined {
  const { lines, nowMs, config } = input;
  const { usedBytes } = numbers;
  if (usedBytes >= lines.criticalBytes)
    return { level: 'critical', rule: 'usage', line: lines.criticalBytes };
  if (usedBytes >= lines.holdBytes && now.projectedBytes >= lines.budgetBytes) {
    return { level: 'critical', rule: 'growth', line: lines.budgetBytes };
  }
  if (
    now.overPreemptSinceMs !== undefined &&
    nowMs - now.overPreemptSinceMs >= PREEMPT_SUSTAIN_MS
  ) {
    return { level: 'preempt', rule: 'usage', line: lines.preemptBytes };
  }
  const ourBrake = input.brakeFeltMs !== undefined && nowMs - input.brakeFeltMs < BRAKE_ECHO_MS;
  const share = usedBytes / Math.max(1, lines.budgetBytes);
  if (!ourBrake) {
    const reclaiming =
      before.last !== undefined && input.host.reclaimScans > before.last.reclaimScans;
    if (
      (numbers.fullPct ?? 0) >= config.pressure.fullPct &&
      share >= FULL_COUNTS_FROM &&
      reclaiming
    ) {
      return { level: 'preempt', rule: 'full-pressure', line: config.pressure.fullPct };
    }
  }
  if (usedBytes >= lines.holdBytes) return { level: 'hold', rule: 'usage', line: lines.holdBytes };
  if (!ourBrake && (numbers.somePct ?? 0) >= config.pressure.somePct && share >= SOME_COUNTS_FROM) {
    return { level: 'hold', rule: 'some-pressure', line: config.pressure.somePct };
  }
  return undefined;
}

/** Use once a kill decided now would take effect; growth that running tasks are known to need is no alarm. */
function projected(growthBytesPerS: number, input: LevelInput): number {
  const { usedBytes } = input.host;
  const linear = usedBytes + Math.max(0, growthBytesPerS) * KILL_LATENCY_S;
  return Math.min(linear, Math.max(usedBytes, input.expectedBytes));
}

/** The line that use must fall to before `level` is left. */
function leftLine(level: PressureLevel, lines: Lines): number {
  if (level === 'critical') return lines.preemptBytes;
  return level === 'preempt' ? lines.targetBytes : lines.resumeBytes;
}

/** The lowest level that hysteresis allows now. */
function lowestLevel(before: LevelMemory, now: LevelMemory, input: LevelInput): PressureLevel {
  const { lines, nowMs } = input;
  const { usedBytes } = input.host;
  if (before.level === 'critical' && usedBytes > lines.preemptBytes) return 'critical';
  if (atLeast(before.level, 'preempt') && usedBytes > lines.targetBytes) return 'preempt';
  const alarmed = atLeast(before.level, 'preempt') ? nowMs : before.alarmedUntilMs;
  const settleMs =
    alarmed !== undefined && nowMs - alarmed < SETTLE_AFTER_PREEMPT_MS
      ? SETTLE_AFTER_PREEMPT_MS
      : SETTLE_MS;
  const settled = now.calmSinceMs !== undefined && nowMs - now.calmSinceMs >= settleMs;
  return atLeast(before.level, 'hold') && !settled ? 'hold' : 'open';
}

function reasonOf(alarm: Alarm | undefined, numbers: MemoryNumbers): LevelReason | undefined {
  return alarm === undefined ? undefined : { rule: alarm.rule, line: alarm.line, numbers };
}
