import type { RunEvent } from '../../core/events.js';
import { linesFor } from '../../core/lines.js';
import type { PressureLevel } from '../../core/reasons.js';
import type { RunState } from '../../core/run-state.js';
import { numbersIn } from '../peak.js';
import type { StackSeries, UseSeries } from './report-data.js';

/** Points of a series; more would not be seen on a screen. */
const POINTS_MAX = 1000;
/** The shortest stretch that becomes a point. Milliseconds. */
const STEP_MIN_MS = 100;
/** Users that are kept of a sample, the largest. */
const USERS_MAX = 32;

const ALARM: Readonly<Record<PressureLevel, number>> = {
  open: 0,
  hold: 1,
  preempt: 2,
  critical: 3,
};

/**
 * A series of bounded length: one point for each stretch of time. When there are too many, stretches become twice as
 * long, so that memory stays bounded however long a run is.
 */
export class Thinned<T extends { readonly tMs: number }> {
  readonly #merge: (a: T, b: T) => T;
  readonly #max: number;
  #stepMs = STEP_MIN_MS;
  #points: T[] = [];

  /**
   * @param merge - makes one point of two that share a stretch, the earlier first.
   * @param max - points at the most.
   */
  constructor(merge: (a: T, b: T) => T, max = POINTS_MAX) {
    this.#merge = merge;
    this.#max = max;
  }

  /** Length of a stretch now, milliseconds. */
  get stepMs(): number {
    return this.#stepMs;
  }

  /** What there is, in order of time. */
  get points(): readonly T[] {
    return this.#points;
  }

  /** Adds a point that is no earlier than the last one. */
  add(point: T): void {
    this.#place(point);
    while (this.#points.length > this.#max) {
      this.#stepMs *= 2;
      const points = this.#points;
      this.#points = [];
      for (const each of points) this.#place(each);
    }
  }

  #place(point: T): void {
    const last = this.#points.at(-1);
    if (last !== undefined && this.#stretch(last) === this.#stretch(point))
      this.#points[this.#points.length - 1] = this.#merge(last, point);
    else this.#points.push(point);
  }

  #stretch({ tMs }: T): number {
    return Math.floor(tMs / this.#stepMs);
  }
}

interface UsePoint {
  readonly tMs: number;
  readonly level: PressureLevel;
  readonly usedBytes: number;
  readonly claimedBytes: number;
  readonly lines: ReturnType<typeof linesFor>;
  readonly somePct: number | null;
  readonly fullPct: number | null;
}

/** Collects the memory of all tasks together from every event that speaks of it. */
export class UseCollector {
  readonly #points = new Thinned<UsePoint>(worseOf);

  /** Takes in an event, after the state has. */
  event(event: RunEvent, state: RunState): void {
    const numbers = numbersIn(event);
    if (numbers === undefined || state.started === undefined) return;
    const { config } = state.started;
    const { somePct, fullPct } = numbers;
    this.#points.add({
      tMs: event.tMs,
      level: state.level,
      usedBytes: numbers.usedBytes,
      claimedBytes: state.lastSample?.claimedBytes ?? 0,
      lines: linesFor(config, numbers.budgetBytes, state.lastSample?.unknownShare),
      somePct: somePct === undefined ? null : roundPct(somePct),
      fullPct: fullPct === undefined ? null : roundPct(fullPct),
    });
  }

  /** The series so far. */
  series(): UseSeries {
    const { points, stepMs } = this.#points;
    return {
      stepMs,
      tMs: points.map(({ tMs }) => Math.round(tMs)),
      level: points.map(({ level }) => level),
      usedBytes: points.map(({ usedBytes }) => usedBytes),
      claimedBytes: points.map(({ claimedBytes }) => claimedBytes),
      holdBytes: points.map(({ lines }) => lines.holdBytes),
      preemptBytes: points.map(({ lines }) => lines.preemptBytes),
      criticalBytes: points.map(({ lines }) => lines.criticalBytes),
      budgetBytes: points.map(({ lines }) => lines.budgetBytes),
      somePct: points.map(({ somePct }) => somePct),
      fullPct: points.map(({ fullPct }) => fullPct),
    };
  }
}

/** The moment of higher use stands for both; alarms and pressure are kept from either. */
function worseOf(a: UsePoint, b: UsePoint): UsePoint {
  return {
    ...(b.usedBytes > a.usedBytes ? b : a),
    level: ALARM[b.level] > ALARM[a.level] ? b.level : a.level,
    somePct: higher(a.somePct, b.somePct),
    fullPct: higher(a.fullPct, b.fullPct),
  };
}

function higher(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b;
  return Math.max(a, b);
}

function roundPct(pct: number): number {
  return Math.round(pct * 100) / 100;
}

interface StackPoint {
  readonly tMs: number;
  readonly usedBytes: number;
  readonly users: readonly (readonly [serial: number, bytes: number])[];
}

/** Collects from the samples who used how much. */
export class StackCollector {
  readonly #points = new Thinned<StackPoint>((a, b) => (b.usedBytes > a.usedBytes ? b : a));

  /**
   * Takes in a look at who uses what: a sample, or the candidates of a preemption.
   *
   * @param serialOf - the number of a live attempt, in the order of admission; undefined when it is not known.
   */
  event(event: RunEvent, serialOf: (task: string) => number | undefined): void {
    const look = lookIn(event);
    if (look === undefined) return;
    const users = look.attempts
      .flatMap(({ task, usedBytes }) => {
        const serial = serialOf(task);
        return serial === undefined || usedBytes <= 0 ? [] : [[serial, usedBytes] as const];
      })
      .sort(([, a], [, b]) => b - a)
      .slice(0, USERS_MAX);
    this.#points.add({ tMs: event.tMs, usedBytes: look.usedBytes, users });
  }

  /** @param indexOf - where an attempt of that number is listed; undefined when it is not. */
  series(indexOf: (serial: number) => number | undefined): StackSeries {
    const { points, stepMs } = this.#points;
    return {
      stepMs,
      tMs: points.map(({ tMs }) => Math.round(tMs)),
      usedBytes: points.map(({ usedBytes }) => usedBytes),
      users: points.map(({ users }) =>
        users
          .flatMap(([serial, bytes]) => {
            const index = indexOf(serial);
            return index === undefined ? [] : [[index, bytes] as const];
          })
          .sort(([a], [b]) => a - b)
          .flat(),
      ),
    };
  }
}

function lookIn(event: RunEvent):
  | {
      readonly usedBytes: number;
      readonly attempts: readonly { readonly task: string; readonly usedBytes: number }[];
    }
  | undefined {
  if (event.kind === 'sampled')
    return { usedBytes: event.numbers.usedBytes, attempts: event.attempts };
  if (event.kind !== 'attempt-stopping' || event.reason.kind !== 'preempted') return undefined;
  const { numbers, candidates } = event.reason.preempt;
  return { usedBytes: numbers.usedBytes, attempts: candidates };
}
