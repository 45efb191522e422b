import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, it } from 'vitest';
import { MEMSCHED } from '../support/cli.js';
import { tempDir } from '../support/temp-dir.js';

/** What a line of shell came to. */
interface Outcome {
  readonly stdout: string;
  readonly stderr: string;
  readonly succeeded: boolean;
  /** Files that are there afterwards, with what is in them. */
  readonly files: Readonly<Record<string, string>>;
}

/** Names that take a shell's fancy. */
const NASTY = [
  'plain',
  'with space',
  "it's",
  'a"b',
  '$(touch pwned)',
  '`touch pwned`',
  'semi;touch pwned',
  'new\nline',
  'tab\there',
  'star*',
  '&background',
  '$HOME',
  '-n',
  'back\\slash',
  'ünï',
];

async function sh(script: string, prepare: (folder: string) => void): Promise<Outcome> {
  const folder = tempDir();
  const home = tempDir();
  mkdirSync(join(home, '.parallel'));
  writeFileSync(join(home, '.parallel', 'will-cite'), '');
  prepare(folder);
  const { stdout, stderr, exitCode } = await execa('bash', ['-c', script], {
    cwd: folder,
    env: { HOME: home, XDG_STATE_HOME: home, NODE: process.execPath, MEMSCHED, NO_COLOR: '1' },
    reject: false,
    stripFinalNewline: false,
    timeout: 60_000,
  });
  const files = Object.fromEntries(
    readdirSync(folder)
      .sort()
      .map((name) => [name, readFileSync(join(folder, name), 'latin1')]),
  );
  return { stdout, stderr, succeeded: exitCode === 0, files };
}

/** The same line for both: `MAP` stands for `parallel`, or for `memsched map -q`. */
async function both(
  line: string,
  prepare: (folder: string) => void = () => undefined,
): Promise<{ readonly parallel: Outcome; readonly memsched: Outcome }> {
  const [parallel, memsched] = await Promise.all([
    sh(line.replaceAll('MAP', 'parallel'), prepare),
    sh(line.replaceAll('MAP', '"$NODE" "$MEMSCHED" map -q'), prepare),
  ]);
  return { parallel, memsched };
}

const list = (folder: string): void => {
  writeFileSync(join(folder, 'list'), NASTY.filter((name) => !name.includes('\n')).join('\n'));
  writeFileSync(join(folder, 'list0'), NASTY.map((name) => `${name}\0`).join(''));
};
const files = (folder: string): void => {
  for (const name of NASTY) writeFileSync(join(folder, name), `content of ${name}\n`);
};

describe('one line through GNU parallel and through map comes to the same', () => {
  it.each([
    'seq 200 | MAP true',
    'MAP -k echo ::: a b ::: 1 2',
    'MAP -k echo {2}-{1} {} ::: a b ::: 1 2 ::: x y',
    'MAP -k echo {1}-{2} ::: a b c :::+ 1 2',
    'MAP -k echo {#} {} ::: a b c',
    'MAP -k echo {-1} {1} ::: a ::: b',
    'MAP -k printf "[%s]" x{}y ::: a b ::: 1 2',
    "MAP -k printf '[%s]' {} {.} {/} {//} {/.} ::: d/a.tar.gz b.c plain /root/x.y a. ./c.x",
    "MAP -k printf '[%s]' < list",
    "MAP -k printf '[%s]' :::: list",
    "MAP -k -a list printf '[%s]' {}",
    "MAP -k -0 printf '[%s]' {} < list0",
    "MAP -k printf '[%s]' {} ::: '$(touch pwned)' '`touch pwned`' ';touch pwned' \"it's\" 'a b' '*'",
    "printf 'a b,c\\n d ,e\\n' | MAP -k --colsep , printf '[%s]' {2} {1}",
    "printf 'x\\ty\\n' | MAP --colsep '\\t' printf '[%s]' {2}{1}",
    "printf 'a\\n\\nb\\n' | MAP -k printf '[%s]'",
    "printf 'a\\n\\nb\\n' | MAP -k -r printf '[%s]'",
    "printf 'a,b,c' | MAP -k -d , printf '[%s]'",
    "MAP -k -N2 printf '[%s]' {2} {1} ::: a b c d",
    "MAP -k -n 3 printf '[%s]' ::: a b c d e f",
    "MAP -k -I ,, printf '[%s]' ,, ,,x ::: a b",
    "MAP -k 'sleep 0.{}; echo {}' ::: 3 1 2",
    "MAP 'gzip -nc {} > {}.gz' ::: \"it's\" 'with space' plain",
    'MAP -k \'echo "{}" | tr a-z A-Z\' ::: abc def',
    "MAP -k 'for i in 1 2; do echo $i {}; done' ::: a b",
    'printf \'echo one; echo two\\nprintf "%%s\\\\n" "$((1+2))"\\n\' | MAP -k',
    'MAP -k ::: "echo a" "echo b | cat"',
    'MAP -k echo :::: list ::: 1 2',
    "MAP 'exit {}' ::: 0 0",
    "MAP 'exit {}' ::: 0 3",
    'MAP false ::: 1 2 3',
    "MAP -k 'echo out{}; echo err{} >&2' ::: 1 2 3",
    "printf 'caf\\351\\n' | MAP printf '%s' | od -An -tx1",
  ])('%s', async (line) => {
    const { parallel, memsched } = await both(line, list);
    expect(memsched.stdout, memsched.stderr).toBe(parallel.stdout);
    expect(memsched.succeeded, memsched.stderr).toBe(parallel.succeeded);
    expect(Object.keys(memsched.files)).toEqual(Object.keys(parallel.files));
  });

  it('find -print0 with xz makes the same files, whatever they are called', async () => {
    const line = 'find . -type f -print0 | MAP -0 xz -9k {}';
    const { parallel, memsched } = await both(line, files);
    expect(memsched.succeeded, memsched.stderr).toBe(true);
    expect(memsched.files).toEqual(parallel.files);
    expect(Object.keys(memsched.files)).toHaveLength(2 * NASTY.length);
  });

  it('standard error comes where it belongs', async () => {
    const { parallel, memsched } = await both("MAP -k 'echo out{}; echo err{} >&2' ::: 1 2");
    expect(memsched.stderr).toBe(parallel.stderr);
  });

  it('dry runs print commands that come to the same', async () => {
    const line = "MAP -k --dry-run printf '[%s]' {} {.} ::: \"it's\" 'a b' '$(x)' '' | bash";
    const { parallel, memsched } = await both(line);
    expect(memsched.stdout).toBe(parallel.stdout);
  });

  it('tagged lines are the same, in whatever order', async () => {
    const line = (map: string): string => `${map} -k echo ::: a 'b c' ::: 1 2`;
    const parallel = await sh(line('parallel --tag'), list);
    const memsched = await sh(line('"$NODE" "$MEMSCHED" map -q --output tag'), list);
    expect(memsched.stdout).toBe(parallel.stdout);
  });
});

describe('a joblog of map', () => {
  const map = '"$NODE" "$MEMSCHED" map -q --joblog log';

  it('has what GNU parallel writes into one', async () => {
    const columns = (log = ''): string[] =>
      log
        .trimEnd()
        .split('\n')
        .map((line) => line.split('\t'))
        .map(([seq = '', host = '', , , , , exit = '', signal = '']) =>
          [seq, host, exit, signal].join(' '),
        )
        .sort();
    const line = (of: string): string =>
      `${of} --joblog a 'exit {}' ::: 0 3; ${of} --joblog b 'kill -9 $$; echo {}' ::: 1`;
    const { parallel, memsched } = await both(line('MAP'));
    for (const name of ['a', 'b'])
      expect(columns(memsched.files[name])).toEqual(columns(parallel.files[name]));
    expect(memsched.files['a']?.split('\n')[0]).toBe(parallel.files['a']?.split('\n')[0]);
  });

  it('lets GNU parallel run the failed ones again, and only those', async () => {
    const end = await sh(
      `${map} -- test {} != b ::: a b c; parallel --resume-failed --joblog log echo again {} ::: a b c`,
      () => undefined,
    );
    expect(end.stdout, end.stderr).toBe('again b\n');
  });

  it('has commands that GNU parallel can run again', async () => {
    const end = await sh(
      `${map} -- sh -c 'test -e ok || exit 1; printf "%s\\n" "$1"' x ::: "it's" 'a  b' $'new\\nline'
       touch ok; parallel -k --retry-failed --joblog log | sort`,
      () => undefined,
    );
    expect(end.stdout, end.stderr).toBe("a  b\nit's\nline\nnew\n");
  });

  it('of GNU parallel lets map resume, by what was run and not by its place', async () => {
    const end = await sh(
      `parallel --joblog log test {} != b ::: a b c
       ${map} --resume-failed -k -- test {} != b ::: z c b a; cut -f 1,9 log | tail -n 2 | sort`,
      () => undefined,
    );
    expect(end.stdout, end.stderr).toBe("1\ttest z '!=' b\n3\ttest b '!=' b\n");
  });

  it('resumed twice leaves out what has ended', async () => {
    const end = await sh(
      `${map} 'echo {}; exit {}' ::: 0 3 > /dev/null; ${map} --resume 'echo {}; exit {}' ::: 3 0 5`,
      () => undefined,
    );
    expect(end.stdout, end.stderr).toBe('5\n');
  });
});
