import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/core/events.js';
import { evolve } from '../../../src/core/evolve.js';
import { emptyRunState } from '../../../src/core/run-state.js';
import { createJunitReporter } from '../../../src/reporters/ci/junit.js';
import type { Reporter } from '../../../src/reporters/reporter.js';
import { readJunit, readJunitText, type ReadCase } from '../../support/consumers.js';
import {
  feed,
  feedAtOnce,
  journalNames,
  logsIn,
  recorded,
  textDocument,
  writeStderr,
} from '../../support/journals.js';
import { failing, madeRun, succeeding, triedAgain } from '../../support/made-run.js';
import { tempDir } from '../../support/temp-dir.js';

/** Every version of the report that a run writes, or only what it comes to. */
async function versions(
  events: readonly RunEvent[],
  folder = tempDir(),
  feeding: (reporter: Reporter, events: readonly RunEvent[]) => Promise<unknown> = feed,
): Promise<readonly string[]> {
  const document = textDocument();
  const reporter = createJunitReporter({
    document,
    logs: logsIn(folder),
    hostname: 'host',
    onTrouble: (error) => expect.fail(String(error)),
  });
  await feeding(reporter, events);
  return document.versions;
}

async function report(events: readonly RunEvent[], folder?: string) {
  return readJunitText((await versions(events, folder, feedAtOnce)).at(-1) ?? '');
}

function named(cases: readonly ReadCase[], name: string): ReadCase | undefined {
  return cases.find((one) => one.name === name);
}

describe('a JUnit report', () => {
  it.each(journalNames())('of the recorded run "%s" is valid, and has every task', async (name) => {
    const events = recorded(name);
    const { cases, tests } = await report(events);
    const planned = events.flatMap((event) =>
      event.kind === 'task-planned' ? [event.spec.id] : [],
    );
    const told = cases.filter(({ suite }) => suite !== 'memsched').map((one) => one.name);
    expect(told.sort()).toEqual(planned.sort());
    expect(tests).toBe(cases.length);
  });

  it('has a suite for each job; failures say who ended the task, and quote the end of its output', async () => {
    const folder = tempDir();
    writeStderr(folder, 'align.b', 'first\nsecond\n');
    const { cases, failures, errors } = await report(
      madeRun([
        succeeding('align.a', 'align'),
        failing('align.b', 'align'),
        {
          id: 'big',
          end: {
            outcome: 'oom-killed',
            verdict: {
              kind: 'own-limit',
              limitBytes: 2 ** 30,
              peakBytes: 2 ** 30,
              oom: { oom: 1, oomKill: 1, max: 9 },
            },
          },
        },
        {
          id: 'odd',
          end: { outcome: 'failed', verdict: { kind: 'could-not-start', error: 'no such folder' } },
        },
        { id: 'off', end: { outcome: 'canceled', verdict: { kind: 'canceled', by: 'halt' } } },
      ]),
      folder,
    );
    expect({ failures, errors }).toEqual({ failures: 2, errors: 2 });
    expect(named(cases, 'align.a')).toMatchObject({ suite: 'align', time: 1, results: [] });
    expect(named(cases, 'align.b')?.results).toEqual([
      { kind: 'failure', message: 'exit code 3', text: 'exit code 3\nfirst\nsecond' },
    ]);
    expect(named(cases, 'align.b')?.systemOut).toBe(
      'peak_bytes=1048576 cpu_seconds=0.500 attempts=1 preemptions=0',
    );
    expect(named(cases, 'big')?.results[0]).toMatchObject({
      kind: 'failure',
      message:
        'killed by the kernel at its own limit: peak 1.0G of limit 1.0G (oom 1, oom_kill 1, max 9)',
    });
    expect(named(cases, 'odd')?.results[0]?.kind).toBe('error');
    expect(named(cases, 'off')?.results[0]?.kind).toBe('error');
  });

  it('tells of preemptions, retries and peaks', async () => {
    const { cases, properties } = await report(recorded('preempted-then-succeeded'));
    expect(named(cases, 'align.c')).toMatchObject({ results: [] });
    const [sums = '', ...attempts] = named(cases, 'align.c')?.systemOut.split('\n') ?? [];
    expect(sums).toMatch(
      /^peak_bytes=629145600 cpu_seconds=\S+ attempts=2 preemptions=1 lost_seconds=0\.000$/,
    );
    expect(attempts).toEqual([
      'attempt 1: preempted at a peak of 340M; ran 3.2s, peak 340M',
      'attempt 2: succeeded; ran 7.0s, peak 600M',
    ]);
    const align = Object.fromEntries(
      properties.filter(({ suite }) => suite === 'align').map(({ name, value }) => [name, value]),
    );
    expect(align).toMatchObject({ tier: 'cgroup', preemptions: '4', attempts: '8' });
    expect(Number(align['run_peak_bytes'])).toBeGreaterThan(Number(align['task_peak_bytes']));
  });

  it('takes names and output of any kind: markup, control characters, colours, what XML has no place for', async () => {
    const folder = tempDir();
    const name = 'a<b>&"\'\u0001\u001b[31m\ufffe\ud800 ]]> \u202e日本';
    const output = Buffer.concat([
      Buffer.from(']]></failure><x y="&amp;">\u001b[1mbold\u001b[0m \ufffe\uffff '),
      Buffer.from([0x00, 0x01, 0x08, 0x0b, 0x7f, 0xff, 0xfe, 0xc3]),
      Buffer.from(' \u{1f600} end\n'),
    ]);
    writeStderr(folder, name, output);
    const { cases } = await report(madeRun([failing(name, 'job<1>')]), folder);
    const [one] = cases;
    expect(one?.classname).toBe('job<1>');
    expect(one?.name).toBe('a<b>&"\'\\x01\\x1b[31m\ufffd\\ud800 ]]> \\u202e日本');
    expect(one?.results[0]?.text).toBe(
      'exit code 3\n]]></failure><x y="&amp;">bold \ufffd\ufffd \\x00\\x01\\x08\\x0b\\x7f\ufffd\ufffd\ufffd \u{1f600} end',
    );
  });

  it('quotes no more than the end of a huge output, and of many, and stays quick to read', async () => {
    const folder = tempDir();
    const tasks = Array.from({ length: 900 }, (_, at) => failing(`t${at}`, 'job'));
    for (const { id } of tasks) writeStderr(folder, id, `${'x'.repeat(490)}\n`.repeat(400));
    const [text = ''] = (await versions(madeRun(tasks), folder, feedAtOnce)).slice(-1);
    expect(text.length).toBeLessThan(11 * 1024 * 1024);
    const { cases } = await readJunitText(text);
    expect(cases).toHaveLength(900);
    expect(cases[0]?.results[0]?.text.split('\n').length).toBeLessThan(55);
    expect(cases.at(-1)?.results[0]?.text).toMatch(/\(for its output: memsched logs \S+ t899\)/);
  });

  it('is valid at every moment, and never looks like success before the run has ended', async () => {
    const all = await versions(recorded('preempted-then-succeeded'));
    expect(all.length).toBeGreaterThan(5);
    for (const [at, text] of all.entries()) {
      const { cases, errors } = await readJunitText(text);
      const isLast = at === all.length - 1;
      expect(errors > 0, `version ${at}`).toBe(!isLast);
      expect(cases.some(({ name }) => name === 'the end of the run')).toBe(!isLast);
    }
  });

  it('of a run that nobody ended says what each task used at the last look', async () => {
    const { cases } = await report(recorded('torn-last-line'));
    expect(named(cases, 'align.a')?.results[0]).toMatchObject({
      kind: 'error',
      message:
        'attempt 2 was running when this was last written, 16s after the start of the run: it used 600M then, and had used 600M at the most',
    });
    expect(named(cases, 'report.a')?.results[0]).toMatchObject({
      kind: 'skipped',
      text: 'it had not started when this was last written',
    });
    expect(named(cases, 'the end of the run')?.results[0]?.text).toMatch(/^level open: used 1\.2G/);
  });

  it('of a run that was resumed tells each task once, as it stands now', async () => {
    const before = madeRun([succeeding('good'), failing('bad'), failing('worse')]);
    expect(await report(before)).toMatchObject({ tests: 3, failures: 2, errors: 0 });
    const after = await report(triedAgain(before, 'bad'));
    const tasks = after.cases.filter(({ suite }) => suite !== 'memsched');
    expect(tasks.map(({ name }) => name).sort()).toEqual(['bad', 'good', 'worse']);
    expect(named(tasks, 'bad')?.results).toEqual([]);
    expect(named(tasks, 'worse')?.results[0]?.kind).toBe('skipped');
    expect(after).toMatchObject({ failures: 0 });
    const attempts = after.properties.find(
      ({ suite, name }) => suite === 'bad' && name === 'attempts',
    );
    expect(attempts?.value).toBe('2');
  });

  it('a group that outgrew its profile fails, too', async () => {
    const events = madeRun([succeeding('a')]);
    const grown: RunEvent = {
      kind: 'group-grew',
      tMs: 1000,
      group: 'align#3f9c12ab',
      task: 'a',
      beforeBytes: 2 ** 30,
      nowBytes: 2 ** 31,
      growthPct: 100,
      limitPct: 20,
      samples: 5,
    };
    const { cases, failures } = await report([...events.slice(0, -1), grown, ...events.slice(-1)]);
    expect(failures).toBe(1);
    expect(named(cases, 'align#3f9c12ab')?.results[0]?.message).toContain('100% more');
  });

  it('stays of one size with very many tasks and jobs, and counts what it leaves out', async () => {
    const tasks = Array.from({ length: 3_000 }, (_, at) => succeeding(`t${at}`, `job${at}`));
    const events = madeRun(tasks);
    const state = emptyRunState();
    const document = textDocument();
    const reporter = createJunitReporter({
      document,
      logs: logsIn(tempDir()),
      hostname: 'host',
      onTrouble: (error) => expect.fail(String(error)),
    });
    for (const event of events.filter(({ kind }) => kind !== 'run-ended').slice(0, 3_001)) {
      evolve(state, event);
      reporter.event(event, state);
    }
    reporter.tick?.(state, 0);
    const early = await readJunitText(document.versions[0] ?? '');
    expect(early.cases).toHaveLength(1_001);
    expect(named(early.cases, 'the end of the run')?.results[0]?.message).toContain(
      '2,000 more tasks waited',
    );
    const late = await report(events);
    expect(late.cases).toHaveLength(3_000);
    expect(new Set(late.cases.map(({ suite }) => suite)).size).toBe(501);
  });

  it('the judge of these tests refuses what the schema does not allow', async () => {
    await expect(readJunit('/etc/hostname')).rejects.toThrow('parser error');
    await expect(readJunitText('<testsuites><testsuite name="x"/></testsuites>')).rejects.toThrow(
      "attribute 'tests' is required",
    );
  });
});
