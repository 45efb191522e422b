import { posix } from 'node:path';
import { err, ok, type Result } from '../../util/result.js';

/** One task's arguments, and its number, from 1. */
export interface Row {
  readonly seq: number;
  /** One from each source, or each column of a line. */
  readonly args: readonly string[];
}

/** What is made of an argument, as in GNU parallel: `{}`, `{.}`, `{/}`, `{//}`, `{/.}`. */
export type Edit = '' | '.' | '/' | '//' | '/.';

/** One replacement string in a text. Offsets in UTF-16 units, end exclusive. */
export interface Replacement {
  readonly start: number;
  readonly end: number;
  /** All arguments, the number of the task, or one of the arguments: from 1, or from the end (−1 is the last). */
  readonly what: 'all' | 'seq' | number;
  readonly edit: Edit;
}

/** What GNU parallel would fill in and memsched does not. */
const FOREIGN = [
  [/\{%\}/, '{%}: there are no numbered job slots; memory decides how many tasks run'],
  [/\{=[\s\S]*?=\}/, '{= … =}: Perl expressions are not evaluated'],
  [/\{\.\.+\}|\{\+[./.]+\}/, 'the strings of --plus: only {} {.} {/} {//} {/.} {#} are filled in'],
] as const;

/**
 * Finds the replacement strings of a text.
 *
 * @param whole - what stands for all arguments: `{}`, or as `-I` says.
 * @returns a sentence for the user when one stands there that is not filled in.
 */
export function findReplacements(
  text: string,
  whole: string,
): Result<readonly Replacement[], string> {
  for (const [pattern, why] of FOREIGN) {
    const found = pattern.exec(text)?.[0];
    if (found !== undefined)
      return err(
        `"${found}" is a replacement string of GNU parallel's that memsched does not have. ${why}`,
      );
  }
  const found: Replacement[] = [];
  for (const match of text.matchAll(pattern(whole))) {
    const { index: start } = match;
    const end = start + match[0].length;
    const [, position, edit = ''] = match;
    if (match[0] === '{#}') found.push({ start, end, what: 'seq', edit: '' });
    else if (match[0] !== '{}' || whole === '{}') {
      const what = position === undefined ? 'all' : Number(position);
      found.push({ start, end, what, edit: edit as Edit });
    }
  }
  return ok(found);
}

function pattern(whole: string): RegExp {
  const own = whole === '{}' ? '' : `|${whole.replaceAll(/[\\^$.*+?()[\]{}|]/g, String.raw`\$&`)}`;
  return new RegExp(String.raw`\{(-?[1-9]\d*)?(\/\/|\/\.|\/|\.)?\}|\{#\}${own}`, 'g');
}

/** What stands for a replacement string in one task: usually one text, for all arguments of several as many. */
export function valuesOf({ what, edit }: Replacement, { seq, args }: Row): readonly string[] {
  if (what === 'seq') return [String(seq)];
  if (what === 'all') return args.map((arg) => edited(arg, edit));
  return [edited(args.at(what > 0 ? what - 1 : what) ?? '', edit)];
}

function edited(arg: string, edit: Edit): string {
  switch (edit) {
    case '':
      return arg;
    case '.':
      return withoutExtension(arg);
    case '/':
      return base(arg);
    case '//':
      return posix.dirname(arg);
    case '/.':
      return withoutExtension(base(arg));
  }
}

function base(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function withoutExtension(path: string): string {
  return path.replace(/\.[^/.]*$/, '');
}
