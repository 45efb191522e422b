/** A command line, and what it does; empty where it says so itself. */
export type Example = readonly [line: string, what: string];

/** As wide as help is where nobody knows how wide the terminal is. */
const WIDTH = 80;

/**
 * Examples for the end of a command's help (`addHelpText('after', …)`).
 *
 * What they do stands beside them where that fits into 80 columns, and else below.
 */
export function examplesText(examples: readonly Example[]): string {
  const columns = Math.max(...examples.map(([line]) => line.length));
  const besides = examples.every(([, what]) => 2 + columns + 2 + what.length <= WIDTH);
  const rows = examples.map(([line, what]) => {
    if (what === '') return `  ${line}`;
    return besides ? `  ${line.padEnd(columns)}  ${what}` : `  ${line}\n      ${what}`;
  });
  return `\nExamples:\n${rows.join('\n')}`;
}
