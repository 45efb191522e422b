/**
 * Knows the commands whose arguments are code: for another shell, another language, or bash's own arithmetic and
 * variable names. A matrix value must not become part of such code, even by way of a variable. The list holds what
 * batch scripts use; what an unlisted program does with its arguments cannot be known here.
 */

/** Every argument is code, or becomes part of a command line somewhere else. */
const ALL_CODE = new Set(['eval', 'trap', 'alias', 'let', 'ssh', 'parallel', 'watch']);

/** The text after an option such as `-c` or `-e` is code. */
const INTERPRETER =
  /^((ba|da|z|k|mk|a|fi|c|tc)?sh|python[\d.]*|pypy\d*|perl[\d.]*|ruby|node|nodejs|deno|bun|php|lua[\d.]*|Rscript|R|su|runuser|flock|script)$/;
/** These take an operand (a user, a file) before their options. */
const OPERAND_FIRST = new Set(['su', 'runuser', 'flock', 'script']);
const CODE_OPTION = /^-[A-Za-z0-9]*[ceErp]$|^--(command|eval|execute|print|expr|run)$/;
const GLUED_CODE_OPTION = /^-[A-Za-z]*[ceE]\S|^--(command|eval|execute|print)=/;

/**
 * Of these it is certain that what follows the code of `-c` is only handed to it, as `sys.argv` or `$1`: others, such as
 * perl and node, still look for options there, and a value may begin like one.
 */
const HANDS_ON = /^((ba|da|z|k|mk)?sh|python[\d.]*|pypy\d*)$/;
/** Options of theirs without a value of their own, and the one that takes the code. */
const PLAIN_OPTION = /^-[abdeghiknpqsuvxBCEIPS]+$|^--(norc|noprofile|posix|login)$/;
const TAKES_NAME = /^[-+][a-z]*o$/;
const TAKES_CODE = /^-[abdeghiknpqsuvxBCEIPS]*c$/;

/** The first argument that is no option is a program in a little language that can run commands. */
const PROGRAM_FIRST = /^([gmn]?awk|g?sed)$/;

/** Arguments are names of variables, whose subscripts bash evaluates. */
const TAKES_NAMES = new Set(['unset', 'read', 'mapfile', 'readarray', 'getopts', 'wait']);
const DECLARES = new Set(['declare', 'typeset', 'local', 'readonly', 'export']);
const PLAIN_ASSIGNMENT = /^[A-Za-z_][A-Za-z0-9_]*\+?=[^(]*$/;

/** Words after which a command may begin. */
const LEADS = new Set([
  'then',
  'do',
  'else',
  'elif',
  'if',
  'while',
  'until',
  '!',
  '{',
  'time',
  'builtin',
  'command',
  'exec',
]);

/**
 * The words from the one that names the command, after keywords and assignments. Where a keyword is only an argument
 * the command is taken to begin after it, which errs on the side of refusing.
 */
export function commandWords(words: readonly string[]): readonly string[] {
  const afterLead = words.slice(words.findLastIndex((word) => LEADS.has(word)) + 1);
  const led = afterLead.length < words.length;
  const first = afterLead.findIndex(
    (word) => !PLAIN_ASSIGNMENT.test(word) && !(led && word.startsWith('-')),
  );
  return first === -1 ? [] : afterLead.slice(first);
}

/**
 * True when words name a program that takes its standard input, or a pipe named as its argument, for code: a shell or
 * interpreter without a script of its own, or one whose script `xargs` fills in.
 */
export function readsCode(words: readonly string[]): boolean {
  if (commandWords(words)[0] === 'source' || commandWords(words)[0] === '.') return true;
  return words.some((word, index) => {
    const name = baseName(word);
    if (name === 'ssh' || name === 'parallel') return true;
    if (!INTERPRETER.test(name)) return false;
    const { options, open } = optionsOf(words.slice(index + 1), OPERAND_FIRST.has(name));
    const scripted = options.some((option) => CODE_OPTION.test(option) || option === '-m');
    const filled = words.slice(0, index).some((before) => baseName(before) === 'xargs');
    return scripted ? filled : open;
  });
}

/**
 * Says why a matrix value must not stand in the next word of a command, or nothing when it may.
 *
 * @param words - the finished words of the simple command, without quotes.
 * @param partial - what stands before the value in its own word.
 */
export function codeReason(words: readonly string[], partial: string): string | undefined {
  const all = words.findLast((word) => ALL_CODE.has(baseName(word)));
  if (all !== undefined) return `"${baseName(all)}" would read it as code`;
  return (
    interpreterReason(words, partial) ??
    programReason(words, partial) ??
    nameReason(commandWords(words), partial)
  );
}

function interpreterReason(words: readonly string[], partial: string): string | undefined {
  for (const [index, word] of words.entries()) {
    const name = baseName(word);
    if (!INTERPRETER.test(name)) continue;
    if (HANDS_ON.test(name) && hasItsCode(words.slice(index + 1))) continue;
    const rest = optionsOf(words.slice(index + 1), OPERAND_FIRST.has(name));
    const option = rest.options.find((argument) => CODE_OPTION.test(argument));
    if (option !== undefined) return `"${name} ${option}" would read it as code`;
    if (rest.open && GLUED_CODE_OPTION.test(partial)) return `"${name}" would read it as code`;
  }
  return undefined;
}

/** Whether an interpreter's code is among its arguments already, and beyond doubt. */
function hasItsCode(words: readonly string[]): boolean {
  for (let at = 0; at < words.length; at += 1) {
    const word = words[at] ?? '';
    if (TAKES_CODE.test(word)) return /^[^-+]/.test(words[at + 1] ?? '');
    if (TAKES_NAME.test(word) && /^[a-z]+$/.test(words[at + 1] ?? '')) at += 1;
    else if (!PLAIN_OPTION.test(word)) return false;
  }
  return false;
}

/** Of an interpreter's arguments, those before the script's name: options and what may belong to them. */
function optionsOf(
  words: readonly string[],
  operandFirst: boolean,
): { readonly options: readonly string[]; readonly open: boolean } {
  let mayTakeOperand = operandFirst;
  for (const [index, word] of words.entries()) {
    const isOption = word.startsWith('-');
    if (!isOption && !mayTakeOperand) return { options: words.slice(0, index), open: false };
    mayTakeOperand = isOption;
  }
  return { options: words, open: true };
}

function programReason(words: readonly string[], partial: string): string | undefined {
  for (const [index, word] of words.entries()) {
    const name = baseName(word);
    if (!PROGRAM_FIRST.test(name)) continue;
    if (isProgram(words.slice(index + 1), partial, name.endsWith('sed'))) {
      return `"${name}" would read it as part of its program`;
    }
  }
  return undefined;
}

/** Whether the word after `arguments_` is, or belongs to, the program of awk or sed. */
function isProgram(arguments_: readonly string[], partial: string, sed: boolean): boolean {
  const takesValue = sed ? /^(-[a-z]*l|--line-length)$/ : /^(-[vF]|--assign|--field-separator)$/;
  let programSeen = false;
  let expected: 'argument' | 'program' | 'value' | 'file' = 'argument';
  for (const argument of arguments_) {
    if (expected !== 'argument') {
      programSeen ||= expected !== 'value';
      expected = 'argument';
    } else if (/^(-[A-Za-z]*e|--expression|--source)$/.test(argument)) expected = 'program';
    else if (/^(-[A-Za-z]*f|--file)$/.test(argument)) expected = 'file';
    else if (takesValue.test(argument)) expected = 'value';
    else if (/^(-[a-zA-Z]*e|--expression=|--source=)./.test(argument)) programSeen = true;
    else if (!argument.startsWith('-')) programSeen = true;
  }
  if (expected !== 'argument') return expected === 'program';
  if (/^-[A-Za-z]*e|^--(expression|source)=/.test(partial)) return true;
  return !programSeen && !partial.startsWith('-');
}

function nameReason(words: readonly string[], partial: string): string | undefined {
  const [name, ...rest] = words;
  if (name === undefined) return partial === '' || !partial.includes('[') ? undefined : SUBSCRIPT;
  if (TAKES_NAMES.has(name)) return `"${name}" would read it as the name of a variable`;
  if (DECLARES.has(name)) {
    const plain = rest.every((word) => !word.startsWith('-') || /^-[rxglu]+$/.test(word));
    return plain && PLAIN_ASSIGNMENT.test(partial) ? undefined : `"${name}" could evaluate it`;
  }
  const last = rest.at(-1);
  return last === '-v' && /^(printf|test|\[)$/.test(name)
    ? `"${name} -v" would read it as the name of a variable`
    : undefined;
}

const SUBSCRIPT = 'the shell would evaluate it as a subscript';

function baseName(word: string): string {
  return word.slice(word.lastIndexOf('/') + 1);
}
