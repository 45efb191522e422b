import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  blocksOf,
  fileNameOf,
  isAsTold,
  reasonNotToRun,
  stepsOf,
} from '../support/doc-examples.js';
import { tempDir } from '../support/temp-dir.js';

const PAGE = `# A page
\`\`\`yaml jobs.yaml
version: 1
\`\`\`
Some \`\`\`inline\`\`\` words.

\`\`\`console exits=2
$ echo a \\
> b
a b
$ false
\`\`\`
\`\`\`sh not-run: it needs a moon
fly
\`\`\`
`;

describe('the blocks of a page', () => {
  it('are found with what they are', () => {
    const page = join(tempDir(), 'page.md');
    writeFileSync(page, PAGE);
    const [file, console, moon, ...more] = blocksOf(page);
    expect(more).toEqual([]);
    expect(file).toEqual({ language: 'yaml', info: 'jobs.yaml', text: 'version: 1\n', line: 2 });
    expect(file && fileNameOf(file)).toBe('jobs.yaml');
    expect(console && fileNameOf(console)).toBeUndefined();
    expect(console && stepsOf(console)).toEqual([
      { command: 'echo a \\\nb', output: ['a b'] },
      { command: 'false', output: [] },
    ]);
    expect(moon && reasonNotToRun(moon)).toBe('it needs a moon');
  });

  it('must end', () => {
    const page = join(tempDir(), 'page.md');
    writeFileSync(page, '```sh\ntrue\n');
    expect(() => blocksOf(page)).toThrow(':1: a block that never ends');
  });
});

describe('what comes out', () => {
  it.each([
    ['a\nb\n', ['a', 'b']],
    ['a    1\n', ['a 1']],
    ['took 1.2s here\n', ['took … here']],
    ['a\nx\ny\nb\n', ['a', '…', 'b']],
    ['a\nb\n\n', ['a', '…', 'b']],
    ['', []],
    ['(a+b)*\n', ['(a+b)*']],
    ['memsched: procfs tier: process groups, memory added up from /proc\na\n', ['a']],
  ])('%j is as told by %j', (output, told) => {
    expect(isAsTold(output, told)).toBe(true);
  });

  it.each([
    ['a\nb\n', ['a']],
    ['a\n', ['a', 'b']],
    ['a\nc\n', ['a', '…', 'b']],
    ['aXb\n', ['a.b']],
    ['took 1s\nhere\n', ['took … here']],
    ['something\n', []],
  ])('%j is not as told by %j', (output, told) => {
    expect(isAsTold(output, told)).toBe(false);
  });
});
