/** Bytes of one record in the file that all replayers of a pile share (replay.c). */
export const RECORD_BYTES = 64;

/** What one attempt of a task has done so far. */
export interface AttemptRecord {
  /** Line of the plan, from 1. */
  readonly task: number;
  readonly pid: number;
  readonly isDone: boolean;
  readonly mibNow: number;
  /** Milliseconds of the kernel's monotonic clock. */
  readonly begunMs: number;
  /** Its last step so far, on the same clock. */
  readonly endedMs: number;
  /** Memory over time. */
  readonly mibMs: number;
  readonly mibMost: number;
}

/** The attempts in a file of records, in the order in which they began. One that has only just taken its place is left out. */
export function recordsIn(file: Buffer): AttemptRecord[] {
  const count = Math.min(file.readUInt32LE(0), file.length / RECORD_BYTES - 1);
  return Array.from({ length: count }, (_, at) => (at + 1) * RECORD_BYTES).flatMap((start) => {
    const state = file.readUInt32LE(start + 8);
    if (state === 0) return [];
    const number = (offset: number): number => Number(file.readBigUInt64LE(start + offset));
    return [
      {
        task: file.readUInt32LE(start),
        pid: file.readUInt32LE(start + 4),
        isDone: state === 2,
        mibNow: file.readUInt32LE(start + 12),
        begunMs: number(16),
        endedMs: number(24),
        mibMs: number(40),
        mibMost: file.readUInt32LE(start + 48),
      },
    ];
  });
}

/** What all attempts of a pile come to. */
export interface PileTally {
  /** From the first start to the last end, milliseconds: without the start-up of whoever started them. */
  readonly makespanMs: number;
  readonly attempts: number;
  /** Tasks of which an attempt came to its end. */
  readonly done: number;
  /** Attempts that did not. */
  readonly broken: number;
  /** Their memory over time, as a share of that of the others. */
  readonly thrownAwayShare: number;
}

/** Adds the attempts up. */
export function tallyOf(records: readonly AttemptRecord[]): PileTally {
  const good = records.filter(({ isDone }) => isDone);
  const area = (some: readonly AttemptRecord[]): number =>
    some.reduce((sum, { mibMs }) => sum + mibMs, 0);
  const useful = area(good);
  const begunMs = Math.min(...records.map((record) => record.begunMs));
  const endedMs = Math.max(...records.map((record) => record.endedMs));
  return {
    makespanMs: records.length === 0 ? 0 : endedMs - begunMs,
    attempts: records.length,
    done: new Set(good.map(({ task }) => task)).size,
    broken: records.length - good.length,
    thrownAwayShare: useful === 0 ? 0 : (area(records) - useful) / useful,
  };
}
