import type { Output } from '../output.js';

/**
 * A workflow command of GitHub Actions, one line without its end, escaped as its runner takes it apart again
 * (`ActionCommand` in github.com/actions/runner).
 *
 * @param properties - such as `title`.
 */
export function workflowCommand(
  name: 'error' | 'warning',
  properties: Readonly<Record<string, string>>,
  message: string,
): string {
  const written = Object.entries(properties)
    .map(([key, value]) => `${key}=${escapeProperty(value)}`)
    .join(',');
  return `::${name} ${written}::${escapeData(message)}`;
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/**
 * What we say, as a runner of GitHub obeys none of it: it takes a line that begins with `::`, white space aside, for a
 * command, and one with `##[` anywhere in it, and reads stdout and stderr alike. Names and output of tasks end up in our
 * lines, and nobody knows who wrote those.
 *
 * @param out - is written whole lines.
 */
export function withoutCommands(out: Output): Output {
  return mapped(out, (text) => text.replace(/^(\s*)::/gm, '$1: :').replaceAll('##[', '## ['));
}

/** The same for lines of JSON: they say the same as before. */
export function jsonWithoutCommands(out: Output): Output {
  return mapped(out, (text) => text.replaceAll('##[', String.raw`#\u0023[`));
}

function mapped(out: Output, change: (text: string) => string): Output {
  return {
    write: (text) => {
      out.write(change(text));
    },
    flush: () => out.flush(),
  };
}
