import { describe, expect, test } from 'vitest';
import type { RunEvent } from '../../../../src/core/events.js';
import { createGithubReporter } from '../../../../src/reporters/ci/github.js';
import { obeyedCommands, type FoundCommand } from '../../../support/github-runner.js';
import { feed, logsIn, textOutput, writeStderr } from '../../../support/journals.js';
import { failing, madeRun, succeeding } from '../../../support/made-run.js';
import { tempDir } from '../../../support/temp-dir.js';

async function annotations(
  events: readonly RunEvent[],
  folder = tempDir(),
): Promise<readonly FoundCommand[]> {
  const out = textOutput();
  await feed(createGithubReporter({ out, logs: logsIn(folder) }), events);
  return obeyedCommands(out.text());
}

describe('annotations on GitHub', () => {
  test('a task that fails: what, why, the end of its output, and how to see all of it', async () => {
    const folder = tempDir();
    writeStderr(folder, 'bad: 50%, really', 'one\n\x1b[31mtwo\x1b[0m\n::add-mask::x\n');
    const [one, ...others] = await annotations(
      madeRun([succeeding('good'), failing('bad: 50%, really')]),
      folder,
    );
    expect(others).toEqual([]);
    expect(one).toEqual({
      name: 'error',
      properties: { title: 'bad: 50%, really failed' },
      data: [
        'exit code 3',
        'one',
        'two',
        '::add-mask::***',
        "All of its output: memsched logs 20261123-064927-many-ends-34 'bad: 50%, really'",
      ].join('\n'),
    });
  });

  test('a success is none, nor is a task that was skipped', async () => {
    const skipped = { verdict: { kind: 'canceled', by: 'halt' }, outcome: 'canceled' } as const;
    expect(await annotations(madeRun([succeeding('a'), { id: 'b', end: skipped }]))).toEqual([]);
  });

  test('of many, ten are shown as they fail, and the others are counted at the end', async () => {
    const found = await annotations(
      madeRun(Array.from({ length: 25 }, (_, at) => failing(`t${at}`))),
    );
    expect(found.map(({ name }) => name)).toEqual([...Array<string>(10).fill('error'), 'warning']);
    expect(found.at(-1)?.data).toMatch(
      /^15 more failures without an annotation: memsched show \S+ --failed$/,
    );
  });

  test('exactly ten need no count', async () => {
    const found = await annotations(
      madeRun(Array.from({ length: 10 }, (_, at) => failing(`t${at}`))),
    );
    expect(found).toHaveLength(10);
  });

  test('a group that outgrew its profile', async () => {
    const events = madeRun([succeeding('a')]);
    const grown: RunEvent = {
      kind: 'group-grew',
      tMs: 1000,
      group: 'align#3f9c12ab',
      task: 'a',
      beforeBytes: 1024 ** 3,
      nowBytes: 2 * 1024 ** 3,
      growthPct: 100,
      limitPct: 20,
      samples: 5,
    };
    const [one] = await annotations([...events.slice(0, -1), grown, ...events.slice(-1)]);
    expect(one?.data).toContain('align#3f9c12ab: peak 2.0G (task a), 100% more than the 1.0G');
    expect(one?.data).toContain('memsched profile forget align#3f9c12ab');
  });
});
