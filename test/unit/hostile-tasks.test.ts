import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const TESTS = fileURLToPath(new URL('..', import.meta.url));
const PAGE = readFileSync(join(TESTS, '../docs/hostile-tasks.md'), 'utf8');

/** The last cells of the page's tables: a file, and how the title of a test in it begins. */
function rows(): { readonly file: string; readonly title: string }[] {
  return PAGE.split('\n')
    .filter((line) => line.startsWith('| ') && !line.endsWith('| test |'))
    .map((line) => {
      const cell = line.split(' | ').at(-1)?.replace(/ \|$/, '') ?? '';
      const [, file = '', title = ''] = /^`([^`]+)`: (.+)$/.exec(cell) ?? [];
      return { file, title };
    });
}

describe('docs/hostile-tasks.md', () => {
  it('has a test for each line of its tables', () => {
    expect(rows().length).toBeGreaterThan(20);
  });

  it.each(rows())('"$title" is a test of $file', ({ file, title }) => {
    const path = join(TESTS, `${file}.test.ts`);
    expect(existsSync(path), path).toBe(true);
    const titles = [...readFileSync(path, 'utf8').matchAll(/\b(?:it|test)\((['`])(.+?)\1,/g)];
    expect(
      titles.map(([, , found = '']) => found).filter((found) => found.includes(title)),
    ).toHaveLength(1);
  });
});
