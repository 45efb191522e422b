import { commandWords } from './shell-commands.js';
import type { Heredoc } from './shell-heredocs.js';
import type { Reference } from './template.js';

/** References inside of `[[ … ]]`, judged when it is clear whether it does arithmetic. */
export interface Test {
  readonly references: Reference[];
  arithmetic: boolean;
}

/** A stretch of commands: the script itself, or what stands between parentheses. */
export class CodeFrame {
  readonly kind = 'code';
  /** Finished words of the simple command, quotes removed; a reference is a NUL. */
  words: string[] = [];
  /** The word being read. */
  word: string | undefined;
  /** The next word is where a redirection leads, or a text to read (`<<<`). */
  redirects: 'no' | 'to' | 'text' = 'no';
  /** References in texts to read (`<<<`), judged when the whole command is known. */
  texts: Reference[] = [];
  /** Finished words since the last newline. */
  line: string[] = [];
  heredocs: Heredoc[] = [];
  test: Test | undefined;

  constructor(readonly opened: 'script' | 'group' | 'substitution') {}

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
    this.line.push(word);
    return word;
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
