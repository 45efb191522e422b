import { commandWords, readsCode } from './shell-commands.js';
import type { Heredoc } from './shell-heredocs.js';
import type { Reference } from './template.js';

/** References inside of `[[ … ]]`, judged when it is clear whether it does arithmetic. */
export interface Test {
  readonly references: Reference[];
  arithmetic: boolean;
}

/** Words that end a compound command: a pipe after one takes what all of it said. */
const COMPOUND_ENDS = new Set(['}', 'done', 'fi', 'esac']);

/** A stretch of commands: the script itself, or what stands between parentheses. */
export class CodeFrame {
  readonly kind = 'code';
  /** Finished words of the simple command, quotes removed; a reference is a NUL. */
  words: string[] = [];
  /** The word being read. */
  word: string | undefined;
  /** The next word is where a redirection leads, or a text to read (`<<<`). */
  redirects: 'no' | 'to' | 'text' = 'no';
  /** References in what the command reads (`<<<`, `<( )`, a pipe), judged when the whole command is known. */
  texts: Reference[] = [];
  /** References in this command, which the next one of a pipeline reads. */
  said: Reference[] = [];
  /** All references so far: what a compound command (`{ …; } | …`) may say. */
  readonly all: Reference[] = [];
  /** Finished commands since the last newline. */
  line: (readonly string[])[] = [];
  heredocs: Heredoc[] = [];
  test: Test | undefined;

  constructor(readonly opened: 'script' | 'group' | 'substitution' | 'pipe') {}

  append(text: string): void {
    this.word = (this.word ?? '') + text;
  }

  /** Ends the word being read, if any, and returns it unless it belongs to a redirection. */
  endWord(): string | undefined {
    const { word } = this;
    if (word === undefined) return undefined;
    this.word = undefined;
    const redirected = this.redirects !== 'no';
    this.redirects = 'no';
    if (redirected) return undefined;
    this.words.push(word);
    return word;
  }

  /**
   * Ends the command being read.
   *
   * @param piped - the next one reads what it says.
   * @returns references that it would read as code.
   */
  endCommand(piped: boolean): readonly Reference[] {
    const { words } = this;
    if (this.test !== undefined || (words.length === 0 && !piped)) return [];
    const refused = readsCode(words) ? this.texts : [];
    const compound = words[0] === undefined || COMPOUND_ENDS.has(words[0]);
    this.texts = piped ? [...(compound ? this.all : this.said)] : [];
    if (!piped) this.said = [];
    this.line.push(words);
    this.words = [];
    return refused;
  }

  /** Ends `[[ … ]]`, if one is being read, and returns the references that it would evaluate. */
  endTest(unfinished: boolean): readonly Reference[] {
    const { test } = this;
    this.test = undefined;
    return test !== undefined && (test.arithmetic || unfinished) ? test.references : [];
  }

  /** The name of the command being read. */
  get command(): string | undefined {
    return commandWords(this.words)[0];
  }
}

/** Between double quotes; `translated` after `$"`. */
export interface DoubleFrame {
  readonly kind: 'double';
  readonly translated: boolean;
}

/** A stretch in which no reference may stand, and what it is. */
export interface OpaqueFrame {
  readonly kind: 'opaque';
  readonly close: '}' | ']' | '))';
  readonly what: string;
  depth: number;
}

/** What encloses the place that is being read. */
export type Frame = CodeFrame | DoubleFrame | OpaqueFrame;
