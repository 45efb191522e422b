import { Argument, Command, Option } from 'commander';
import { describe, expect, it } from 'vitest';
import { placeOf } from '../../../src/cli/completion/place.js';
import { bashReply, splitLine } from '../../../src/cli/completion/shell-line.js';

/** As bash sets it. */
const BREAKS = ' \t\n"\'><=;|&(:';

const texts = (line: string): string[] => splitLine(line, BREAKS).map(({ text }) => text);

describe('a line as it is being typed', () => {
  it.each([
    ['', ['']],
    ['memsched ', ['memsched', '']],
    ['memsched run a\\ b', ['memsched', 'run', 'a b']],
    ["memsched run 'it is", ['memsched', 'run', 'it is']],
    ['memsched run "a \\"b\\" \\c" d', ['memsched', 'run', 'a "b" \\c', 'd']],
    ["memsched run 'a'\\''b'", ['memsched', 'run', "a'b"]],
    ['memsched run ""', ['memsched', 'run', '']],
    ['memsched run $HOME', ['memsched', 'run', '$HOME']],
    ['memsched run a\\', ['memsched', 'run', 'a']],
  ])('%j is %j', (line, words) => {
    expect(texts(line)).toEqual(words);
  });

  it.each([
    ['memsched show ali', 'align', 'align'],
    ['memsched show ', 'a b', 'a\\ b'],
    ['memsched show "a', 'a "b" $c', 'a \\"b\\" \\$c'],
    ["memsched show 'a", "a'b", "a'\\''b"],
    // Only what follows the last break is replaced.
    ['memsched run --tier=cg', '--tier=cgroup', 'cgroup'],
    ['memsched show exit:7', 'exit:75', '75'],
    // Not one that is quoted.
    ['memsched show "exit:7', 'exit:75', 'exit:75'],
    ['memsched show exit\\:7', 'exit:75', 'exit\\:75'],
    // A quote that is closed again is left as it was typed.
    ["memsched show 'a b'c", 'a bcd', "'a b'cd"],
  ])('%j: for %j bash is given %j', (line, value, reply) => {
    const word = splitLine(line, BREAKS).at(-1);
    expect(word && bashReply(value, word)).toBe(reply);
  });
});

function program(): Command {
  const run = new Command('run')
    .argument('<jobfile>')
    .argument('[job...]')
    .option('-j, --max-parallel <n>')
    .option('-q, --quiet')
    .addOption(new Option('--tier <tier>').choices(['a', 'b']));
  const map = new Command('map').argument('[command...]').option('-j <n>');
  const profile = new Command('profile').addCommand(
    new Command('show').addArgument(new Argument('<group>')).option('--profile-file <file>'),
  );
  return new Command('memsched').addCommand(run).addCommand(map).addCommand(profile);
}

describe('what is being typed', () => {
  it.each([
    [[''], 'command of memsched'],
    [['ru'], 'command of memsched'],
    [['profile', ''], 'command of profile'],
    [['help', ''], 'command of memsched'],
    [['help', 'profile', 'sh'], 'command of profile'],
    [['help', 'run', ''], 'nothing'],
    [['rnu', ''], 'nothing'],
    [['run', ''], 'argument jobfile'],
    [['run', '-'], 'argument jobfile'],
    [['run', '--'], 'option of run'],
    [['run', 'x', '-q', ''], 'argument job'],
    [['run', 'x', 'y', 'z', ''], 'argument job'],
    [['run', '-j', ''], 'value --max-parallel'],
    [['run', '-j', '4', ''], 'argument jobfile'],
    [['run', '-j4', ''], 'argument jobfile'],
    [['run', '--tier', ''], 'value --tier'],
    [['run', '--tier=a'], 'value --tier after --tier='],
    [['run', '--tier=a', ''], 'argument jobfile'],
    [['run', '--', '--x'], 'argument jobfile'],
    [['profile', 'show', 'x', ''], 'option of show'],
    [['profile', 'show', 'x', 'y'], 'nothing'],
    [['map', '-j', '4', '--', ''], 'inner 5'],
    [['map', '--', 'ls', '-'], 'inner 3'],
    [['map', 'ls', '--all'], 'inner 2'],
    [['map', '-'], 'inner 2'],
    [['map', '--j'], 'option of map'],
  ])('%j: %s', (words, told) => {
    const place = placeOf(program(), words);
    expect(wordsFor(place)).toBe(told);
  });

  it('knows the options before it', () => {
    const place = placeOf(program(), ['profile', 'show', '--profile-file', 'x.json', '']);
    expect(place).toMatchObject({ typed: { values: new Map([['--profile-file', 'x.json']]) } });
  });
});

function wordsFor(place: ReturnType<typeof placeOf>): string {
  switch (place.kind) {
    case 'command':
    case 'option':
      return `${place.kind} of ${place.of.name()}`;
    case 'value':
      return `value ${place.what.long ?? ''}${place.before === '' ? '' : ` after ${place.before}`}`;
    case 'argument':
      return `argument ${place.what.name()}`;
    case 'inner':
      return `inner ${place.at}`;
    case 'nothing':
      return 'nothing';
  }
}
