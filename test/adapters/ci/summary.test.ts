import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/core/events.js';
import { evolve } from '../../../src/core/evolve.js';
import { emptyRunState } from '../../../src/core/run-state.js';
import {
  markdownCode,
  markdownDetails,
  markdownTable,
  markdownText,
} from '../../../src/reporters/ci/markdown.js';
import {
  createMarkdownReporter,
  createStepSummaryReporter,
} from '../../../src/reporters/ci/markdown-summary.js';
import { summaryMarkdown } from '../../../src/reporters/ci/summary-markdown.js';
import { RunTally } from '../../../src/reporters/ci/tally.js';
import { githubHtml } from '../../support/consumers.js';
import {
  feed,
  journalNames,
  logsIn,
  recorded,
  textDocument,
  writeStderr,
} from '../../support/journals.js';
import { failing, madeRun, succeeding, triedAgain } from '../../support/made-run.js';
import { tempDir } from '../../support/temp-dir.js';

const MIB = 1024 * 1024;

function summary(events: readonly RunEvent[], maxBytes = MIB, folder = tempDir()): string {
  const state = emptyRunState();
  const tally = new RunTally();
  for (const event of events) {
    evolve(state, event);
    tally.event(event, state);
  }
  const standing = state.ended === undefined ? 'died' : 'ended';
  return summaryMarkdown(
    { state, tally, logs: logsIn(folder), standing, nowMs: events.at(-1)?.tMs ?? 0 },
    maxBytes,
  );
}

/** Texts of the cells of the table under a heading, row by row, as a reader of the HTML sees them. */
function tableUnder(html: string, heading: string): string[][] {
  const from = html.indexOf(`>${heading}</h3>`);
  if (from < 0) return [];
  const table = html.slice(html.indexOf('<table>', from), html.indexOf('</table>', from));
  return [...table.matchAll(/<tr>([^]*?)<\/tr>/g)].map(([, row = '']) =>
    [...row.matchAll(/<t[hd][^>]*>([^]*?)<\/t[hd]>/g)].map(([, cell = '']) => plainText(cell)),
  );
}

function plainText(html: string): string {
  return html
    .replace(/<[^>]+>/g, '')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&');
}

describe('a summary in Markdown', () => {
  it.each(journalNames())(
    'of the recorded run "%s": as many cells as titles everywhere',
    async (name) => {
      const html = await githubHtml(summary(recorded(name)));
      expect(html).toContain('<h2>memsched');
      for (const [, table = ''] of html.matchAll(/<table>([^]*?)<\/table>/g)) {
        const counts = [...table.matchAll(/<tr>([^]*?)<\/tr>/g)].map(
          ([, row = '']) => [...row.matchAll(/<t[hd]/g)].length,
        );
        expect(new Set(counts).size).toBe(1);
      }
    },
  );

  it('totals, memory against the budget, the preempted with the why, groups with estimate and use', async () => {
    const text = summary(recorded('preempted-then-succeeded'));
    const html = await githubHtml(text);
    expect(html).toContain('<h2>memsched preempted-then-succeeded: all succeeded</h2>');
    expect(html).toContain('10 tasks: 10 succeeded · 4 preemptions');
    expect(tableUnder(html, 'Memory')[0]).toContain('peak of all tasks');
    expect(tableUnder(html, 'Memory')[1]?.[1]).toMatch(/^1\.\dG \(\d\d %\)$/);
    const preempted = tableUnder(html, 'Preempted');
    expect(preempted[0]).toEqual(['task', 'times', 'the latest, why', 'peak', 'in the end']);
    const victim = preempted.find(([task]) => task === 'align.c');
    expect(victim?.[2]).toMatch(/^level critical: used 1\.3G of budget 1\.5G, growing 485M\/s/);
    expect(victim?.at(-1)).toBe('succeeded');
    const groups = tableUnder(html, 'Groups: estimate and use');
    expect(groups.length).toBeGreaterThan(3);
    expect(groups[1]?.at(-1)).toMatch(/^\d+ %$/);
  });

  it('failed tasks with the why, and the end of their output as it was', async () => {
    const folder = tempDir();
    const output =
      'before\n```\n</details><script>x</script>\n````\n| a | b |\n\x1b[31mred\x1b[0m\n';
    writeStderr(folder, 'a|b <i>_x_ `c` $1$ @you', output);
    const html = await githubHtml(
      summary(madeRun([failing('a|b <i>_x_ `c` $1$ @you'), succeeding('good')]), MIB, folder),
    );
    expect(tableUnder(html, 'Failed')[1]?.slice(0, 4)).toEqual([
      'a|b <i>_x_ `c` $1$ @you',
      'failed',
      'exit code 3',
      '1',
    ]);
    const quoted = /<code class="language-text">([^]*?)<\/code>/.exec(html)?.[1] ?? '';
    expect(plainText(quoted)).toBe(
      'before\n```\n</details><script>x</script>\n````\n| a | b |\nred\n',
    );
    expect(html).not.toContain('<script>');
  });

  it('of a run that was resumed: what failed before and runs again has not failed', async () => {
    const before = madeRun([failing('bad'), failing('worse')]);
    expect(tableUnder(await githubHtml(summary(before)), 'Failed')).toHaveLength(3);
    expect(tableUnder(await githubHtml(summary(triedAgain(before, 'bad'))), 'Failed')).toEqual([]);
  });

  it('of a run that died: what ran at the last look, with what it used', async () => {
    const html = await githubHtml(summary(recorded('torn-last-line')));
    expect(html).toContain('<h2>memsched preempted-then-succeeded: died</h2>');
    expect(tableUnder(html, 'Running at the last look')).toEqual([
      ['task', 'attempt', 'used', 'peak', 'estimate'],
      ['align.a', '2', '600M', '600M', '720M'],
    ]);
  });

  it('tells less rather than more than fits, and nothing where nothing does', () => {
    const folder = tempDir();
    const tasks = Array.from({ length: 300 }, (_, at) => failing(`task-${at}`));
    for (const { id } of tasks) writeStderr(folder, id, `${'é'.repeat(400)}\n`.repeat(50));
    const events = madeRun(tasks);
    const sizes = [MIB, 50_000, 12_000, 4_000, 1_500, 600, 10].map((most) => {
      const text = summary(events, most, folder);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(most);
      return text.length;
    });
    expect(sizes).toEqual(sizes.toSorted((a, b) => b - a));
    expect(sizes[0]).toBeGreaterThan(100_000);
    expect(sizes.at(-1)).toBe(0);
    expect(summary(events, MIB, folder)).toContain('… and 250 more tasks');
  });

  it('every piece of text comes out as it went in', async () => {
    const pieces = [
      'plain',
      'a | b || c',
      '**no** _no_ ~~no~~ `no` [no](x) ![no](x) <b>no</b> &amp; &#42; \\| \\',
      '$a$ @someone #12 https://x.test/?a=1&b=2 WWW.x.test?a=1&b=2 a.b@x.test',
      'line\nbreak\tand tab',
      '- 1. # > + =',
      'ünï日本😀',
    ];
    const text = `### T\n\n${markdownTable(
      ['text', 'code'],
      pieces.map((piece) => [markdownText(piece), markdownCode(piece)]),
    )}`;
    const rows = tableUnder(await githubHtml(text), 'T').slice(1);
    const shown = pieces.map((piece) => piece.replace(/\s+/g, ' '));
    expect(rows).toEqual(shown.map((piece) => [piece, piece]));
    const details = await githubHtml(markdownDetails(markdownCode('a_b*c'), '``\n`````\nx'));
    expect(plainText(details)).toContain('``\n`````\nx');
    expect(plainText(details.replaceAll('&#95;', '_').replaceAll('&#42;', '*'))).toContain('a_b*c');
  });
});

describe('where it goes', () => {
  it('a file is kept up to date, and says until the end that the run is not over', async () => {
    const document = textDocument();
    const reporter = createMarkdownReporter({
      document,
      logs: logsIn(tempDir()),
      onTrouble: (error) => expect.fail(String(error)),
    });
    await feed(reporter, recorded('preempted-then-succeeded'));
    const last = document.versions.at(-1) ?? '';
    expect(document.versions.length).toBeGreaterThan(5);
    for (const text of document.versions.slice(0, -1)) expect(text).toContain('not over yet');
    expect(last).not.toContain('not over');
  });

  it('the summary of a step is appended once, to what others wrote, and only as much as GitHub takes', async () => {
    const before = 'from a task'.padEnd(MIB - 3_000);
    let content = before;
    const file = {
      size: () => Buffer.byteLength(content),
      append: (text: string) => {
        content += text;
      },
    };
    const folder = tempDir();
    await feed(
      createStepSummaryReporter(file, logsIn(folder)),
      madeRun(Array.from({ length: 100 }, (_, at) => failing(`task-${at}`))),
    );
    expect(content.startsWith(`${before}\n## memsched made: 100 tasks did not succeed`)).toBe(true);
    expect(Buffer.byteLength(content)).toBeLessThanOrEqual(MIB);
  });
});
