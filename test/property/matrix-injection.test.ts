import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stringify } from 'yaml';
import { loadJobfile } from '../../src/adapters/jobfile/load.js';
import type { LaunchSpec } from '../../src/supervisor/ports.js';
import { present } from '../../src/util/assert.js';
import { OPTIONS } from '../unit/jobfile/helpers.js';
import { ATTACKS, HOSTILE, TOKENS } from '../unit/jobfile/hostile-scripts.js';

/**
 * The law: whatever a matrix value is and however the reference to it is quoted, the value reaches the command as it
 * is, or the jobfile is refused; it is never run. Checked with real shells. `canary pwned` leaves a file behind; a
 * value that was read as shell syntax anywhere would run it.
 */
let folder: string;
let bin: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'memsched-injection-'));
  bin = join(folder, 'bin');
  mkdirSync(bin);
  const program = (name: string, script: string): void => {
    writeFileSync(join(bin, name), script);
    chmodSync(join(bin, name), 0o755);
  };
  program('emit', `#!/bin/sh\nprintf '%s\\0' "$@" >> "$OUT"\n`);
  program('canary', `#!/bin/sh\n[ "\${1-}" = pwned ] && : > "$CANARY"\nexit 0\n`);
  for (const name of ['bash', 'dash', 'sh', 'cat', 'sed', 'awk', 'env', 'python3', 'perl']) {
    const path = ['/bin', '/usr/bin'].map((dir) => join(dir, name)).find((one) => existsSync(one));
    if (path !== undefined) symlinkSync(path, join(bin, name));
  }
});

afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

let runs = 0;

/** Runs a task's command; what it emitted, and whether a value was run. */
function run(launch: LaunchSpec): {
  readonly emitted: readonly string[];
  readonly pwned: boolean;
  readonly stderr: string;
} {
  runs += 1;
  const cwd = join(folder, `run-${String(runs)}`);
  mkdirSync(cwd);
  const out = join(cwd, 'OUT');
  const canary = join(folder, `canary-${String(runs)}`);
  const { command } = launch;
  const [file = '', ...args] =
    command.kind === 'shell' ? [...command.shell, command.script] : command.argv;
  const child = spawnSync(join(bin, file), args, {
    cwd,
    env: { PATH: bin, HOME: cwd, OUT: out, CANARY: canary, ...launch.env },
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 20_000,
    encoding: 'utf8',
  });
  const emitted = existsSync(out) ? readFileSync(out, 'utf8').split('\0').slice(0, -1) : [];
  const pwned = existsSync(canary);
  rmSync(cwd, { recursive: true, force: true });
  return { emitted, pwned, stderr: child.stderr };
}

/** The launch of the one task of a job, or undefined when the jobfile is refused. */
function launchOf(job: Record<string, unknown>): LaunchSpec | undefined {
  const text = stringify({ version: 1, jobs: { a: job } }, { lineWidth: 0 });
  const result = loadJobfile(new TextEncoder().encode(text), OPTIONS);
  return result.ok
    ? present([...result.value.launches.values()][0], 'the job has a task')
    : undefined;
}

const value = fc
  .array(fc.oneof(fc.constantFrom(...ATTACKS), fc.string({ unit: 'grapheme', maxLength: 4 })), {
    minLength: 1,
    maxLength: 5,
  })
  .map(
    (parts) =>
      parts
        .join('')
        .replace(/[\0/]|\p{Cs}/gu, '')
        .trim() || 'x',
  );

const spelling = fc.constantFrom('${{ matrix.v }}', '${{matrix.v}}', '${{  matrix.v\t}}');

/** Places where a reference is welcome, what is emitted there, and whether it takes bash. */
const SNIPPETS: readonly {
  readonly script: (r: string) => string;
  readonly emits: (v: string) => readonly string[];
  readonly bash?: true;
}[] = [
  { script: (r) => `emit ${r}`, emits: (v) => [v] },
  { script: (r) => `emit "${r}"`, emits: (v) => [v] },
  { script: (r) => `emit pre-${r}-post`, emits: (v) => [`pre-${v}-post`] },
  { script: (r) => `emit "it's ${r} 'there'"`, emits: (v) => [`it's ${v} 'there'`] },
  { script: (r) => `emit 'a "b'${r}"c 'd"`, emits: (v) => [`a "b${v}c 'd`] },
  { script: (r) => `emit ${r}${r}`, emits: (v) => [v + v] },
  { script: (r) => `emit \\'${r}\\"`, emits: (v) => [`'${v}"`] },
  { script: (r) => `x=${r}; emit "$x"`, emits: (v) => [v] },
  { script: (r) => `x="<${r}>" y=${r}\nemit "$x" "$y"`, emits: (v) => [`<${v}>`, v] },
  { script: (r) => `# don't "mind $( ${r}\nemit ${r} # it's ${r}`, emits: (v) => [v] },
  { script: (r) => `emit "$(printf '%s.' ${r})"`, emits: (v) => [`${v}.`] },
  { script: (r) => `emit "$(printf '%s.' "<${r}>")" ${r}`, emits: (v) => [`<${v}>.`, v] },
  { script: (r) => `( emit ${r} )\n{ emit ${r}; }`, emits: (v) => [v, v] },
  { script: (r) => `if [ ${r} = "${r}" ]; then emit ${r}; fi`, emits: (v) => [v] },
  {
    script: (r) => `case ${r} in\n  "${r}") emit yes ;;\n  *) emit no ;;\nesac\nemit ${r}`,
    emits: (v) => ['yes', v],
  },
  { script: (r) => `for x in 1 ${r} "2"; do emit "$x"; done`, emits: (v) => ['1', v, '2'] },
  { script: (r) => `f() { emit "$1" ${r}; }\nf "${r}"`, emits: (v) => [v, v] },
  { script: (r) => `export X=${r} Y="${r}"\nemit "$X" "$Y"`, emits: (v) => [v, v] },
  { script: (r) => `x=$(cat <<EOF\n<${r}>\nEOF\n)\nemit "$x" ${r}`, emits: (v) => [`<${v}>`, v] },
  {
    script: (r) =>
      `cat > f <<-'A' ; cat > g <<B\nliteral $(x) 'A\n\tA\nit's "${r}"\nB\nemit "$(cat f)" "$(cat g)" ${r}`,
    emits: (v) => ["literal $(x) 'A", `it's "${v}"`, v],
  },
  { script: (r) => `bash -eu -c 'emit "$1"' _ ${r} </dev/null`, emits: (v) => [v] },
  { script: (r) => `emit a \\\n  ${r} \\\n  b`, emits: (v) => ['a', v, 'b'] },
  { script: (r) => `false || emit ${r} && emit "${r}" 2>&1 | cat`, emits: (v) => [v, v] },
  { script: (r) => `emit "$(( 1 + (2) ))" ${r} "\${HOME:+}" ${r}`, emits: (v) => ['3', v, '', v] },
  { script: (r) => `awk -v 'x=1' 'END { }' </dev/null; emit ${r}`, emits: (v) => [v] },
  { script: (r) => `printf '%s.' ${r} | sed '' > f; emit "$(cat f)"`, emits: (v) => [`${v}.`] },
  {
    script: (r) => `if [[ ${r} == "${r}" && -n ${r} ]]; then emit ${r}; fi`,
    emits: (v) => [v],
    bash: true,
  },
  { script: (r) => `a=(1 ${r} "${r}"); emit "\${a[@]}"`, emits: (v) => ['1', v, v], bash: true },
  {
    script: (r) => `IFS= read -r -d '' x < <(printf '%s\\0' ${r}); emit "$x"`,
    emits: (v) => [v],
    bash: true,
  },
  { script: (r) => `x=$(cat <<< ${r}.); emit "$x"`, emits: (v) => [`${v}.`], bash: true },
  {
    script: (r) => `printf -v x %s. ${r}; emit "$x" $'it\\'s' "$" ${r}`,
    emits: (v) => [`${v}.`, "it's", '$', v],
    bash: true,
  },
];

describe('matrix values', () => {
  it.each(SNIPPETS.map((snippet, index) => [index, snippet] as const))(
    'arrive as they are: snippet %i',
    (_index, { script, emits, bash }) => {
      const shells =
        bash === true ? [undefined] : [undefined, 'dash -eu -c', ['env', 'bash', '-c']];
      fc.assert(
        fc.property(value, spelling, fc.constantFrom(...shells), (v, r, shell) => {
          const launch = launchOf({
            matrix: { v: [v] },
            run: script(r),
            ...(shell === undefined ? {} : { shell }),
          });
          const { emitted, pwned, stderr } = run(
            present(launch, `the script is accepted: ${script(r)}`),
          );
          expect({ emitted, stderr }).toEqual({ emitted: emits(v), stderr });
          expect(pwned).toBe(false);
        }),
        { numRuns: 20 },
      );
    },
  );

  it('arrive as they are when snippets follow each other', () => {
    const snippet = fc.constantFrom(...SNIPPETS);
    fc.assert(
      fc.property(
        fc.array(snippet, { minLength: 2, maxLength: 6 }),
        value,
        spelling,
        (snippets, v, r) => {
          const launch = launchOf({
            matrix: { v: [v] },
            run: snippets.map(({ script }) => script(r)).join('\n'),
          });
          const { emitted, pwned } = run(present(launch, 'the script is accepted'));
          expect(emitted).toEqual(snippets.flatMap(({ emits }) => emits(v)));
          expect(pwned).toBe(false);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('arrive as they are in an argv, the environment and the folder', () => {
    fc.assert(
      fc.property(value, spelling, (v, r) => {
        const launch = launchOf({
          matrix: { v: [v] },
          run: ['emit', r, `<${r}>`, `$(${r})`],
          env: { E: `e${r}` },
          cwd: `w${r}`,
          stdin: `${r}.txt`,
        });
        const { command, env, cwd, stdin } = present(launch, 'the jobfile is accepted');
        expect(command).toEqual({ kind: 'argv', argv: ['emit', v, `<${v}>`, `$(${v})`] });
        expect(env).toEqual({ E: `e${v}`, MATRIX_V: v });
        expect(cwd).toBe(`/base/w${v}`);
        expect(stdin).toBe(`/base/w${v}/${v}.txt`);
      }),
      { numRuns: 200 },
    );
  });

  it.each(HOSTILE)('are never run as code: %j', (hostile) => {
    const script = hostile.replaceAll('R', '${{ matrix.v }}');
    for (const v of ATTACKS) {
      const launch = launchOf({ matrix: { v: [v] }, run: script, shell: 'bash -c' });
      if (launch !== undefined) expect({ v, ...run(launch) }).toMatchObject({ pwned: false });
    }
  });

  it('are never run, however strange the script', () => {
    let accepted = 0;
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...TOKENS), { minLength: 1, maxLength: 14 }),
        value,
        (tokens, v) => {
          const script = tokens.join('').replaceAll('R', '${{ matrix.v }}');
          // A script that names the very variables is the author's own affair, and one that is only space is refused.
          fc.pre(script.includes('${{') && script.trim() !== '');
          const launch = launchOf({ matrix: { v: [v] }, run: script, shell: 'bash -c' });
          if (launch === undefined) return;
          accepted += 1;
          expect(run(launch).pwned).toBe(false);
        },
      ),
      { numRuns: 800 },
    );
    expect(accepted).toBeGreaterThan(50);
  });
});
