import { expect, test } from 'vitest';
import type { RunEvent } from '../../src/core/events.js';
import { present } from '../../src/util/assert.js';
import { MiB } from '../../src/util/bytes.js';
import { EndlessRun } from './endless-run.js';
import { bytesPerTask, bytesPerTaskMax, MARKS_MIN, type Mark } from './growth.js';

const HOUR_MS = 3_600_000;
/** Virtual hours of a run that never ends, after it has warmed up. */
const HOURS = Number(process.env['SOAK_HOURS'] ?? 5);
/** A run that has not let go of anything by then never will. */
const WARM_UP_MAX_HOURS = 1;
/** Virtual hours in which a planted leak has to be found. */
const PLANTED_HOURS = 0.2;

/** Marks from the first time on that the supervisor has let go of tasks: until then it holds more and more of them. */
async function soak(run: EndlessRun, hours: number, name: string): Promise<readonly Mark[]> {
  const gc = present(globalThis.gc, 'node runs with --expose-gc, as npm run soak does');
  const collect = (): void => {
    gc();
  };
  const first = await run.nextMark(WARM_UP_MAX_HOURS * HOUR_MS, collect);
  const marks = [present(first, 'the supervisor has let go of finished tasks')];
  const endMs = run.nowMs() + hours * HOUR_MS;
  for (;;) {
    const mark = await run.nextMark(endMs, collect);
    if (mark === undefined) break;
    marks.push(mark);
  }
  if (marks.length < MARKS_MIN)
    throw new Error(
      `${hours} virtual hours are too short to tell: ${name} needs ${MARKS_MIN} marks, there are ${marks.length}`,
    );
  return marks;
}

function told(marks: readonly Mark[]): string {
  const of = (mark: Mark | undefined): string =>
    `${((mark?.bytes ?? NaN) / MiB).toFixed(2)} MiB after ${mark?.tasks} tasks`;
  return `${marks.length} marks, heap ${of(marks[0])}, ${of(marks.at(-1))}; ${bytesPerTask(marks).toFixed(2)} bytes a task`;
}

test(`${HOURS} virtual hours of one run leave nothing behind in the supervisor`, async () => {
  const run = new EndlessRun();
  const marks = await soak(run, HOURS, 'SOAK_HOURS');
  const { counts } = run.state;
  console.log(
    `${HOURS} virtual hours: ${told(marks)}, ${counts.preemptions} preemptions, ${counts.suspensions} suspensions, ${counts.checkpoints.made} checkpoints`,
  );
  expect(bytesPerTask(marks)).toBeLessThan(bytesPerTaskMax(marks));
  for (const kind of [
    'attempt-suspended',
    'checkpoint-made',
    'inputs-measured',
    'task-requeued',
  ] as const)
    expect(run.count(kind), kind).toBeGreaterThan(0);
});

test('whoever keeps an entry for each task that has finished is found out', async () => {
  const kept = new Map<string, { readonly atMs: number }>();
  const leak = (events: readonly RunEvent[]): void => {
    for (const event of events)
      if (event.kind === 'task-finished') kept.set(event.task, { atMs: event.tMs });
  };
  const marks = await soak(new EndlessRun({ emit: leak }), PLANTED_HOURS, 'the test');
  console.log(`a planted leak: ${told(marks)}`);
  expect(kept.size).toBeGreaterThan(0);
  expect(bytesPerTask(marks)).toBeGreaterThan(bytesPerTaskMax(marks));
});
