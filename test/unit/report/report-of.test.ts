import { describe, expect, test } from 'vitest';
import type { RunEvent } from '../../../src/core/events.js';
import { evolve } from '../../../src/core/evolve.js';
import { emptyRunState } from '../../../src/core/run-state.js';
import type { ReportData, ReportTask } from '../../../src/reporters/report/report-data.js';
import { reportOf, type ReportAbout } from '../../../src/reporters/report/report-of.js';
import { Story } from '../../../src/reporters/views/explain.js';
import { journalNames, recorded } from '../../support/journals.js';
import { madeRun } from '../../support/made-journal.js';

const ENDED: ReportAbout = {
  memsched: '0.0.0',
  madeAtMs: 0,
  standing: 'ended',
  untilMs: 60_000,
  note: '',
};

function report(events: readonly RunEvent[], about: Partial<ReportAbout> = {}): ReportData {
  const untilMs = events.at(-1)?.tMs ?? 0;
  return reportOf(() => events, { ...ENDED, untilMs, ...about });
}

function taskOf({ tasks }: ReportData, id: string): ReportTask {
  return tasks.find((task) => task.id === id)!;
}

describe('what a report shows', () => {
  const preempted = report(recorded('preempted-then-succeeded'));

  test('each attempt: since when it waited, when it ran, when it was stopped, how it ended', () => {
    const place = preempted.tasks.findIndex(({ id }) => id === 'align.c');
    const attempts = preempted.attempts.filter(({ task }) => task === place);
    expect(attempts).toMatchObject([
      { number: 1, queuedMs: 0, end: 'preempted', words: 'preempted at a peak of 340M' },
      { number: 2, end: 'succeeded', peakBytes: 629_145_600 },
    ]);
    const [first, second] = attempts;
    expect(first?.stoppingMs).toBeGreaterThan(first!.launchedMs!);
    expect(second?.queuedMs).toBeGreaterThanOrEqual(first!.endedMs!);
    expect(second?.words).toBeUndefined();
  });

  test('each task: what it came to, and what it needed against what was expected', () => {
    expect(taskOf(preempted, 'align.c')).toMatchObject({
      job: 'align',
      state: 'succeeded',
      attempts: 2,
      preemptions: 1,
      peakBytes: 629_145_600,
    });
  });

  test('a task waits from when its needs are met, not from when it was planned', () => {
    const events = recorded('preempted-then-succeeded');
    const data = report(events);
    const last = data.tasks.filter(({ readyMs = 0 }) => readyMs > 0);
    for (const task of last) {
      const first = data.attempts.find((each) => data.tasks[each.task] === task)!;
      expect(first.queuedMs).toBe(task.readyMs);
      expect(task.waitedMs).toBeLessThanOrEqual(first.admittedMs);
    }
    expect(last.length).toBeGreaterThan(0);
  });

  test('the words of explain, the same', () => {
    const events = recorded('preempted-then-succeeded');
    const story = new Story('align.c');
    const state = emptyRunState();
    for (const event of events) {
      evolve(state, event);
      story.add(event, state);
    }
    const place = preempted.tasks.findIndex(({ id }) => id === 'align.c');
    expect(preempted.stories[place]?.map(({ text, details }) => [text, details])).toEqual(
      story.entries.map(({ text, details }) => [text, details]),
    );
  });

  test('who used how much at each look adds up to no more than was used', () => {
    const { stack, attempts } = preempted;
    expect(stack.tMs.length).toBeGreaterThan(5);
    stack.users.forEach((users, at) => {
      const bytes = users.filter((_, place) => place % 2 === 1);
      const places = users.filter((_, place) => place % 2 === 0);
      expect(bytes.reduce((sum, each) => sum + each, 0)).toBeLessThanOrEqual(
        stack.usedBytes[at]! * 1.01,
      );
      expect(places).toEqual([...places].sort((a, b) => a - b));
      for (const place of places) expect(attempts[place]).toBeDefined();
    });
  });

  test('the lines, in the order in which they act', () => {
    const { use } = preempted;
    use.tMs.forEach((_, at) => {
      expect(use.holdBytes[at]).toBeLessThan(use.preemptBytes[at]!);
      expect(use.preemptBytes[at]).toBeLessThan(use.criticalBytes[at]!);
      expect(use.criticalBytes[at]).toBeLessThan(use.budgetBytes[at]!);
    });
    expect(new Set(use.level)).toContain('critical');
    expect(preempted.run.peakBytes).toBe(Math.max(...use.usedBytes));
  });

  test('each group: peaks, estimates, what was thrown away', () => {
    const group = preempted.groups.find(({ name }) => name.startsWith('align'))!;
    expect(group.peaks?.maxBytes).toBe(629_145_600);
    expect(group.aboveEstimate).toBeGreaterThan(0);
    expect(group.lostMs).toBeGreaterThan(0);
    expect(group.lostMs).toBeLessThan(group.ranMs);
  });

  test.each(journalNames())('every task and attempt of the journal %s, and the totals', (name) => {
    const events = recorded(name);
    const data = report(events);
    const planned = events.filter(({ kind }) => kind === 'task-planned');
    const admitted = events.filter(({ kind }) => kind === 'attempt-admitted');
    expect(data.tasks).toHaveLength(planned.length);
    expect(data.attempts).toHaveLength(admitted.length);
    expect(data.run.totals).toContain(`${planned.length} task`);
    expect(Object.keys(data.stories)).toHaveLength(planned.length);
    expect(JSON.parse(JSON.stringify(data))).toEqual(data);
  });
});

describe('a run that is not over', () => {
  test.each(journalNames())('%s, cut off anywhere, tells of all that came before', (name) => {
    const events = recorded(name);
    for (let length = 1; length <= events.length; length += 1) {
      const part = events.slice(0, length);
      const data = report(part, { standing: 'died', note: 'It died.' });
      expect(data.run.notes[0]).toBe('It died.');
      const ended = part.filter(({ kind }) => kind === 'attempt-ended');
      expect(data.attempts.filter(({ endedMs }) => endedMs !== undefined)).toHaveLength(
        ended.length,
      );
    }
  });

  test('what runs has no end, and what waits says what for', () => {
    const events = recorded('preempted-then-succeeded').filter(({ tMs }) => tMs < 5000);
    const data = report(events, { standing: 'live', untilMs: 5500 });
    const running = taskOf(data, 'align.a');
    expect(running.state).toBe('running');
    expect(running.ranMs).toBeGreaterThan(5000);
    expect(running.finishedMs).toBeUndefined();
    const queued = taskOf(data, 'align.c');
    expect(queued.state).toBe('queued');
    expect(queued.why).toMatch(/held back|ahead|back-off/);
    const blocked = taskOf(data, 'report.a');
    expect(blocked.readyMs).toBeUndefined();
    expect(blocked.why).toContain('needs align');
  });
});

test('what the user did to the run meanwhile, and where its lines were then', () => {
  const events = recorded('preempted-then-succeeded');
  const [start] = events;
  if (start?.kind !== 'run-started') throw new Error('a journal starts with run-started');
  const config = { ...start.config, holdShare: 0.5, isAsTold: true } as const;
  const change = { key: 'hold', before: '80%', after: '50%', config } as const;
  const at = events.findIndex(({ tMs }) => tMs > 5000);
  const data = report([
    ...events.slice(0, at),
    { kind: 'run-held', tMs: 5000 },
    { kind: 'config-changed', tMs: 5000, ...change },
    ...events.slice(at),
  ]);
  expect(data.run.commands.map(({ text }) => text)).toEqual([
    'the user holds the run: nothing is started until it is released',
    'the user has set hold from 80% to 50%',
  ]);
  expect(data.run.notes).toEqual(['The run is held: nothing starts until it is released.']);
  const place = data.tasks.findIndex(({ id }) => id === 'align.c');
  expect(data.stories[place]?.map(({ text }) => text)).toContain(data.run.commands[0]?.text);
  data.use.tMs.forEach((tMs, each) => {
    const share = data.use.holdBytes[each]! / data.use.budgetBytes[each]!;
    expect(share).toBeCloseTo(tMs > 5000 ? 0.5 : 0.8, 1);
  });
});

describe('a run of very many tasks', () => {
  test('those that simply succeeded lose their rows, nobody of note does', () => {
    const order = { tasks: 3000, parallel: 20, runId: 'r' };
    const data = reportOf(() => madeRun(order), ENDED, 500);
    expect(data.tasks).toHaveLength(500);
    expect(data.unlistedTasks).toBe(2500);
    const all = reportOf(() => madeRun(order), ENDED);
    const failed = ({ tasks }: ReportData): string[] =>
      tasks.filter(({ state }) => state === 'failed').map(({ id }) => id);
    expect(failed(all).length).toBeGreaterThan(20);
    expect(failed(data)).toEqual(failed(all));
    expect(data.groups).toEqual(all.groups);
    expect(data.run).toEqual(all.run);
    expect(data.use).toEqual(all.use);
  });

  test('series stay short however long it takes, and keep the peak', () => {
    const order = { tasks: 3000, parallel: 10, runId: 'r' };
    const { use, stack, run } = reportOf(() => madeRun(order), ENDED);
    expect(use.tMs.length).toBeLessThanOrEqual(1000);
    expect(stack.tMs.length).toBeLessThanOrEqual(1000);
    expect(use.stepMs).toBeGreaterThan(1000);
    expect(Math.max(...use.usedBytes)).toBe(run.peakBytes);
  });

  test('stories are told of those of note first, within a bound', () => {
    const order = { tasks: 5000, parallel: 24, runId: 'r' };
    const data = reportOf(() => madeRun(order), ENDED);
    data.tasks.forEach(({ state, attempts }, place) => {
      if (state === 'failed' || attempts > 1) expect(data.stories[place]).toBeDefined();
    });
    expect(JSON.stringify(data.stories).length).toBeLessThan(3_000_000);
    expect(JSON.stringify(data).length).toBeLessThan(8_000_000);
  });
});
