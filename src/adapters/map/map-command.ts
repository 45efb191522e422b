import type { Command } from '../../supervisor/ports.js';
import { err, ok, type Result } from '../../util/result.js';
import { shellWord } from '../../util/shell-word.js';
import { findReplacements, valuesOf, type Replacement, type Row } from './replacement.js';

/** The shell of scripts, as plain as GNU parallel's: a jobfile's is stricter. */
export const MAP_SHELL: readonly string[] = ['bash', '-c'];

/** What is run for one row. */
export interface RowCommand {
  readonly command: Command;
  /** Variables that the command finds the row's values in. */
  readonly env: Readonly<Record<string, string>>;
  /** The command as a line that a shell would take, for people and for the joblog. */
  readonly text: () => string;
}

/** A command with replacement strings, ready to be made for each row. */
export interface MapCommand {
  readonly forRow: (row: Row) => RowCommand;
}

/** How a replacement string stands in a script. */
export interface ScriptPlace {
  readonly kind: 'bare' | 'double' | 'heredoc' | 'comment' | 'refused';
  /** Why it cannot be filled in there. */
  readonly reason?: string;
}

/** Reads a script far enough to say, for each of these stretches of it, how it is quoted. */
export type ScanScript = (
  script: string,
  references: readonly { readonly start: number; readonly end: number; readonly key: string }[],
) => { readonly placements: readonly ScriptPlace[] };

/**
 * A program with its arguments, without any shell: whatever a line says stays one argument, or part of one. A word with
 * `{}` becomes several where a row has several arguments, as with GNU parallel. Without any replacement string the
 * arguments are put behind.
 */
export function argvCommand(words: readonly string[], whole: string): Result<MapCommand, string> {
  const templates: Template[] = [];
  for (const word of words) {
    const found = findReplacements(word, whole);
    if (!found.ok) return found;
    templates.push({ word, replacements: found.value });
  }
  if (templates.every(({ replacements }) => replacements.length === 0))
    templates.push({ word: '{}', replacements: [{ start: 0, end: 2, what: 'all', edit: '' }] });
  return ok({
    forRow: (row) => {
      const argv = templates.flatMap((template) => fill(template, row));
      return {
        command: { kind: 'argv', argv },
        env: {},
        text: () => argv.map(shellWord).join(' '),
      };
    },
  });
}

interface Template {
  readonly word: string;
  readonly replacements: readonly Replacement[];
}

function fill({ word, replacements }: Template, row: Row): readonly string[] {
  if (replacements.length === 0) return [word];
  const filled: string[] = [];
  let last = '';
  let from = 0;
  for (const replacement of replacements) {
    const [first = '', ...more] = valuesOf(replacement, row);
    last += word.slice(from, replacement.start) + first;
    from = replacement.end;
    for (const value of more) {
      filled.push(last);
      last = value;
    }
  }
  return [...filled, last + word.slice(from)];
}

/** Names of the variables by what is made of an argument. */
const EDIT_NAMES = {
  '': '',
  '.': '_NOEXT',
  '/': '_BASE',
  '//': '_DIR',
  '/.': '_BASENOEXT',
} as const;

/**
 * A script for a shell. Values never become part of it: each replacement string turns into the expansion of a variable
 * of the environment, quoted as its place needs, so that no line can add to what is executed.
 *
 * @param sources - how many arguments each row has; undefined when that differs from row to row.
 */
export function scriptCommand(
  script: string,
  whole: string,
  sources: number | undefined,
  scan: ScanScript,
): Result<MapCommand, string> {
  const found = findReplacements(script, whole);
  if (!found.ok) return found;
  if (found.value.length === 0) return scriptCommand(`${script} ${whole}`, whole, sources, scan);
  const parts = eachArgument(script, found.value, sources);
  if (!parts.ok) return parts;
  const references = parts.value.replacements.map((each) => ({ ...each, key: variableOf(each) }));
  const text = parts.value.script;
  const { placements } = scan(text, references);
  const at = placements.findIndex(({ kind }) => kind === 'refused');
  if (at >= 0) return err(refusal(text, references[at], placements[at]));
  const command: Command = {
    kind: 'shell',
    shell: MAP_SHELL,
    script: rewritten(text, references, placements),
  };
  return ok({
    forRow: (row) => ({
      command,
      env: Object.fromEntries(references.map((each) => [each.key, valuesOf(each, row)[0] ?? ''])),
      text: () => filledScript(text, references, placements, row),
    }),
  });
}

/** `{}` with several sources stands for one variable each: `{}` becomes `{1} {2}`. */
function eachArgument(
  script: string,
  replacements: readonly Replacement[],
  sources: number | undefined,
): Result<{ readonly script: string; readonly replacements: readonly Replacement[] }, string> {
  if (sources === 1) return ok({ script, replacements });
  let text = '';
  let from = 0;
  const each: Replacement[] = [];
  for (const { start, end, what, edit } of replacements) {
    text += script.slice(from, start);
    from = end;
    const positions = what === 'all' ? allPositions(sources) : [what];
    if (positions === undefined)
      return err(
        'in a shell command lines of several columns need to be named one by one: write {1} {2} instead of {}',
      );
    for (const [index, position] of positions.entries()) {
      if (index > 0) text += ' ';
      each.push({ start: text.length, end: text.length + 2, what: position, edit });
      text += '{}';
    }
  }
  return ok({ script: text + script.slice(from), replacements: each });
}

function allPositions(sources: number | undefined): readonly number[] | undefined {
  return sources === undefined ? undefined : Array.from({ length: sources }, (_, at) => at + 1);
}

function variableOf({ what, edit }: Replacement): string {
  if (what === 'seq') return 'MEMSCHED_SEQ';
  const which = what === 'all' ? '' : what > 0 ? String(what) : `_LAST${String(-what)}`;
  return `MEMSCHED_ARG${which}${EDIT_NAMES[edit]}`;
}

type Reference = Replacement & { readonly key: string };

function rewritten(
  script: string,
  references: readonly Reference[],
  placements: readonly ScriptPlace[],
): string {
  return replaced(script, references, ({ key }, at) =>
    placements[at]?.kind === 'bare' ? `"\${${key}}"` : `\${${key}}`,
  );
}

/** The script with the values in it, quoted: to be read, and pasted. */
function filledScript(
  script: string,
  references: readonly Reference[],
  placements: readonly ScriptPlace[],
  row: Row,
): string {
  return replaced(script, references, (reference, at) => {
    const value = valuesOf(reference, row)[0] ?? '';
    const kind = placements[at]?.kind;
    if (kind === 'bare') return shellWord(value);
    return kind === 'double' ? `"${shellWord(value)}"` : value;
  });
}

function replaced(
  script: string,
  references: readonly Reference[],
  by: (reference: Reference, at: number) => string,
): string {
  let text = '';
  let from = 0;
  for (const [at, reference] of references.entries()) {
    text += script.slice(from, reference.start) + by(reference, at);
    from = reference.end;
  }
  return text + script.slice(from);
}

function refusal(
  script: string,
  reference: Reference | undefined,
  place: ScriptPlace | undefined,
): string {
  const what = reference === undefined ? '{}' : script.slice(reference.start, reference.end);
  return `${what} cannot be filled in safely here: ${place?.reason ?? 'its place is not clear'}. Put it in double quotes, or have the command read the environment variable ${reference?.key ?? ''}`;
}

/** Each row is a command of its own, for a shell: what GNU parallel does when it is given none. */
export function lineCommand(): MapCommand {
  return {
    forRow: ({ args }) => {
      const script = args.join(' ');
      return { command: { kind: 'shell', shell: MAP_SHELL, script }, env: {}, text: () => script };
    },
  };
}
