import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { ChunkLoader } from '../../../src/loader/chunk-loader.js';
import { openCodeCache } from '../../../src/loader/code-cache.js';
import { tempDir } from '../../support/temp-dir.js';

interface Main {
  readonly name: string;
  early(): number;
  late(): number;
}

/** Chunks, and a folder for caches, in a fresh place. */
function place() {
  const home = tempDir();
  const chunksDir = join(home, 'dist');
  mkdirSync(chunksDir);
  writeFileSync(
    join(chunksDir, 'main.cjs'),
    `exports.name = require('node:path').basename(__filename);
exports.early = () => 1;
exports.late = () => require('./other.cjs').late();`,
  );
  writeFileSync(join(chunksDir, 'other.cjs'), 'exports.late = () => 2;');
  const open = (env: NodeJS.ProcessEnv = { HOME: home }) =>
    openCodeCache({ env, command: 'run', chunksDir });
  const start = (cache = open()) => {
    const loader = new ChunkLoader(chunksDir, cache.read());
    return { loader, main: loader.require('./main.cjs') as Main };
  };
  /** A start after which everything is stored. */
  const fill = (cache = open()) => {
    const { loader, main } = start(cache);
    main.late();
    cache.write(loader.code());
  };
  return { home, chunksDir, folder: join(home, '.cache', 'memsched'), open, start, fill };
}

function onlyFile(folder: string): string {
  const [name, ...others] = readdirSync(folder);
  expect(others).toEqual([]);
  return join(folder, name ?? '');
}

describe('the code cache', () => {
  it('lets nothing be compiled twice, and changes nothing that runs', () => {
    const { start, fill, folder } = place();
    expect(start().loader.hasNew).toBe(true);
    fill();
    const { loader, main } = start();
    expect([main.name, main.early(), main.late()]).toEqual(['main.cjs', 1, 2]);
    expect(loader.hasNew).toBe(false);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    expect(statSync(onlyFile(folder)).mode & 0o777).toBe(0o600);
  });

  it('takes nothing of a text that has changed, though it be as long', () => {
    const { start, fill, chunksDir } = place();
    fill();
    writeFileSync(join(chunksDir, 'other.cjs'), 'exports.late = () => 3;');
    const { loader, main } = start();
    expect(main.late()).toBe(3);
    expect(loader.hasNew).toBe(true);
  });

  it('does without a chunk that is gone', () => {
    const { start, fill, chunksDir } = place();
    fill();
    renameSync(join(chunksDir, 'other.cjs'), join(chunksDir, 'another.cjs'));
    expect(start().main.early()).toBe(1);
  });

  it('adds what a later start needs beside', () => {
    const { start, open, folder } = place();
    const first = start();
    open().write(first.loader.code());
    const before = statSync(onlyFile(folder)).size;
    const second = start();
    expect(second.loader.hasNew).toBe(false);
    second.main.late();
    expect(second.loader.hasNew).toBe(true);
    open().write(second.loader.code());
    expect(statSync(onlyFile(folder)).size).toBeGreaterThan(before);
    const third = start();
    third.main.late();
    expect(third.loader.hasNew).toBe(false);
  });

  it('has no part in a start when it is damaged, and is made anew', () => {
    const { start, fill, folder } = place();
    fill();
    const file = onlyFile(folder);
    writeFileSync(file, readFileSync(file).subarray(0, -1));
    expect(start().loader.hasNew).toBe(true);
    fill();
    expect(start().loader.hasNew).toBe(false);
  });

  it.each([
    ['MEMSCHED_NO_CODE_CACHE', { MEMSCHED_NO_CODE_CACHE: '1' }],
    ['coverage', { NODE_V8_COVERAGE: '/nowhere' }],
    ['a relative XDG_CACHE_HOME', { XDG_CACHE_HOME: 'cache' }],
  ])('is off with %s', (_name, env) => {
    const { home, fill, open, folder } = place();
    fill(open({ HOME: home, ...env }));
    expect(existsSync(folder)).toBe(false);
    fill();
    expect(open({ HOME: home, ...env }).read().size).toBe(0);
  });

  it('is off where there is no home', () => {
    const { fill, open } = place();
    fill(open({}));
    expect(open({}).read().size).toBe(0);
  });

  it('keeps to a bound, and to the newest', () => {
    const { fill, folder } = place();
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    for (const age of [1, 2, 3, 4]) {
      writeFileSync(join(folder, `old-${age}`), Buffer.alloc(10 * 1024 * 1024), { mode: 0o600 });
      utimesSync(join(folder, `old-${age}`), 1000 - age, 1000 - age);
    }
    fill();
    const left = readdirSync(folder).filter((name) => name.startsWith('old-'));
    expect(left.sort()).toEqual(['old-1', 'old-2', 'old-3']);
  });

  it('gives up quietly where nothing can be written', () => {
    const { home, fill, start } = place();
    writeFileSync(join(home, '.cache'), 'no folder');
    fill();
    expect(start().main.late()).toBe(2);
  });
});

describe('code that another may have planted is never run:', () => {
  /** What is there is sound; only who may have written it is in doubt. */
  function planted(spoil: (folder: string, file: string) => void) {
    const made = place();
    made.fill();
    expect(made.open().read().size).toBe(2);
    spoil(made.folder, onlyFile(made.folder));
    return made;
  }

  it.each<[string, (folder: string, file: string) => void]>([
    [
      'a folder that others may write to',
      (folder) => {
        chmodSync(folder, 0o777);
      },
    ],
    [
      'a folder that the group may write to',
      (folder) => {
        chmodSync(folder, 0o770);
      },
    ],
    [
      'a file that others may write to',
      (_folder, file) => {
        chmodSync(file, 0o666);
      },
    ],
    [
      'a folder in which others may replace ours',
      (folder) => {
        chmodSync(join(folder, '..'), 0o777);
      },
    ],
    [
      'a link in place of the folder',
      (folder) => {
        renameSync(folder, `${folder}-elsewhere`);
        symlinkSync(`${folder}-elsewhere`, folder);
      },
    ],
    [
      'a link in place of the file',
      (_folder, file) => {
        renameSync(file, join(file, '..', '..', 'elsewhere'));
        symlinkSync(join('..', 'elsewhere'), file);
      },
    ],
  ])('%s', (_name, spoil) => {
    const { open, start } = planted(spoil);
    expect(open().read().size).toBe(0);
    expect(start().main.late()).toBe(2);
  });

  it('but with the sticky bit others cannot replace ours', () => {
    const { open } = planted((folder) => {
      chmodSync(join(folder, '..'), 0o1777);
    });
    expect(open().read().size).toBe(2);
  });

  describe.runIf(process.geteuid?.() === 0)('as root', () => {
    const SOMEONE = 12345;

    it.each<[string, (folder: string, file: string) => void]>([
      [
        'a file of someone else',
        (_folder, file) => {
          chownSync(file, SOMEONE, SOMEONE);
        },
      ],
      [
        'a folder of someone else',
        (folder) => {
          chownSync(folder, SOMEONE, SOMEONE);
        },
      ],
      [
        'a folder in a folder of someone else',
        (folder) => {
          chownSync(join(folder, '..'), SOMEONE, SOMEONE);
        },
      ],
    ])('%s', (_name, spoil) => {
      const { open } = planted(spoil);
      expect(open().read().size).toBe(0);
    });

    it('nothing is left in the home of someone else', () => {
      const { home, fill } = place();
      chownSync(home, SOMEONE, SOMEONE);
      fill();
      expect(existsSync(join(home, '.cache'))).toBe(false);
    });
  });
});
