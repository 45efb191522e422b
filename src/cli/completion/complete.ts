import type { Command } from 'commander';
import { printable } from '../../util/printable.js';
import { writeOut } from '../print.js';
import { answerAt, type Answer, type Candidate } from './candidates.js';
import { placeOf, type Place } from './place.js';
import { bashReply, splitLine, type TypedWord } from './shell-line.js';

/** The hidden command that the scripts of {@link completionScript} ask. */
export const COMPLETE_COMMAND = '__complete';

/** Makes the tree of commands, or as much of it as the command named needs. */
type BuildProgram = (wanted: string | undefined) => Promise<Command>;

/**
 * Answers a shell: on the first line what kind of answer follows (`these`, `these open`, `files`, `folders`,
 * `inner N COUNT`), then the candidates, one a line. Whatever goes wrong (no such run, a damaged journal), a key was
 * pressed and nothing more: then there is nothing to suggest, and nothing is said.
 *
 * @param args - `bash LINE WORDBREAKS`, the line up to the cursor; or `zsh|fish -- WORD…`, without the name of the
 * program and with the word that is being typed last.
 */
export async function complete(args: readonly string[], build: BuildProgram): Promise<void> {
  try {
    const [shell, ...rest] = args;
    await writeOut(
      shell === 'bash' ? await forBash(rest, build) : await forOthers(shell, rest, build),
    );
  } catch {
    await writeOut('these\n');
  }
}

async function forBash([line = '', breaks = '']: readonly string[], build: BuildProgram) {
  const all = splitLine(line, breaks);
  const words = withoutRedirections(all);
  const word = words.at(-1);
  // The name of a file that is written to or read from: the shell's own affair.
  if (word === undefined || words.length < 2) return 'files\n';
  const { place, answer } = await ask(
    words.slice(1).map(({ text }) => text),
    build,
  );
  const before = place.kind === 'value' ? place.before : '';
  return lines(answer, words.length, ({ value }) => {
    const whole = before + value;
    return whole.startsWith(word.text) ? bashReply(whole, word) : undefined;
  });
}

const REDIRECTION = /^(?:\d*(?:>>|>\||<|>)|&>>?)/;

function withoutRedirections(words: readonly TypedWord[]): readonly TypedWord[] {
  return words.filter(({ raw }, at) => {
    const before = words[at - 1]?.raw ?? '';
    return !REDIRECTION.test(raw) && REDIRECTION.exec(before)?.[0] !== before;
  });
}

/** These shells quote by themselves, and choose among what is offered by rules of their own. */
async function forOthers(
  shell: string | undefined,
  [, ...words]: readonly string[],
  build: BuildProgram,
) {
  const { place, answer } = await ask(words, build);
  const before = place.kind === 'value' && shell === 'fish' ? place.before : '';
  return lines(
    answer,
    words.length + 1,
    ({ value, description = '' }) => `${before}${value}\t${printable(description)}`,
  );
}

async function ask(
  words: readonly string[],
  build: BuildProgram,
): Promise<{ place: Place; answer: Answer }> {
  // Only a command that is there in full is loaded alone.
  const place = placeOf(await build(words.length > 1 ? words[0] : undefined), words);
  return { place, answer: await answerAt(place, words.at(-1) ?? '') };
}

function lines(
  answer: Answer,
  count: number,
  format: (candidate: Candidate) => string | undefined,
): string {
  switch (answer.kind) {
    case 'files':
    case 'folders':
      return `${answer.kind}\n`;
    case 'inner':
      return `inner ${answer.at} ${count}\n`;
    case 'these':
      return [
        answer.open === true ? 'these open' : 'these',
        ...answer.candidates.flatMap((one) => (isTypable(one.value) ? (format(one) ?? []) : [])),
        '',
      ].join('\n');
  }
}

/** What a terminal would obey, or a line would end in, is neither shown nor typed for the user. */
function isTypable(value: string): boolean {
  return value !== '' && printable(value) === value;
}
