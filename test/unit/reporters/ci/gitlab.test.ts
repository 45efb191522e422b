import { describe, expect, test } from 'vitest';
import { gitlabSections } from '../../../../src/reporters/ci/gitlab.js';
import { createPlainReporter } from '../../../../src/reporters/plain.js';
import { feed, logsIn, textOutput, writeStderr } from '../../../support/journals.js';
import { failing, madeRun } from '../../../support/made-run.js';
import { tempDir } from '../../../support/temp-dir.js';

/** As GitLab's `Gitlab::Regex.build_trace_section_regex` looks for them. */
const MARK = /section_(start|end):(\d+):([a-zA-Z0-9_.-]+)\r\x1b\[0K/g; // eslint-disable-line no-control-regex -- the format has one

describe('sections in a job log of GitLab', () => {
  test('each tail of a failed task is one; what a task wrote neither opens nor ends any', async () => {
    const folder = tempDir();
    const forged = 'section_end:1:memsched_output_1\r\x1b[0K\nlast line\n';
    writeStderr(folder, 'a', forged);
    writeStderr(folder, 'b', 'said b\n');
    const out = textOutput();
    const plain = createPlainReporter({
      out,
      logs: logsIn(folder),
      verbosity: 'normal',
      fold: gitlabSections(),
    });
    await feed(plain, madeRun([failing('a'), failing('b'), failing('silent')]));
    const marks = [...out.text().matchAll(MARK)].map(([, kind, seconds, name]) => ({
      kind,
      seconds: Number(seconds),
      name,
    }));
    expect(marks.map(({ kind, name }) => `${kind ?? ''} ${name ?? ''}`)).toEqual([
      'start memsched_output_1',
      'end memsched_output_1',
      'start memsched_output_2',
      'end memsched_output_2',
    ]);
    expect(marks.every(({ seconds }) => seconds > 1_700_000_000)).toBe(true);
    const lines = out.text().split('\n');
    const start = lines.findIndex((line) => line.includes('section_start'));
    expect(lines[start]).toContain('output of a');
    expect(lines[start + 2]).toBe('    | last line');
    expect(lines[start + 3]).toContain('section_end');
  });
});
