import type { Argument, Command, Option } from 'commander';

/** What is being typed, going by the commands and options before it. */
export type Place =
  /** The name of a command of `of`. */
  | { readonly kind: 'command'; readonly of: Command }
  /** An option of `of`. */
  | { readonly kind: 'option'; readonly of: Command }
  /** The value of an option; in `--option=value`, what comes before the value is `before`. */
  | {
      readonly kind: 'value';
      readonly of: Command;
      readonly what: Option;
      readonly before: string;
      readonly typed: Typed;
    }
  /** An argument. */
  | {
      readonly kind: 'argument';
      readonly of: Command;
      readonly what: Argument;
      readonly typed: Typed;
    }
  /** A word of the command that is to be run, which begins at the word `at`, counted from 1. */
  | { readonly kind: 'inner'; readonly at: number }
  | { readonly kind: 'nothing' };

/** What was typed before. */
export interface Typed {
  readonly args: readonly string[];
  /** The last value of each option that takes one, by its long name. */
  readonly values: ReadonlyMap<string, string>;
}

/** The argument that stands for another program's command line. */
const INNER = 'command';

/**
 * Finds out what is being typed, from the tree of commands that also parses and makes the help.
 *
 * @param words - what follows the name of the program, the word that is being typed last.
 */
export function placeOf(program: Command, words: readonly string[]): Place {
  const walk = new Walk(program);
  for (const word of words.slice(0, -1)) walk.step(word);
  return walk.place(words.at(-1) ?? '');
}

class Walk {
  #command: Command;
  #pending: Option | undefined;
  #args: string[] = [];
  #values = new Map<string, string>();
  #optionsEnded = false;
  #lost = false;
  #inHelp = false;
  #innerAt: number | undefined;
  #words = 0;

  constructor(program: Command) {
    this.#command = program;
  }

  step(word: string): void {
    this.#words += 1;
    if (this.#innerAt !== undefined) return;
    if (this.#pending !== undefined) {
      this.#values.set(nameOf(this.#pending), word);
      this.#pending = undefined;
    } else if (word === '--' && !this.#optionsEnded) {
      this.#optionsEnded = true;
      if (this.#awaitsInner()) this.#innerAt = this.#words + 1;
    } else if (word.startsWith('-') && word !== '-' && !this.#optionsEnded) this.#option(word);
    else if (this.#command.commands.length > 0) this.#descend(word);
    else if (this.#awaitsInner()) this.#innerAt = this.#words;
    else this.#args.push(word);
  }

  #option(word: string): void {
    const [name = '', value] = split(word);
    const option = findOption(this.#command, name);
    if (option === undefined || !takesValue(option)) return;
    if (value !== undefined) this.#values.set(nameOf(option), value);
    // `-j4` brings its value along.
    else if (name.startsWith('--') || word.length === 2) this.#pending = option;
  }

  #descend(word: string): void {
    if (word === 'help') {
      this.#inHelp = true;
      return;
    }
    const next = this.#command.commands.find(
      (command) => command.name() === word || command.aliases().includes(word),
    );
    if (next === undefined) this.#lost = true;
    else this.#command = next;
  }

  #awaitsInner(): boolean {
    return this.#argument()?.name() === INNER;
  }

  #argument(): Argument | undefined {
    const { registeredArguments } = this.#command;
    const last = registeredArguments.at(-1);
    return registeredArguments[this.#args.length] ?? (last?.variadic === true ? last : undefined);
  }

  place(word: string): Place {
    const of = this.#command;
    const typed = { args: this.#args, values: this.#values };
    if (this.#innerAt !== undefined) return { kind: 'inner', at: this.#innerAt };
    if (this.#lost) return { kind: 'nothing' };
    if (this.#pending !== undefined)
      return { kind: 'value', of, what: this.#pending, before: '', typed };
    if (this.#inHelp) return of.commands.length > 0 ? { kind: 'command', of } : { kind: 'nothing' };
    if (word.startsWith('-') && word !== '-' && !this.#optionsEnded) {
      const [name = '', value] = split(word);
      const option = value === undefined ? undefined : findOption(of, name);
      return option !== undefined && takesValue(option)
        ? { kind: 'value', of, what: option, before: `${name}=`, typed }
        : { kind: 'option', of };
    }
    if (of.commands.length > 0) return { kind: 'command', of };
    if (this.#awaitsInner()) return { kind: 'inner', at: this.#words + 1 };
    const what = this.#argument();
    if (what !== undefined) return { kind: 'argument', of, what, typed };
    return word === '' && !this.#optionsEnded ? { kind: 'option', of } : { kind: 'nothing' };
  }
}

/** `--option=value` in its two halves; anything else is all name. */
function split(word: string): readonly string[] {
  const at = word.startsWith('--') ? word.indexOf('=') : -1;
  return at === -1 ? [word] : [word.slice(0, at), word.slice(at + 1)];
}

function findOption(command: Command, name: string): Option | undefined {
  const short = name.startsWith('--') ? name : name.slice(0, 2);
  return command.options.find((option) => option.long === name || option.short === short);
}

function takesValue(option: Option): boolean {
  return option.required || option.optional;
}

function nameOf(option: Option): string {
  return option.long ?? option.flags;
}
