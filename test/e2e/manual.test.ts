import { execa } from 'execa';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { Command } from 'commander';
import { buildProgram } from '../../src/cli/program.js';
import { runCli } from '../support/cli.js';

const MAN = fileURLToPath(new URL('../../man/', import.meta.url));
const PAGE = `${MAN}memsched.1`;
const program = await buildProgram();

/** Every command that help tells of, with the words that lead to it. */
function commandsBelow(command: Command, path: readonly string[]): (readonly string[])[] {
  return command
    .createHelp()
    .visibleCommands(command)
    .filter((one) => one.name() !== 'help')
    .flatMap((one) => [[...path, one.name()], ...commandsBelow(one, [...path, one.name()])]);
}

const COMMANDS = commandsBelow(program, []);

describe('the help', () => {
  it.each([[[]], ...COMMANDS.map((path) => [path])])(
    'of %j fits 80 columns and shows examples',
    async (path: readonly string[]) => {
      const asked = await runCli([...path, '--help']);
      expect(asked.exitCode, asked.stderr).toBe(0);
      expect(asked.stdout.split('\n').filter((line) => line.length > 80)).toEqual([]);
      const examples = asked.stdout.split('\nExamples:\n')[1] ?? '';
      expect(examples).toContain(`memsched ${path.join(' ')}`);
      const told = await runCli(['help', ...path]);
      expect(told.stdout).toBe(asked.stdout);
    },
  );

  it.each([
    [['rnu'], 'run', 'memsched --help'],
    [['help', 'rnu'], 'run', 'memsched --help'],
    [['profile', 'lss'], 'ls', 'memsched profile --help'],
    [['help', 'profile', 'sohw'], 'show', 'memsched profile --help'],
    [['run', '--bugdet', '1G'], '--budget', 'memsched run --help'],
    [['profile', 'ls', '--jsno'], '--json', 'memsched profile ls --help'],
  ])('%j: suggests %s, and says where there is more', async (args, suggestion, more) => {
    const end = await runCli(args);
    expect(end.exitCode).toBe(2);
    expect(end.stderr).toContain(`(Did you mean ${suggestion}?)`);
    expect(end.stderr).toContain(`(${more} says more)`);
  });
});

describe('the manual', () => {
  it.each(['memsched.1', 'memsched-jobfile.5'])(
    '%s has no fault that mandoc or man knows',
    async (name) => {
      const page = `${MAN}${name}`;
      const lint = await execa('mandoc', ['-Tlint', '-Wstyle', page], { reject: false });
      expect(lint.stdout).toBe('');
      const man = await execa('man', ['--warnings', '-l', page], { env: { MANPAGER: 'cat' } });
      expect(man.stderr).toBe('');
    },
  );

  it('tells of every command and option', async () => {
    const { stdout } = await execa('mandoc', ['-Tascii', PAGE], { env: { MANWIDTH: '200' } });
    const page = stdout.replace(/.\x08/g, ''); // eslint-disable-line no-control-regex -- how terminals once printed bold
    for (const path of COMMANDS) {
      expect(page).toContain(`MEMSCHED ${path.join(' ').toUpperCase()}\n`);
      const help = await runCli([...path, '--help']);
      const options = help.stdout.match(/^ {2}(-.*?)(?= {2}|$)/gm) ?? [];
      for (const flags of options.map((one) => one.trim()))
        if (flags !== '-h, --help') expect(page, path.join(' ')).toContain(flags);
    }
  });
});
