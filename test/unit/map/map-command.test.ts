import { describe, expect, it } from 'vitest';
import { scanScript } from '../../../src/adapters/jobfile/shell-scan.js';
import {
  argvCommand,
  lineCommand,
  scriptCommand,
  type MapCommand,
} from '../../../src/adapters/map/map-command.js';
import type { Result } from '../../../src/util/result.js';

function unwrap(made: Result<MapCommand, string>): MapCommand {
  if (!made.ok) throw new Error(made.error);
  return made.value;
}

function argv(words: readonly string[], args: readonly string[]): unknown {
  const made = unwrap(argvCommand(words, '{}')).forRow({ seq: 1, args });
  return made.command.kind === 'argv' ? made.command.argv : undefined;
}

describe('a command of words', () => {
  it.each([
    [['echo', '{}'], ['a b'], ['echo', 'a b']],
    [['echo'], ['$(x)', ';'], ['echo', '$(x)', ';']],
    [['cp', '{}', '{.}.bak'], ['a.c'], ['cp', 'a.c', 'a.bak']],
    [
      ['p', 'x{}y'],
      ['a', '1'],
      ['p', 'xa', '1y'],
    ],
    [
      ['p', '{2}-{1}', '{#}'],
      ['a', '1'],
      ['p', '1-a', '1'],
    ],
    [['{}'], ['./run'], ['./run']],
    [
      ['p', '{}{}'],
      ['a', 'b'],
      ['p', 'a', 'ba', 'b'],
    ],
    [['p', '{}'], [''], ['p', '']],
  ])('%j of %j is %j', (words, args, expected) => {
    expect(argv(words, args)).toEqual(expected);
  });

  it('is told as a line that a shell would take', () => {
    const made = unwrap(argvCommand(['echo', '{}'], '{}')).forRow({ seq: 1, args: ["it's"] });
    expect(made.text()).toBe(`echo 'it'\\''s'`);
  });
});

function script(text: string, args: readonly string[], sources: number | undefined = args.length) {
  return unwrap(scriptCommand(text, '{}', sources, scanScript)).forRow({ seq: 3, args });
}

describe('a script', () => {
  it('never has a value in it', () => {
    const made = script('gzip -c {} > {.}.gz; echo "{/} {#}"', ['a b/$(x).txt']);
    expect(made.command).toEqual({
      kind: 'shell',
      shell: ['bash', '-c'],
      script:
        'gzip -c "${MEMSCHED_ARG}" > "${MEMSCHED_ARG_NOEXT}".gz; echo "${MEMSCHED_ARG_BASE} ${MEMSCHED_SEQ}"',
    });
    expect(made.env).toEqual({
      MEMSCHED_ARG: 'a b/$(x).txt',
      MEMSCHED_ARG_NOEXT: 'a b/$(x)',
      MEMSCHED_ARG_BASE: '$(x).txt',
      MEMSCHED_SEQ: '3',
    });
    expect(made.text()).toBe(`gzip -c 'a b/$(x).txt' > 'a b/$(x)'.gz; echo ""'$(x).txt'" "3""`);
  });

  it('gets its arguments behind it when it names none', () => {
    expect(script('wc -l <', ['f']).command).toMatchObject({ script: 'wc -l < "${MEMSCHED_ARG}"' });
    expect(script('echo; echo', ['a', 'b']).command).toMatchObject({
      script: 'echo; echo "${MEMSCHED_ARG1}" "${MEMSCHED_ARG2}"',
    });
  });

  it('is refused where a value cannot be told from syntax', () => {
    expect(scriptCommand(`sh -c 'echo {}'`, '{}', 1, scanScript)).toMatchObject({
      ok: false,
      error: expect.stringMatching(/\{\} cannot be filled in safely.*MEMSCHED_ARG/) as string,
    });
  });

  it('has to name the columns one by one', () => {
    expect(scriptCommand('echo {}; x', '{}', undefined, scanScript)).toMatchObject({
      ok: false,
      error: expect.stringContaining('{1} {2}') as string,
    });
    expect(script('echo {2} | cat', ['a', 'b'], undefined).env).toEqual({ MEMSCHED_ARG2: 'b' });
  });
});

it('a line is a command of its own when there is no other', () => {
  const made = lineCommand().forRow({ seq: 1, args: ['echo a | cat'] });
  expect(made.command).toMatchObject({ kind: 'shell', script: 'echo a | cat' });
});
