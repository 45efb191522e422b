import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';

const STYLE = readFileSync(
  fileURLToPath(new URL('../../../src/reporters/report/page/style.css', import.meta.url)),
  'utf8',
);

/** The colours of one theme: the light ones hold for both where the dark one has none of its own. */
function palette(theme: 'light' | 'dark'): ReadonlyMap<string, string> {
  const blocks = [...STYLE.matchAll(/:root(\[data-theme='dark'\])? \{([^}]*)\}/g)];
  const wanted = blocks.filter(([, isDark]) => isDark === undefined || theme === 'dark');
  return new Map(
    wanted.flatMap(([, , body = '']) =>
      [...body.matchAll(/(--[\w-]+): (#[0-9a-f]{6});/g)].map(
        ([, name = '', colour = '']) => [name, colour] as const,
      ),
    ),
  );
}

/** Relative luminance (WCAG 2.2). */
function luminance(colour: string): number {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: string, b: string): number {
  const [high = 0, low = 0] = [luminance(a), luminance(b)].sort((x, y) => y - x);
  return (high + 0.05) / (low + 0.05);
}

// What is drawn on canvas is out of sight of tools that check pages.
describe.each(['light', 'dark'] as const)('drawn in the %s theme', (theme) => {
  const colours = palette(theme);
  const of = (name: string): string => colours.get(name)!;

  test.each(['--ink', '--muted', '--budget', '--critical', '--preempt', '--hold'])(
    'text of %s is read (AA)',
    (name) => {
      expect(contrast(of(name), of('--panel'))).toBeGreaterThanOrEqual(4.5);
    },
  );

  test.each([
    ...['--good', '--live', '--preempted', '--bad', '--late', '--other', '--quiet'],
    ...['--wait', '--claims', '--some', '--full'],
  ])('a shape of %s is seen (AA)', (name) => {
    expect(contrast(of(name), of('--panel'))).toBeGreaterThanOrEqual(3);
  });

  test.each(['--preempted', '--bad', '--late', '--other', '--quiet'])(
    'a sign on a bar of %s is seen',
    (name) => {
      expect(contrast(of('--on-bar'), of(name))).toBeGreaterThanOrEqual(3);
    },
  );
});
