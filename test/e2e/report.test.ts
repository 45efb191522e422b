import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventLine } from '../../src/adapters/journal/bounded-event.js';
import type { RunEvent } from '../../src/core/events.js';
import type { ReportData } from '../../src/reporters/report/report-data.js';
import { openFile, startBrowser } from '../support/browser.js';
import { runCli, runJobs, startJobs } from '../support/cli.js';
import { journalPath, recorded } from '../support/journals.js';
import { madeRun, madeSpec, madeStart } from '../support/made-journal.js';
import { until } from '../support/poll.js';
import { tempDir } from '../support/temp-dir.js';

const SECRET = 'hunter2-does-not-belong-in-a-report';

let browser: Browser;
beforeAll(async () => {
  browser = await startBrowser();
});
afterAll(async () => {
  await browser.close();
});

/** A state folder with one run in it, as far as its journal goes. */
function stateWith(runId: string): { readonly stateHome: string; readonly journal: string } {
  const stateHome = tempDir();
  const folder = join(stateHome, 'memsched', 'runs', runId);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  return { stateHome, journal: join(folder, 'journal.jsonl') };
}

/** The report of a recorded journal. */
async function reportOfRecorded(name: string): Promise<string> {
  const [started] = recorded(name);
  const { stateHome, journal } = stateWith(started?.kind === 'run-started' ? started.runId : '');
  copyFileSync(journalPath(name), journal);
  return report(stateHome);
}

/** The report of made events. */
async function reportOfEvents(events: Iterable<RunEvent>): Promise<string> {
  const { stateHome, journal } = stateWith('20261125-180000-made-5k');
  writeFileSync(journal, [...events].map(eventLine).join(''));
  return report(stateHome);
}

async function report(stateHome: string): Promise<string> {
  const path = join(tempDir(), 'report.html');
  const { exitCode, stdout, stderr } = await runCli(['report', '-o', path], { stateHome });
  expect([exitCode, stdout.trim()], stderr).toEqual([0, path]);
  return path;
}

function dataOf(path: string): ReportData {
  const html = readFileSync(path, 'utf8');
  const [, json = ''] = /<script type="application\/json"[^>]*>(.*?)<\/script>/s.exec(html) ?? [];
  return JSON.parse(json) as ReportData;
}

const names = (page: Page): Promise<string[]> => page.locator('#tasks tbody th').allTextContents();
const story = (page: Page) => page.locator('dialog[open]');

/** What axe finds wrong, by rule. */
async function offencesOf(page: Page): Promise<unknown> {
  await page.evaluate(axe.source);
  const found: { violations: { id: string; nodes: { html: string; failureSummary: string }[] }[] } =
    await page.evaluate('axe.run(document)');
  return found.violations.map(({ id, nodes }) => [
    id,
    ...nodes.map(({ html, failureSummary }) => `${html} ${failureSummary}`),
  ]);
}

describe('the page', () => {
  test('leads from a preemption to its explanation, and back', async () => {
    const page = await openFile(browser, await reportOfRecorded('preempted-then-succeeded'));
    await page.getByRole('link', { name: 'align.c, attempt 1' }).click();
    await story(page).waitFor();
    const here = story(page).locator('[aria-current]');
    expect(await here.textContent()).toContain(
      'is preempted, killed at once: level critical: used 1.3G of budget 1.5G',
    );
    expect(await here.locator('pre').textContent()).toContain('taken, rank 1, level 3 (high)');
    await page.goBack();
    await story(page).waitFor({ state: 'detached' });
    await page.goForward();
    await story(page).waitFor();
    await page.keyboard.press('Escape');
    await story(page).waitFor({ state: 'detached' });
    // The browser tells of its address a moment later than it shows the page.
    await page.waitForURL((url) => !url.hash.startsWith('#task'));
  });

  test('sorts the tasks by any column, up and down', async () => {
    const path = await reportOfRecorded('preempted-then-succeeded');
    const page = await openFile(browser, path);
    const { tasks } = dataOf(path);
    const before = tasks.map(({ id }) => id);
    expect(await names(page)).toEqual(before);
    const peak = page.getByRole('columnheader', { name: 'Peak', exact: true });
    await peak.getByRole('button').click();
    expect(await peak.getAttribute('aria-sort')).toBe('descending');
    const byPeak = [...tasks].sort((a, b) => (b.peakBytes ?? 0) - (a.peakBytes ?? 0));
    expect(await names(page)).toEqual(byPeak.map(({ id }) => id));
    expect(byPeak.map(({ id }) => id)).not.toEqual(before);
    await peak.getByRole('button').click();
    expect(await peak.getAttribute('aria-sort')).toBe('ascending');
    expect((await names(page)).at(-1)).toMatch(/^align/);
    await page.getByRole('columnheader', { name: 'Task', exact: true }).getByRole('button').click();
    expect(await names(page)).toEqual([...before].sort());
    expect(await peak.getAttribute('aria-sort')).toBeNull();
  });

  test('searches and picks tasks, in the table and the timeline', async () => {
    const page = await openFile(browser, await reportOfRecorded('many-ends'));
    const all = (await names(page)).length;
    await page.keyboard.press('/');
    await page.keyboard.type('could started');
    await page.getByText(/ of \d+ tasks/).waitFor();
    const found = await names(page);
    expect(found.length).toBeGreaterThan(0);
    expect(found.length).toBeLessThan(all);
    await page.getByRole('searchbox').fill('');
    await page.getByText(`${all} tasks.`, { exact: true }).waitFor();
    await page.getByRole('combobox', { name: 'Tasks' }).selectOption('timed-out');
    expect((await names(page)).length).toBe(
      await page.locator('#tasks .state', { hasText: 'timed out' }).count(),
    );
  });

  test('follows the theme of the system, and the switch', async () => {
    const path = await reportOfRecorded('preempted-then-succeeded');
    const page = await openFile(browser, path, { colours: 'dark' });
    const ground = (): Promise<string> =>
      page.evaluate<string>('getComputedStyle(document.documentElement).backgroundColor');
    const drawn = (): Promise<string> =>
      page.evaluate<string>('document.querySelector("#memory canvas").toDataURL()');
    const dark = [await ground(), await drawn()];
    await page.getByText('Light', { exact: true }).click();
    const light = [await ground(), await drawn()];
    expect(light[0]).not.toBe(dark[0]);
    await until('charts drawn in light', async () => (await drawn()) !== dark[1]);
    await page.getByText('System', { exact: true }).click();
    expect(await ground()).toBe(dark[0]);
    await page.emulateMedia({ colorScheme: 'light' });
    await until('the theme of the system', async () => (await ground()) === light[0]);
  });

  test('is used by keyboard alone: charts are read, zoomed and lead to stories', async () => {
    const page = await openFile(browser, await reportOfRecorded('preempted-then-succeeded'));
    const timeline = page.locator('#timeline');
    const readout = timeline.locator('.readout');
    await timeline.locator('.plot').focus();
    await page.keyboard.press('ArrowRight');
    expect(await readout.textContent()).toMatch(/^at \d/);
    expect(await readout.getAttribute('aria-live')).toBe('polite');
    const reset = timeline.getByRole('button', { name: 'Show everything' });
    expect(await reset.isVisible()).toBe(false);
    await page.keyboard.press('+');
    expect(await reset.isVisible()).toBe(true);
    await page.keyboard.press('0');
    expect(await reset.isVisible()).toBe(false);
    for (let presses = 0; presses < 400; presses += 1) {
      if (/align\.c, attempt 1.*preempted/.test((await readout.textContent()) ?? '')) break;
      await page.keyboard.press(presses % 8 === 7 ? 'Shift+ArrowLeft' : 'ArrowDown');
      if (presses % 8 === 7) for (let up = 0; up < 7; up += 1) await page.keyboard.press('ArrowUp');
    }
    expect(await readout.textContent()).toMatch(/align\.c, attempt 1.*preempted/);
    await page.keyboard.press('Enter');
    await story(page).waitFor();
    expect(await story(page).locator('h2').textContent()).toBe('align.c');
  });

  test.each(['timeline', 'memory', 'pressure', 'group'])(
    'has a table behind the chart %s',
    async (id) => {
      const page = await openFile(browser, await reportOfRecorded('preempted-then-succeeded'));
      const chart = page.locator(`#${id}`);
      await chart.getByText('As a table').click();
      await chart.locator('table tbody tr').nth(3).waitFor();
    },
  );

  test.each(['light', 'dark'] as const)(
    'is accessible, its contrast included: %s',
    async (colours) => {
      const path = await reportOfRecorded('many-ends');
      const page = await openFile(browser, path, { colours });
      for (const summary of await page.getByText('As a table').all()) await summary.click();
      expect(await offencesOf(page)).toEqual([]);
      await page.locator('#moments a').first().click();
      await story(page).waitFor();
      expect(await offencesOf(page)).toEqual([]);
    },
  );

  test('fits a narrow window', async () => {
    const path = await reportOfRecorded('preempted-then-succeeded');
    const page = await openFile(browser, path, { width: 400 });
    expect(await page.evaluate<number>('document.documentElement.scrollWidth')).toBeLessThanOrEqual(
      400,
    );
  });

  test('prints on white, with the charts drawn so', async () => {
    const path = await reportOfRecorded('preempted-then-succeeded');
    const page = await openFile(browser, path, { colours: 'dark' });
    await page.evaluate('window.dispatchEvent(new Event("beforeprint"))');
    await page.emulateMedia({ media: 'print' });
    expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('light');
    expect(await page.getByRole('searchbox').isVisible()).toBe(false);
    expect((await page.pdf()).length).toBeGreaterThan(10_000);
    await page.evaluate('window.dispatchEvent(new Event("afterprint"))');
    expect(await page.evaluate('document.documentElement.dataset.theme')).toBe('dark');
  });

  test('shows hostile names as what they are', async () => {
    const names5 = [
      '</script><script>window.pwned=1</script>',
      '<img src=x onerror="window.pwned=1">',
      '"onmouseover="window.pwned=1',
      "');window.pwned=1;('",
      '<!--<script>',
    ];
    // A journal that has a task's name with a slash in it is refused; a job may be called anything.
    const ids = names5.map((name) => name.replaceAll('/', '|'));
    const start = madeStart({ runId: '20261125-180000-made-5k', tasks: names5.length });
    const config = { ...start.config, name: '</title><script>window.pwned=1</script>' };
    const page = await openFile(
      browser,
      await reportOfEvents([
        { ...start, config },
        ...names5.map(
          (id, index) =>
            ({
              kind: 'task-planned',
              tMs: 0,
              spec: madeSpec(ids[index] ?? '', index, `job ${id}`),
            }) as const,
        ),
      ]),
    );
    expect(await names(page)).toEqual(ids);
    expect(await page.locator('h1').textContent()).toBe(config.name);
    await page.locator('#tasks tbody a').first().click();
    expect(await story(page).locator('h2').textContent()).toBe(ids[0]);
    expect(await page.evaluate('window.pwned')).toBeUndefined();
  });

  test('is usable with 5,000 tasks', async () => {
    const order = { tasks: 5000, parallel: 24, runId: '20261125-180000-made-5k' };
    const path = await reportOfEvents(madeRun(order));
    expect(readFileSync(path).length).toBeLessThan(8 * 1024 * 1024);
    const page = await openFile(browser, path);
    expect(await names(page)).toHaveLength(100);
    await page.getByText('Page 1 of 50').waitFor();
    await page.getByRole('button', { name: 'Next' }).click();
    expect((await names(page))[0]).toBe('fetch.s100');
    await page.getByRole('searchbox').fill('s4999');
    await page.getByText('1 of 5,000 tasks').waitFor();
    expect(await names(page)).toEqual(['qc.s4999']);
    await page.getByRole('searchbox').fill('');
    await page.getByText('5,000 tasks.', { exact: true }).waitFor();
    await page.getByText('as in the jobfile').click();
    const height = (): Promise<number> =>
      page.evaluate<number>('document.querySelector(".rows").scrollHeight');
    expect(await height()).toBeGreaterThan(80_000);
    // Of a part of the run, only what ran then has a row.
    await page.locator('#timeline .plot').focus();
    for (let presses = 0; presses < 4; presses += 1) await page.keyboard.press('+');
    expect(await height()).toBeLessThan(20_000);
    await page.locator('#moments a').first().click();
    await story(page).locator('[aria-current]').waitFor();
  });
});

describe('memsched report', () => {
  test('run --report writes it, without any secret, and says so when it cannot', async () => {
    const cwd = tempDir();
    const path = join(cwd, 'out.html');
    const jobs = {
      env: { TOKEN: SECRET },
      jobs: { good: { run: 'echo $TOKEN' }, bad: { run: 'echo $TOKEN >&2; exit 3' } },
    };
    const env = { OUTER_TOKEN: SECRET };
    const { exitCode, stderr } = await runJobs(jobs, ['--report', path], { cwd, env });
    expect(exitCode, stderr).toBe(1);
    expect(readFileSync(path, 'utf8')).not.toContain(SECRET);
    expect(dataOf(path).tasks).toMatchObject([
      { id: 'good', state: 'succeeded' },
      { id: 'bad', state: 'failed', why: 'exit code 3' },
    ]);
    expect(readdirSync(cwd).filter((name) => name.includes('tmp'))).toEqual([]);
    await openFile(browser, path);

    for (const [wrong, says] of [
      [join(cwd, 'none', 'out.html'), 'there is no such file or folder'],
      [cwd, 'is a folder'],
      ['-', 'takes a file'],
    ] as const) {
      const refused = await runJobs(jobs, ['--report', wrong], { cwd });
      expect(refused.exitCode).toBe(2);
      expect(refused.stderr).toContain(says);
      expect(refused.events).toEqual([]);
    }
  });

  test('a report that cannot be written any more at the end does not fail the run', async () => {
    const cwd = tempDir();
    const folder = join(cwd, 'sub');
    mkdirSync(folder);
    const jobs = { jobs: { a: { run: `rm -r ${folder}` } } };
    const { exitCode, stderr } = await runJobs(jobs, ['--report', join(folder, 'r.html')], { cwd });
    expect(exitCode).toBe(0);
    expect(stderr).toContain('there is no report at');
    expect(stderr).toContain('tries again');
  });

  test('goes to a file named after the run, or to standard output', async () => {
    const cwd = tempDir();
    const { stateHome } = await runJobs({ jobs: { a: { run: 'true' } } }, [], { cwd });
    const { stdout } = await runCli(['report'], { cwd, stateHome });
    expect(stdout.trim()).toMatch(/^memsched-report-\d{8}-\d{6}-.*\.html$/);
    expect(existsSync(join(cwd, stdout.trim()))).toBe(true);
    const piped = await runCli(['report', 'latest', '-o', '-'], { cwd, stateHome });
    expect(piped.stdout).toMatch(/^<!doctype html>[\s\S]*<\/html>\n?$/);
    // A report hands on the code of its charts, and so their licence.
    expect(piped.stdout).toMatch(/uplot [\d.]+ \(MIT\)[\s\S]*Permission is hereby granted/);
  });

  test('while the run goes on, and after everything of it was killed', async () => {
    const stateHome = tempDir();
    const cwd = tempDir();
    const jobs = { jobs: { quick: { run: 'true' }, slow: { run: 'exec sleep 300' } } };
    const run = startJobs(jobs, ['--tier', 'procfs'], { stateHome, cwd });
    const launched = await until('slow runs, and was looked at', () => {
      const events = run.events();
      const mine = events.find((each) => each.kind === 'attempt-launched' && each.task === 'slow');
      const isSeen = events.some(
        (each) => each.kind === 'sampled' && each.attempts.some(({ task }) => task === 'slow'),
      );
      return mine?.kind === 'attempt-launched' && isSeen ? mine : undefined;
    });
    const live = dataOf(await report(stateHome));
    expect(live.run.standing).toBe('live');
    expect(live.run.notes[0]).toMatch(/^This run is still running: .* \d\d:\d\d:\d\d\.$/);
    expect(live.tasks).toMatchObject([{ state: 'succeeded' }, { id: 'slow', state: 'running' }]);

    run.kill('SIGKILL');
    process.kill(launched.pid, 'SIGKILL');
    await run.finished;
    const path = await report(stateHome);
    const died = dataOf(path);
    expect(died.run.standing).toBe('died');
    expect(died.run.notes[0]).toMatch(
      /its supervisor is gone.* Its last word is of .* after its start/,
    );
    expect(died.run.untilMs).toBe(Math.round(run.events().at(-1)!.tMs));
    expect(died.tasks).toMatchObject([{ state: 'succeeded' }, { id: 'slow', state: 'running' }]);
    expect(died.stack.users.flat().length).toBeGreaterThan(0);
    const page = await openFile(browser, path);
    expect(await page.locator('.note').textContent()).toContain('died');
  });
});
