import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { scanScript } from '../../src/adapters/jobfile/shell-scan.js';
import { argvCommand, scriptCommand, type RowCommand } from '../../src/adapters/map/map-command.js';
import { findReplacements, valuesOf } from '../../src/adapters/map/replacement.js';
import { ATTACKS } from '../unit/jobfile/hostile-scripts.js';

/**
 * The law: whatever a line of input is, it reaches the command as it is, and nothing of it is run. Checked with a real
 * bash; `canary pwned` leaves a file behind, which a line that was read as shell syntax would do.
 */
let folder: string;
let bin: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'memsched-map-injection-'));
  bin = join(folder, 'bin');
  mkdirSync(bin);
  const program = (name: string, script: string): void => {
    writeFileSync(join(bin, name), script, { mode: 0o755 });
  };
  program('emit', `#!/bin/sh\nprintf '%s\\0' "$@" >> "$OUT"\n`);
  program('canary', `#!/bin/sh\n[ "\${1-}" = pwned ] && : > "$CANARY"\nexit 0\n`);
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

function run({ command, env }: RowCommand): { emitted: readonly string[]; isPwned: boolean } {
  const [out, canary] = [join(folder, 'OUT'), join(folder, 'CANARY')];
  for (const path of [out, canary]) rmSync(path, { force: true });
  const argv = command.kind === 'shell' ? [...command.shell, command.script] : command.argv;
  spawnSync(argv[0] ?? '', argv.slice(1), {
    cwd: folder,
    env: { PATH: `${bin}:/usr/bin:/bin`, HOME: folder, OUT: out, CANARY: canary, ...env },
    stdio: 'ignore',
    timeout: 20_000,
  });
  const emitted = existsSync(out) ? readFileSync(out, 'utf8').split('\0').slice(0, -1) : [];
  return { emitted, isPwned: existsSync(canary) };
}

/** A line of input: attacks, pieces of them, anything; NUL alone cannot be part of an argument. */
const line = fc
  .array(
    fc.oneof(
      fc.constantFrom(...ATTACKS, 'canary pwned', '$(canary pwned)', '`canary pwned`', '{}', '\n'),
      fc.string({ unit: 'grapheme', maxLength: 4 }),
    ),
    { maxLength: 3 },
  )
  .map((parts) => parts.join('').replaceAll('\0', ''));

const replacement = fc.constantFrom('{}', '{.}', '{/}', '{//}', '{/.}', '{1}', '{-1}', '{#}');

/** Ways to put a replacement string into a script. */
const place = fc.constantFrom(
  (text: string) => `emit ${text}`,
  (text: string) => `emit "${text}"`,
  (text: string) => `emit a${text}b`,
  (text: string) => `x=${text}; emit "$x"`,
  (text: string) => `emit "$(printf %s ${text}; echo .)"`,
  (text: string) => `if true; then emit ${text} 'quoted'; fi`,
  (text: string) => `for v in ${text}; do emit "$v"; done`,
  (text: string) => `emit [${text}]* "\${HOME:+${text}}"`,
  (text: string) => `cat <<END > /dev/null\n${text}\nEND\nemit ${text}`,
  (text: string) => `emit '${text}'`,
  (text: string) => `eval emit ${text}`,
);

describe('no line of input', () => {
  it('is read as shell syntax, or split, in a command of words', () => {
    fc.assert(
      fc.property(line, replacement, fc.constantFrom('', 'a'), (arg, text, around) => {
        const made = argvCommand(['emit', `${around}${text}`], '{}');
        if (!made.ok) throw new Error(made.error);
        const row = { seq: 1, args: [arg] };
        const found = findReplacements(text, '{}');
        const [value = ''] = found.ok ? found.value.flatMap((one) => valuesOf(one, row)) : [];
        expect(run(made.value.forRow(row))).toEqual({ emitted: [around + value], isPwned: false });
      }),
      { numRuns: 150 },
    );
  });

  it('is read as shell syntax in a script: it is filled in whole, or the script is refused', () => {
    fc.assert(
      fc.property(line, replacement, place, (arg, text, put) => {
        const script = put(text);
        const made = scriptCommand(script, '{}', 1, scanScript);
        if (!made.ok) {
          expect(made.error).toContain('cannot be filled in safely');
          return;
        }
        const row = made.value.forRow({ seq: 1, args: [arg] });
        // What the user's own `eval` makes of it is the user's.
        if (script.startsWith('eval')) return;
        expect(run(row).isPwned, script).toBe(false);
        expect(row.command.kind === 'shell' && row.command.script).toBe(
          (made.value.forRow({ seq: 2, args: ['other'] }).command as { script: string }).script,
        );
      }),
      { numRuns: 300 },
    );
  });

  it('changes in a script, wherever it stands as a word of its own', () => {
    fc.assert(
      fc.property(
        line,
        fc.constantFrom('emit {}', 'emit "{}"', 'x={}; emit "$x"'),
        (arg, script) => {
          const made = scriptCommand(script, '{}', 1, scanScript);
          if (!made.ok) throw new Error(made.error);
          const emitted = run(made.value.forRow({ seq: 1, args: [arg] }));
          expect(emitted).toEqual({ emitted: [arg], isPwned: false });
        },
      ),
      { numRuns: 150 },
    );
  });

  it('is run by the text of the command, which may be pasted into a shell', () => {
    fc.assert(
      fc.property(
        line,
        fc.constantFrom('emit {}', 'emit "{}"', 'emit a{}b; true {#}'),
        fc.boolean(),
        (arg, script, isScript) => {
          const made = isScript
            ? scriptCommand(script, '{}', 1, scanScript)
            : argvCommand(['emit', '{}'], '{}');
          if (!made.ok) throw new Error(made.error);
          const text = made.value.forRow({ seq: 1, args: [arg] }).text();
          const pasted = run({
            command: { kind: 'shell', shell: ['bash', '-c'], script: text },
            env: {},
            text: () => text,
          });
          const isWithin = isScript && script.includes('a{}b');
          expect(pasted).toEqual({ emitted: [isWithin ? `a${arg}b` : arg], isPwned: false });
        },
      ),
      { numRuns: 150 },
    );
  });
});
