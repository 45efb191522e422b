import { codeReason } from './shell-commands.js';
import { CodeFrame, type Frame, type OpaqueFrame } from './shell-frames.js';
import { bodyReason, readBody, readOperator, type Heredoc } from './shell-heredocs.js';
import type { Reference } from './template.js';

/** How a reference stands in a script: what the shell would do with an expansion there. */
export type Placement =
  | { readonly reference: Reference; readonly kind: 'bare' | 'double' | 'heredoc' | 'comment' }
  | { readonly reference: Reference; readonly kind: 'refused'; readonly reason: string };

/** What was found out about a script. */
export interface ScriptScan {
  /** One for each reference, in order. */
  readonly placements: readonly Placement[];
  /** The script appends to files (`>>`). */
  readonly appends: boolean;
}

/**
 * Reads a POSIX or bash script far enough to know how each reference is quoted. Where that is not certain the
 * reference is refused, never guessed at.
 */
export function scanScript(script: string, references: readonly Reference[]): ScriptScan {
  const scanner = new Scanner(script, references);
  return scanner.scan();
}

const ARITHMETIC_TESTS = new Set(['-eq', '-ne', '-lt', '-le', '-gt', '-ge', '-v', '-R']);
const UNCLEAR = 'it is not clear how the shell would read it';
const UNCLEAR_END = 'a here-document whose end is not clear stands before it';
const IN_SINGLE = 'it stands in single quotes, where the shell fills nothing in';

function refusedAt(reference: Reference, reason: string): Placement {
  return { reference, kind: 'refused', reason };
}

class Scanner {
  #at = 0;
  #appends = false;
  #unsure: string | undefined;
  readonly #frames: Frame[] = [new CodeFrame('script')];
  readonly #byStart: ReadonlyMap<number, Reference>;
  readonly #placed = new Map<number, Placement>();

  constructor(
    readonly text: string,
    readonly references: readonly Reference[],
  ) {
    this.#byStart = new Map(references.map((reference) => [reference.start, reference]));
  }

  scan(): ScriptScan {
    while (this.#at < this.text.length) {
      const reference = this.#byStart.get(this.#at);
      const frame = this.#frames.at(-1);
      if (reference !== undefined)
        this.#place(reference, frame?.kind === 'double' ? 'double' : 'bare');
      else if (frame?.kind === 'double') this.#stepDouble();
      else if (frame?.kind === 'opaque') this.#stepOpaque(frame);
      else this.#stepCode(this.#code());
    }
    for (const frame of this.#frames) {
      if (frame.kind !== 'code') continue;
      this.#endWord(frame);
      this.#endTest(frame, true);
      this.#endCommand(frame);
    }
    return {
      appends: this.#appends,
      placements: this.references.map(
        (reference) => this.#placed.get(reference.start) ?? refusedAt(reference, UNCLEAR),
      ),
    };
  }

  /** The innermost commands. The script itself is always there. */
  #code(): CodeFrame {
    const frame = this.#frames.findLast((one) => one.kind === 'code');
    return frame ?? new CodeFrame('script');
  }

  #place(reference: Reference, kind: 'bare' | 'double' | 'heredoc' | 'comment'): void {
    this.#at = reference.end;
    const reason = kind === 'comment' ? undefined : this.#reasonAgainst(reference);
    if (kind !== 'comment') this.#code().append('\0');
    if (reason !== undefined) {
      this.#refuse(reference, reason);
      return;
    }
    this.#placed.set(reference.start, { reference, kind });
    if (kind !== 'comment') this.#watch(reference);
  }

  /** What comes later in a command may still speak against a reference: every command around it is to judge. */
  #watch(reference: Reference): void {
    const frames = this.#frames.filter((frame) => frame.kind === 'code');
    for (const [index, frame] of frames.entries()) {
      frame.test?.references.push(reference);
      frame.said.push(reference);
      frame.all.push(reference);
      if (frame.redirects === 'text' || frames[index + 1]?.opened === 'pipe')
        frame.texts.push(reference);
    }
  }

  #refuse(reference: Reference, reason: string): void {
    this.#placed.set(reference.start, refusedAt(reference, reason));
  }

  #reasonAgainst(reference: Reference): string | undefined {
    if (this.#unsure !== undefined) return this.#unsure;
    for (const frame of this.#frames) {
      if (frame.kind === 'opaque') return `it stands in ${frame.what}`;
      if (frame.kind === 'double' && frame.translated) return 'it stands in a translated text $"…"';
    }
    if (this.text[reference.start - 1] === '$') return 'a "$" stands right before it';
    return this.#commandReason();
  }

  /** What the commands around a place say against a reference; one can be left out. */
  #commandReason(except?: CodeFrame): string | undefined {
    for (const frame of this.#frames) {
      if (frame.kind !== 'code' || frame === except || frame.redirects !== 'no') continue;
      const reason = codeReason(frame.words, frame.word ?? '');
      if (reason !== undefined) return reason;
    }
    return undefined;
  }

  /** From here on quoting is not certain. */
  #giveUp(reason: string): void {
    this.#unsure ??= reason;
  }

  /** Refuses all references before `end` and goes there. */
  #skipTo(end: number, reason: string): void {
    for (const reference of this.references) {
      if (reference.start >= this.#at && reference.start < end) this.#refuse(reference, reason);
    }
    this.#at = Math.max(this.#at + 1, end);
  }

  #stepCode(frame: CodeFrame): void {
    const character = this.text[this.#at] ?? '';
    switch (character) {
      case '\\':
        this.#stepEscape();
        break;
      case "'":
        frame.append(this.#single());
        break;
      case '"':
        frame.append('');
        this.#frames.push({ kind: 'double', translated: false });
        this.#at += 1;
        break;
      case '$':
      case '`':
        this.#stepExpansion(character);
        break;
      case '#':
        if (frame.word === undefined) this.#comment();
        else this.#literal(frame, character);
        break;
      case ' ':
      case '\t':
      case '\n':
        this.#endWord(frame);
        this.#at += 1;
        if (character === '\n') this.#newline(frame);
        break;
      case ';':
      case '|':
      case '&':
        this.#separator(frame, character);
        break;
      case '(':
      case ')':
        this.#parenthesis(frame, character);
        break;
      case '<':
      case '>':
        this.#redirection(frame, character);
        break;
      default:
        this.#literal(frame, character);
    }
  }

  #literal(frame: CodeFrame, text: string): void {
    frame.append(text);
    this.#at += text.length;
  }

  #endWord(frame: CodeFrame): void {
    const word = frame.endWord();
    if (word === undefined) return;
    if (frame.test !== undefined) {
      if (ARITHMETIC_TESTS.has(word)) frame.test.arithmetic = true;
      if (word === ']]') this.#endTest(frame, false);
    } else if (frame.words.length > 0 && frame.command === word) {
      if (word === '[[') frame.test = { references: [], arithmetic: false };
      if (word === 'case' && frame.opened !== 'script')
        this.#giveUp('a case inside of parentheses stands before it');
    }
  }

  #endCommand(frame: CodeFrame, piped = false): void {
    for (const reference of frame.endCommand(piped)) {
      this.#refuse(reference, 'the command would read it as code');
    }
  }

  #endTest(frame: CodeFrame, unfinished: boolean): void {
    for (const reference of frame.endTest(unfinished)) {
      this.#refuse(reference, '"[[" would evaluate it as arithmetic or as a name');
    }
  }

  #stepEscape(): void {
    const reference = this.#byStart.get(this.#at + 1);
    if (reference !== undefined) {
      this.#refuse(reference, 'a backslash stands right before it');
      this.#at = reference.end;
      return;
    }
    const next = this.text[this.#at + 1] ?? '';
    if (next !== '\n') this.#code().append(next);
    this.#at += 2;
  }

  /** Skips a text in single quotes and returns it. */
  #single(): string {
    const start = this.#at + 1;
    const close = this.text.indexOf("'", start);
    const end = close === -1 ? this.text.length : close;
    this.#heredocsMustNotWait(start, end);
    this.#skipTo(end + 1, IN_SINGLE);
    return this.text.slice(start, end);
  }

  #comment(): void {
    const newline = this.text.indexOf('\n', this.#at);
    const end = newline === -1 ? this.text.length : newline;
    for (const reference of this.references) {
      if (reference.start >= this.#at && reference.end <= end) this.#place(reference, 'comment');
    }
    this.#at = end;
  }

  #stepDouble(): void {
    const character = this.text[this.#at] ?? '';
    if (character === '\\') this.#stepEscape();
    else if (character === '$' || character === '`') this.#stepExpansion(character);
    else if (character === '"') {
      this.#frames.pop();
      this.#at += 1;
    } else {
      if (character === '\n') this.#heredocsMustNotWait(this.#at, this.#at + 1);
      this.#literal(this.#code(), character);
    }
  }

  /** A `$` or a backtick, in commands or between double quotes. */
  #stepExpansion(character: string): void {
    const quoted = this.#frames.at(-1)?.kind === 'double';
    const code = this.#code();
    code.append('$');
    if (character === '`') {
      this.#skipTo(this.#unescaped('`') + 1, 'it stands between backticks');
      return;
    }
    const next = this.text[this.#at + 1];
    if (next === '(' && this.text[this.#at + 2] === '(')
      this.#enter(3, '))', 'arithmetic, which the shell evaluates');
    else if (next === '(') {
      this.#frames.push(new CodeFrame('substitution'));
      this.#at += 2;
    } else if (next === '{') this.#enter(2, '}', '${…}');
    else if (next === '[') this.#enter(2, ']', 'arithmetic, which the shell evaluates');
    else if (next === "'" && !quoted) {
      this.#at += 1;
      this.#skipTo(
        this.#unescaped("'") + 1,
        "it stands in a text $'…', where the shell fills nothing in",
      );
    } else if (next === '"' && !quoted) {
      this.#frames.push({ kind: 'double', translated: true });
      this.#at += 2;
    } else this.#at += 1;
  }

  #enter(length: number, close: OpaqueFrame['close'], what: string): void {
    this.#frames.push({ kind: 'opaque', close, what, depth: 0 });
    this.#at += length;
  }

  /** Offset of the next such character after the current one that no backslash stands before. */
  #unescaped(character: string): number {
    for (let at = this.#at + 1; at < this.text.length; at += 1) {
      if (this.text[at] === '\\') at += 1;
      else if (this.text[at] === character) return at;
    }
    return this.text.length;
  }

  #stepOpaque(frame: OpaqueFrame): void {
    const character = this.text[this.#at] ?? '';
    const inDouble = this.#frames.some((one) => one.kind === 'double');
    if (character === '\\') this.#stepEscape();
    else if (character === '$' || character === '`') this.#stepExpansion(character);
    else if (character === '"') {
      this.#frames.push({ kind: 'double', translated: false });
      this.#at += 1;
    } else if (character === "'") {
      if (inDouble)
        this.#giveUp(
          'a single quote in ${…} or arithmetic inside of double quotes stands before it',
        );
      this.#single();
    } else this.#stepBracket(frame, character);
  }

  #stepBracket(frame: OpaqueFrame, character: string): void {
    this.#at += 1;
    const [close = ''] = frame.close;
    if ((character === '(' && close === ')') || (character === '[' && close === ']'))
      frame.depth += 1;
    else if (character === close && frame.depth > 0) frame.depth -= 1;
    else if (character === close && frame.close !== '))') this.#frames.pop();
    else if (character === close && this.text[this.#at] === ')') {
      this.#frames.pop();
      this.#at += 1;
    } else if (character === close)
      this.#giveUp('parentheses that could be arithmetic stand before it');
  }

  #separator(frame: CodeFrame, character: string): void {
    const before = this.text[this.#at - 1] ?? ' ';
    const next = this.text[this.#at + 1] ?? ' ';
    const redirects =
      character === '&'
        ? '<>|'.includes(before) || next === '>'
        : before === '>' && character === '|';
    this.#at += next === character ? 2 : 1;
    if (redirects) return;
    this.#endWord(frame);
    this.#endCommand(frame, character === '|' && next !== '|');
  }

  #parenthesis(frame: CodeFrame, character: string): void {
    if (frame.test !== undefined) {
      this.#endWord(frame);
      this.#at += 1;
      return;
    }
    if (character === '(') {
      if (this.text[this.#at + 1] === '(') {
        this.#enter(2, '))', 'arithmetic, which the shell evaluates');
        return;
      }
      this.#frames.push(new CodeFrame('group'));
      this.#at += 1;
      return;
    }
    const empty = frame.word === undefined && frame.words.length === 0;
    this.#endWord(frame);
    this.#at += 1;
    if (frame.opened === 'script') {
      this.#endCommand(frame);
      return;
    }
    if (frame.heredocs.length > 0)
      this.#giveUp('a here-document that begins inside of parentheses stands before it');
    this.#endTest(frame, true);
    this.#endCommand(frame);
    this.#frames.pop();
    if (frame.opened === 'group') this.#afterGroup(this.#code(), empty);
  }

  /** After `)` a command may begin: the body of `f()`, or of a pattern of `case`. */
  #afterGroup(frame: CodeFrame, empty: boolean): void {
    if (empty) this.#endWord(frame);
    if (frame.word === undefined && frame.test === undefined) frame.words = [];
  }

  #redirection(frame: CodeFrame, character: string): void {
    if (frame.word !== undefined && /^\d+$/.test(frame.word)) frame.word = undefined;
    this.#endWord(frame);
    const { redirects } = frame;
    const rest = this.text.slice(this.#at, this.#at + 3);
    if (frame.test === undefined) frame.redirects = 'to';
    if (rest === '<<<') {
      frame.redirects = 'text';
      this.#at += 3;
    } else if (rest.startsWith('<<') && frame.test === undefined) this.#heredoc(frame);
    else if (rest[1] === '(') {
      // A word like any other, the name of a pipe: to an interpreter it is what "-" is.
      frame.redirects = redirects;
      frame.append('-');
      this.#frames.push(new CodeFrame('pipe'));
      this.#at += 2;
    } else if (rest.startsWith('>>')) {
      this.#appends ||= frame.test === undefined;
      this.#at += 2;
    } else this.#at += character.length;
  }

  #heredoc(frame: CodeFrame): void {
    const { length, heredoc } = readOperator(this.text, this.#at);
    frame.redirects = 'no';
    if (heredoc === undefined) this.#giveUp(UNCLEAR_END);
    else frame.heredocs.push(heredoc);
    this.#at += length;
  }

  #heredocsMustNotWait(from: number, to: number): void {
    const waits = this.#frames.some((frame) => frame.kind === 'code' && frame.heredocs.length > 0);
    if (waits && this.text.slice(from, to).includes('\n')) {
      this.#giveUp('a here-document whose beginning is not clear stands before it');
    }
  }

  /** After a newline: the bodies of the here-documents of the line, then a new command. */
  #newline(frame: CodeFrame): void {
    const elsewhere = this.#frames.some(
      (one) => one !== frame && one.kind === 'code' && one.heredocs.length > 0,
    );
    if (elsewhere) this.#giveUp('a here-document whose beginning is not clear stands before it');
    for (const heredoc of frame.heredocs) this.#body(heredoc, frame);
    frame.heredocs = [];
    this.#endCommand(frame);
    frame.line = [];
  }

  #body(heredoc: Heredoc, frame: CodeFrame): void {
    const start = this.#at;
    const body = readBody(this.text, start, heredoc);
    if (!body.clear) this.#giveUp(UNCLEAR_END);
    const opaque = this.#frames.some((one) => one.kind === 'opaque');
    const reason = opaque ? UNCLEAR : bodyReason(heredoc, body.text, [...frame.line, frame.words]);
    for (const reference of this.references) {
      if (reference.start < start || reference.start >= start + body.text.length) continue;
      const before = this.text[reference.start - 1];
      const blocked =
        before === '$' || before === '\\' ? `a "${before}" stands right before it` : undefined;
      const against = this.#unsure ?? reason ?? blocked ?? this.#commandReason(frame);
      if (against === undefined) {
        this.#placed.set(reference.start, { reference, kind: 'heredoc' });
        this.#watch(reference);
        frame.texts.push(reference);
      } else this.#refuse(reference, against);
    }
    this.#at = body.next;
  }
}
