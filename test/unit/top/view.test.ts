import { stripVTControlCharacters } from 'node:util';
import { Chalk } from 'chalk';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { RunEvent } from '../../../src/core/events.js';
import { lookObject } from '../../../src/reporters/tty/top/look-object.js';
import type { TopLook } from '../../../src/reporters/tty/top/look.js';
import { onceText } from '../../../src/reporters/tty/top/once.js';
import { SORTS, taskRows } from '../../../src/reporters/tty/top/task-rows.js';
import { FIRST_UI, press, type Ui } from '../../../src/reporters/tty/top/ui.js';
import { topView, type ViewOptions } from '../../../src/reporters/tty/top/view.js';
import { columnsOf } from '../../../src/reporters/width.js';
import { journalNames, recorded } from '../../support/journals.js';
import { plainTask } from '../../sim/specs.js';
import { PLAIN, recordedRun, runLook, topLook } from './looks.js';

const HUNGRY = 'preempted-then-succeeded';

function draw(look: TopLook, ui: Partial<Ui> = {}, change: Partial<ViewOptions> = {}): string {
  const options = { columns: 79, rows: 24, colour: PLAIN, ...change };
  return topView(look, { ...FIRST_UI, ...ui }, options)
    .lines.map((line) => line.trimEnd())
    .join('\n');
}

/** The journal with a later event: what the user had done by then. */
function told(name: string, untilMs: number, ...events: RunEvent[]): TopLook {
  const before = recorded(name).filter(({ tMs }) => tMs <= untilMs);
  return topLook(runLook([...before, ...events]));
}

describe('the picture', () => {
  test('80x24, in the middle of a run', () => {
    expect(`\n${draw(topLook(recordedRun(HUNGRY, 3500)))}\n`).toMatchInlineSnapshot(`
      "
      memsched top · 1 run under way                                         18:40:03
      host     ██|▓▓▓▓▓▓░░░░░░░░░░░░░░ 6.0G of 16G · tasks 1.2G · 10G available
      pressure some 1.3% full 0.5% of the last 10s · swap 1.0G of 2.0G
      ── 20261123-064927-preempted-then-succeeded-34 · live · 3.2s · ETA 1.3s · tier…
      tasks    ███▒▒▒▒▒▒▒▒▒▒░░░ 2/10 · 6 running · 1 queued · 1 blocked
      memory   █████████████||▒ 1.2G of 1.5G · claims 1.6G · hold 1.2G · preempt 1.4G
      level    hold · 1 preemption
        TASK       STATE       MEMORY   LAST 10s ESTIM.   TIME WHY
      ▸ small.c    running        60M         ▁▇    78M   1.3s
        align.a    running       323M        ▃▆█   200M   3.2s over its estimate by …
        align.b    running       323M        ▃▆█   200M   3.2s over its estimate by …
        align.d    running        94M         ▁▄   200M   1.3s
        index.a    running        71M         ▁▃   200M   1.3s
        index.b    running        71M         ▁▃   200M   1.3s
        align.c    backing off      –                 –      – waits out its back-of…
        report.a   blocked          –                 –      – needs align (0 of 4 f…







      ? help · ⏎ details · h hold · r release · c cancel · / filter · s sort · q quit
      "
    `);
  });

  test('80x24, two runs', () => {
    const look = topLook(
      recordedRun(HUNGRY, 3500),
      recordedRun('many-ends', 3000, { runId: '20261123-081402-many-ends-0k' }),
    );
    expect(`\n${draw(look)}\n`).toMatchInlineSnapshot(`
      "
      memsched top · 2 runs under way                                        18:40:03
      host     ██|▓▓▓▓▓▓░░░░░░░░░░░░░░ 6.0G of 16G · tasks 1.4G · 10G available
      pressure some 1.3% full 0.5% of the last 10s · swap 1.0G of 2.0G
      preempte…eeded-34 hold     ██████████|| 1.2G of 1.5G · 2/10 tasks · 6 running
      many-ends-0k      open     █▒▒▒▒▒░░░░|| 200M of 3.5G · 3/6 tasks · 3 running
        TASK       RUN       STATE       MEMORY   LAST 10s ESTIM.   TIME WHY
      ▸ small.c    pree…d-34 running        60M         ▁▇    78M   1.3s
        align.a    pree…d-34 running       323M        ▃▆█   200M   3.2s over its es…
        align.b    pree…d-34 running       323M        ▃▆█   200M   3.2s over its es…
        align.d    pree…d-34 running        94M         ▁▄   200M   1.3s
        index.a    pree…d-34 running        71M         ▁▃   200M   1.3s
        index.b    pree…d-34 running        71M         ▁▃   200M   1.3s
        align.c    pree…d-34 backing off      –                 –      – waits out i…
        report.a   pree…d-34 blocked          –                 –      – needs align…
        slow       many…s-0k stopping      100M         ██   899M   2.4s timed out, …
        stuck      many…s-0k running          –              899M   0.3s
        fine       many…s-0k running          –              899M   0.0s






      ? help · ⏎ details · h hold · r release · c cancel · / filter · s sort · q quit
      "
    `);
  });

  test('the details of a task that is being preempted, with the end of its log', () => {
    const look = topLook(recordedRun(HUNGRY, 10_000));
    const selected = { run: look.runs[0]!.runId, task: 'align.c' };
    const tails = [
      { stream: 'stderr', path: '/x', lines: ['step 1', 'step 2'], cut: false } as const,
    ];
    const live = { processes: 2, cpuMs: 1500 };
    const text = draw(look, { mode: { kind: 'details' }, selected }, { details: { tails, live } });
    expect(`\n${text}\n`).toMatchInlineSnapshot(`
      "
      memsched top · 1 run under way                                         18:40:03
      host     █▓|▓▓▓▓▓▓░░░░░░░░░░░░░░ 6.0G of 16G · tasks 975M · 10G available
      pressure some 1.3% full 0.5% of the last 10s · swap 1.0G of 2.0G
      ── 20261123-064927-preempted-then-succeeded-34 · live · 9.8s · ETA 8.8s · tier…
      tasks    ████████▒▒▒░░░░░ 5/10 · 2 running · 2 queued · 1 blocked
      memory   ██████████▒▒▒||░ 975M of 1.5G · claims 1.3G · hold 1.2G · preempt 1.4G
      level    open · 4 preemptions
      ── align.c · running ──────────────────────────────────────────────────────────
      memory    75M · estimate 440M (raised: an earlier attempt was stopped on its
                way up) · earlier peak 340M
                █ of 75M, last 1s
      now       2 processes · processor time 1.5s
      attempt   2, admitted 8.6s into the run, process 1010, runs 1.2s of 9.8s
      note      attempt 2, preempted 1×
      attempt 1 preempted at a peak of 340M; ran 3.2s, peak 340M
      ── output ─────────────────────────────────────────────────────────────────────
        | step 1
        | step 2





      Esc back · ↑↓ other tasks · h hold · r release · c cancel · q back
      "
    `);
  });

  test('nobody runs', () => {
    const lines = draw(topLook()).split('\n');
    expect(lines[0]).toBe(`${'memsched top · no run is under way'.padEnd(70)} 18:40:03`);
    expect(lines[3]).toContain('"memsched run jobs.yaml" starts one');
  });

  test('a run that is held and a task that is, say so', () => {
    const text = draw(
      told(
        HUNGRY,
        3500,
        { kind: 'run-held', tMs: 3500 },
        { kind: 'task-held', tMs: 3500, task: 'align.c' },
      ),
    );
    expect(text).toMatch(/level {4}hold · .*held: starts nothing/);
    expect(text).toMatch(/align\.c +held .*held by the user/);
  });

  test('asks before it does anything', () => {
    const look = topLook(recordedRun(HUNGRY, 3500));
    const { scene } = topView(look, FIRST_UI, { columns: 79, rows: 24, colour: PLAIN });
    const { ui } = press(FIRST_UI, { name: 'c', text: 'c', isCtrl: false }, scene);
    expect(draw(look, ui)).toContain('cancel small.c? y: yes, any other key: no');
  });

  test('tells what came of it in two lines, if need be', () => {
    const message = { text: `first ${'and so on '.repeat(12)}last`, isBad: true };
    const lines = draw(topLook(recordedRun(HUNGRY, 3500)), { message }).split('\n');
    expect(lines.at(-2)).toMatch(/^first/);
    expect(lines.at(-1)).toMatch(/last$/);
  });

  test('a terminal cannot be fooled by the name of a task', () => {
    const spec = plainTask('evil\x1b[2J', { job: 'evil' });
    const look = topLook(runLook([{ kind: 'task-planned', tMs: 0, spec }]));
    expect(draw(look)).not.toContain('\x1b');
    expect(draw(look, { filter: '\x1b[31m' })).not.toContain('\x1b');
  });
});

test('whatever is seen and chosen fits the terminal, and the selected row is seen', () => {
  const colour = new Chalk({ level: 1 });
  const runs = fc.uniqueArray(fc.constantFrom(...journalNames()), { maxLength: 4 });
  const ui = fc.record({
    sort: fc.constantFrom(...SORTS),
    isReversed: fc.boolean(),
    filter: fc.constantFrom('', '', 'a', 'zzz'),
    showsFinished: fc.boolean(),
    mode: fc.constantFrom<Ui['mode']>(
      { kind: 'table' },
      { kind: 'details' },
      { kind: 'help' },
      { kind: 'filter', before: '' },
      { kind: 'confirm', order: { what: 'cancel', run: 'x', task: 'y' }, back: 'details' },
    ),
    at: fc.nat(30),
    top: fc.nat(30),
    message: fc.constantFrom(undefined, { text: 'x'.repeat(300), isBad: true }),
  });
  fc.assert(
    fc.property(
      runs,
      fc.nat(15_000),
      ui,
      fc.integer({ min: 20, max: 220 }),
      fc.integer({ min: 5, max: 60 }),
      (names, untilMs, chosen, columns, rows) => {
        const look = topLook(...names.map((name) => recordedRun(name, untilMs, { runId: name })));
        const { lines, scene, top } = topView(
          look,
          { ...FIRST_UI, ...chosen },
          { columns, rows, colour },
        );
        expect(lines.length).toBeLessThanOrEqual(rows);
        for (const line of lines)
          expect(columnsOf(stripVTControlCharacters(line))).toBeLessThanOrEqual(columns);
        if (chosen.mode.kind !== 'table' || scene.keys.length === 0) return;
        const marked = lines.filter((line) => stripVTControlCharacters(line).startsWith('▸'));
        expect(marked.length).toBe(rows >= 12 ? 1 : marked.length);
        expect(top).toBeLessThan(scene.keys.length);
      },
    ),
    { numRuns: 300 },
  );
});

describe('rows', () => {
  const run = recordedRun('many-ends');
  const wish = { sort: 'order', isReversed: false, filter: '', showsFinished: true } as const;
  const names = (change: Partial<Parameters<typeof taskRows>[1]>): string[] =>
    taskRows([run], { ...wish, ...change }).map(({ record }) => record.spec.id);

  test('finished tasks are shown on demand', () => {
    expect(names({ showsFinished: false })).toEqual([]);
    expect(names({})).toHaveLength(6);
  });

  test('are sorted and turned round', () => {
    const byName = names({ sort: 'name' });
    expect(byName).toEqual([...byName].sort());
    expect(names({ sort: 'name', isReversed: true })).toEqual([...byName].reverse());
    const bytes = taskRows([run], { ...wish, sort: 'memory' }).map((row) => row.bytes ?? -1);
    expect(bytes).toEqual([...bytes].sort((a, b) => b - a));
  });

  test('are filtered by name and by state', () => {
    const [first = ''] = names({});
    expect(names({ filter: first.toUpperCase() })).toContain(first);
    const states = taskRows([run], { ...wish, filter: 'timed' }).map(({ status }) => status);
    expect(new Set(states)).toEqual(new Set(['timed-out']));
  });

  test('of a very large run are those that live and the first that wait', () => {
    const events = Array.from({ length: 20_000 }, (_, index): RunEvent => {
      const spec = plainTask(`t${index}`, { index, job: 'many' });
      return { kind: 'task-planned', tMs: 0, spec };
    });
    const large = runLook(events);
    expect(taskRows([large], { ...wish, showsFinished: false })).toHaveLength(500);
    expect(
      taskRows([large], { ...wish, filter: 't19999', showsFinished: false }).map(
        ({ record }) => record.spec.id,
      ),
    ).toEqual(['t19999']);
  });
});

test('once, as text: every task, and no trailing blanks', () => {
  const text = onceText(
    topLook(recordedRun('many-ends')),
    { ...FIRST_UI, showsFinished: true },
    {
      columns: 160,
      colour: PLAIN,
    },
  );
  expect(
    text.split('\n').filter((line) => /^ {2}\S+ +(failed|succeeded|timed-out) /.test(line)),
  ).toHaveLength(6);
  expect(text).not.toMatch(/ $/m);
});

test('as an object: figures in bytes and milliseconds, and JSON', () => {
  const object: unknown = JSON.parse(
    JSON.stringify(lookObject(topLook(recordedRun(HUNGRY, 3500)), FIRST_UI)),
  );
  expect(object).toMatchObject({
    host: { totalBytes: 16 * 2 ** 30, pressure: { somePct: 1.25 } },
    runs: [
      {
        state: 'live',
        level: 'hold',
        tier: 'cgroup',
        nowMs: 3240,
        counts: { tasks: 10, live: 6, queued: 1, blocked: 1, preemptions: 1 },
      },
    ],
  });
  const [run] = (object as { runs: { tasks: { task: string; state: string; why?: string }[] }[] })
    .runs;
  expect(run?.tasks.find(({ task }) => task === 'align.c')).toMatchObject({
    state: 'backing off',
    why: expect.stringContaining('waits out its back-off') as string,
  });
});
