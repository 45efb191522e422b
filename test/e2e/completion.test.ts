import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { runCli, runFolder } from '../support/cli.js';
import { typeInto, type ShellName, type ShellPlace } from '../support/shells.js';
import { tempDir } from '../support/temp-dir.js';

const FILE = "my jobs: it's.yaml";
/** A name that a careless script would split, expand or run. */
const GROUP = 'big: "it\'s" $(touch pwned) `touch pwned` *';

const JOBFILE = {
  version: 1,
  name: 'try',
  groups: { net: { max_parallel: 2 } },
  jobs: {
    align: { matrix: { sample: ['a', 'b'] }, run: 'true' },
    index: { run: 'true', group: GROUP },
    merge: { run: 'true', group: 'plain', concurrency: 'net' },
  },
};

async function place(): Promise<ShellPlace> {
  const cwd = tempDir();
  writeFileSync(join(cwd, FILE), JSON.stringify(JOBFILE));
  mkdirSync(join(cwd, 'sub'));
  const { stateHome, exitCode, story } = await runCli(['run', FILE], { cwd });
  expect(exitCode, story).toBe(0);
  return { cwd, stateHome };
}

describe.each(['bash', 'zsh', 'fish'] as const)('%s completes', (shell: ShellName) => {
  it.each([
    ['commands', 'memsched sche\t--he\t', ['schema', '--help']],
    ['commands of commands', 'memsched prof\tforg\t--al\t', ['profile', 'forget', '--all']],
    ['what help is about', 'memsched help expl\t', ['help', 'explain']],
    ['options', 'memsched run --requ\t', ['run', '--require-cgroup']],
    ['choices', 'memsched run --tier cg\t', ['run', '--tier', 'cgroup']],
    ['choices after =', 'memsched run --tier=cg\t', ['run', '--tier=cgroup']],
    ['levels', 'memsched run --preemptible al\t', ['run', '--preemptible', 'always']],
    ['files', 'memsched run my\t', ['run', FILE]],
    ['files after =', 'memsched run --events=my\t', ['run', `--events=${FILE}`]],
    ['jobs', `memsched run my\tal\t`, ['run', FILE, 'align']],
    ['jobs of a quoted file', `memsched run "${FILE}" ind\t`, ['run', FILE, 'index']],
    [
      'a job, a key',
      `memsched run my\t--set al\tpriori\t5`,
      ['run', FILE, '--set', 'align.priority=5'],
    ],
    ['what can be set', 'memsched set latest max\t3', ['set', 'latest', 'max_parallel=3']],
    ['a group that can be set', 'memsched set latest gr\t1', ['set', 'latest', 'groups.net=1']],
    ['tasks of the latest run', 'memsched logs align.b\t', ['logs', 'align.b']],
    ['tasks of a run', 'memsched explain lat\tind\t', ['explain', 'latest', 'index']],
    ['groups', 'memsched profile show pl\t', ['profile', 'show', 'plain']],
    ['groups with awkward names', 'memsched profile show bi\t', ['profile', 'show', GROUP]],
    ['groups in double quotes', 'memsched profile show "bi\t', ['profile', 'show', GROUP]],
    ['groups in single quotes', "memsched profile show 'bi\t", ['profile', 'show', GROUP]],
    ['groups after a colon', 'memsched profile show big:\t', ['profile', 'show', GROUP]],
    [
      'groups after a space',
      String.raw`memsched profile show big:\ ` + '\t',
      ['profile', 'show', GROUP],
    ],
    [
      'the command that is to run',
      'memsched map -j4 -- bzca\t{}',
      ['map', '-j4', '--', 'bzcat', '{}'],
    ],
    ['its arguments', 'memsched map cat my\t', ['map', 'cat', FILE]],
    ['its arguments after --', 'memsched exec -- cat my\t', ['exec', '--', 'cat', FILE]],
    ['folders', 'memsched exec --cwd su\t', ['exec', '--cwd', 'sub']],
  ])('%s', async (_what, keys, args) => {
    const where = await place();
    const typed = await typeInto(shell, keys, where);
    // zsh takes the slash of a folder back.
    expect(typed.map((arg) => arg.replace(/\/$/, ''))).toEqual(args);
    expect(existsSync(join(where.cwd, 'pwned'))).toBe(false);
  });

  it('runs', async () => {
    const where = await place();
    const run = basename(runFolder(where.stateHome) ?? '');
    expect(await typeInto(shell, `memsched show ${run.slice(0, 8)}\t`, where)).toEqual([
      'show',
      run,
    ]);
  });
});
