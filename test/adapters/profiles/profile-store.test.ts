import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  lstatSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { FileShelf } from '../../../src/adapters/profiles/file-shelf.js';
import { FolderShelf } from '../../../src/adapters/profiles/folder-shelf.js';
import { profilesText } from '../../../src/adapters/profiles/format.js';
import { learnInto } from '../../../src/adapters/profiles/learn-into.js';
import { openFileStore } from '../../../src/adapters/profiles/open-store.js';
import { ProfileStore } from '../../../src/adapters/profiles/profile-store.js';
import type { Shelf, ShelfBounds } from '../../../src/adapters/profiles/shelf.js';
import { NO_PRIORS } from '../../../src/core/knowledge.js';
import type { RunSample } from '../../../src/core/learning/types.js';
import { MiB } from '../../../src/util/bytes.js';
import { storedProfile } from '../../support/profiles.js';
import { tempDir } from '../../support/temp-dir.js';
import { completed } from '../../unit/core/learning/samples.js';

const NOW_MS = Date.UTC(2026, 10, 23, 6, 49, 27);
const BOUNDS = { maxGroups: 100, maxBytes: 10 * MiB };

interface Place {
  readonly shelf: Shelf;
  readonly store: ProfileStore;
  readonly warnings: string[];
  readonly dir: string;
}

function place(kind: 'folder' | 'file', bounds: ShelfBounds = BOUNDS): Place {
  const dir = tempDir();
  const now = () => NOW_MS;
  const shelf =
    kind === 'folder'
      ? new FolderShelf(join(dir, 'profiles'), now, bounds)
      : new FileShelf(join(dir, 'profiles.json'), now, bounds);
  const warnings: string[] = [];
  const warn = (sentence: string) => warnings.push(sentence);
  return { shelf, warnings, dir, store: new ProfileStore(shelf, { warn }) };
}

/** No file of this process may grow beyond that, as on a full disk; gives a function that lifts it. */
function limitFileSize(bytes: number): () => void {
  const set = (soft: string) =>
    execFileSync('prlimit', ['--pid', String(process.pid), `--fsize=${soft}:unlimited`]);
  set(String(bytes));
  return () => {
    set('unlimited');
  };
}

const learn = (store: ProfileStore, samples: Record<string, RunSample[]>) =>
  learnInto(store, {
    samples: new Map(Object.entries(samples)),
    priors: NO_PRIORS,
    groups: NO_PRIORS,
  });
const groupsIn = (store: ProfileStore) => [...store.look().profiles.keys()].sort();
const DONE = { ok: true, value: undefined };

describe.each(['folder', 'file'] as const)('profiles in a %s', (kind) => {
  it('are there again, and grow with what is learned', async () => {
    const { store, warnings, shelf } = place(kind);
    expect(store.look()).toEqual({ profiles: new Map(), troubles: [] });
    expect(await learn(store, { a: [completed(1, 100)], b: [completed(2, 200)] })).toEqual(DONE);
    expect(await learn(store, { a: [completed(3, 300)] })).toEqual(DONE);
    expect(store.look().profiles).toEqual(
      new Map([
        ['a', storedProfile('a', [completed(1, 100), completed(3, 300)])],
        ['b', storedProfile('b', [completed(2, 200)])],
      ]),
    );
    expect([...store.look(new Set(['b', 'c'])).profiles.keys()]).toEqual(['b']);
    expect(warnings).toEqual([]);
    expect(statSync(shelf.fileOf('a')).mode & 0o777).toBe(0o600);
    if (kind === 'folder') expect(statSync(shelf.path).mode & 0o777).toBe(0o700);
  });

  it('are stored as the run left them, unless another has added to them meanwhile', async () => {
    const { store } = place(kind);
    await learn(store, { a: [completed(1, 100)], b: [completed(1, 100)] });
    const priors = new Map(
      [...store.look().profiles].map(([group, { profile }]) => [group, profile]),
    );
    await learn(store, { b: [completed(2, 300)] });
    // Told apart from what the samples alone would come to: a run sees more attempts than it keeps samples of.
    const left = {
      ...storedProfile('a', [completed(1, 100), completed(3, 200)]).profile,
      learned: 9,
    };
    const samples = new Map(['a', 'b'].map((group) => [group, [completed(3, 200)]]));
    const groups = new Map([
      ['a', left],
      ['b', left],
    ]);
    expect(await learnInto(store, { samples, priors, groups })).toEqual(DONE);
    expect(store.look().profiles.get('a')?.profile).toEqual(left);
    expect(store.look().profiles.get('b')).toEqual(
      storedProfile('b', [completed(1, 100), completed(2, 300), completed(3, 200)]),
    );
  });

  it('can be forgotten', async () => {
    const { store } = place(kind);
    await learn(store, { a: [completed(1, 100)], b: [completed(2, 200)] });
    expect(await store.update(new Set(['a']), () => new Map([['a', undefined]]))).toEqual(DONE);
    expect(groupsIn(store)).toEqual(['b']);
  });

  it('that are damaged are put aside, told, and learned anew', async () => {
    const { store, shelf, warnings } = place(kind);
    await learn(store, { a: [completed(1, 100)] });
    const path = shelf.fileOf('a');
    const cut = readFileSync(path, 'utf8').slice(0, -30);
    writeFileSync(path, cut);
    expect(await store.read(new Set(['a']))).toEqual({ profiles: new Map(), troubles: [] });
    const aside = `${path}.corrupt-20261123T064927`;
    expect(warnings).toEqual([expect.stringContaining(`it is put aside as ${aside}`)]);
    expect(readFileSync(aside, 'utf8')).toBe(cut);
    expect(await learn(store, { a: [completed(2, 200)] })).toEqual(DONE);
    expect(store.look().profiles).toEqual(
      new Map([['a', storedProfile('a', [completed(2, 200)])]]),
    );
    // A second one in the same second has a name of its own.
    writeFileSync(path, cut);
    await store.read();
    expect(existsSync(`${aside}-2`)).toBe(true);
  });

  it('that are damaged are left alone by a look', async () => {
    const { store, shelf } = place(kind);
    await learn(store, { a: [completed(1, 100)] });
    writeFileSync(shelf.fileOf('a'), '{');
    expect(store.look().troubles).toMatchObject([{ flaw: { kind: 'damaged' } }]);
    expect(readFileSync(shelf.fileOf('a'), 'utf8')).toBe('{');
  });

  it('of a newer version are neither read nor written', async () => {
    const { store, shelf } = place(kind);
    shelf.prepare();
    const newer = '{"format":"memsched-profiles","version":99,"groups":"in another way"}';
    writeFileSync(shelf.fileOf('a'), newer);
    expect((await store.read()).troubles).toEqual([
      { path: shelf.fileOf('a'), flaw: { kind: 'newer', version: 99 } },
    ]);
    const done = await learn(store, { a: [completed(1, 100)] });
    expect(done.ok ? '' : done.error).toContain('version 99 of the format');
    expect(readFileSync(shelf.fileOf('a'), 'utf8')).toBe(newer);
  });

  it('beyond the bound are dropped, the longest unseen first, and that is told', async () => {
    const { store, warnings } = place(kind, { ...BOUNDS, maxGroups: 3 });
    await learn(store, { a: [completed(5, 100)], b: [completed(1, 100)], c: [completed(9, 100)] });
    await learn(store, { d: [completed(7, 100)] });
    expect(groupsIn(store)).toEqual(['a', 'c', 'd']);
    expect(warnings).toEqual([expect.stringMatching(/holds 3 groups .*: 1 that .*\(b\)$/)]);
  });

  it('never take more bytes than the bound', async () => {
    const { store, shelf, warnings } = place(kind, { maxGroups: 100, maxBytes: 4000 });
    for (let at = 0; at < 30; at += 1) await learn(store, { [`g${at}`]: [completed(at, 100)] });
    const files = readdirSync(kind === 'folder' ? shelf.path : join(shelf.path, '..'));
    const sizes = files.map(
      (name) => statSync(join(kind === 'folder' ? shelf.path : join(shelf.path, '..'), name)).size,
    );
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThanOrEqual(4200);
    expect(groupsIn(store)).toContain('g29');
    expect(groupsIn(store)).not.toContain('g0');
    expect(warnings.length).toBeGreaterThan(10);
  });

  it('leave nothing else behind, and clear away what a killed writer left', async () => {
    const { store, shelf } = place(kind);
    await learn(store, { a: [completed(1, 100)] });
    const folder = join(shelf.fileOf('a'), '..');
    const name = shelf.fileOf('a').slice(folder.length + 1);
    writeFileSync(join(folder, `.${name}.0123456789abcdef.tmp`), 'half');
    writeFileSync(join(folder, '.someone-elses.0123456789abcdef.tmp'), 'keep');
    await learn(store, { a: [completed(2, 100)] });
    expect(readdirSync(folder).sort()).toEqual(
      ['.someone-elses.0123456789abcdef.tmp', name, ...(kind === 'folder' ? ['lock'] : [])].sort(),
    );
  });

  it('stay as they were when the disk takes no more', async () => {
    const { store, shelf } = place(kind);
    await learn(store, { a: [completed(1, 100)] });
    const before = store.look();
    const names = readdirSync(join(shelf.fileOf('a'), '..'));
    const restore = limitFileSize(1000);
    const runs = Array.from({ length: 20 }, (_, at) => completed(at + 2, 100));
    const done = await learn(store, { a: runs, b: runs }).finally(restore);
    expect(done.ok ? '' : done.error).toContain('cannot be written: ');
    expect(store.look()).toEqual(before);
    expect(readdirSync(join(shelf.fileOf('a'), '..'))).toEqual(names);
  });

  it('in a place that cannot be written to are an answer', async () => {
    const path = '/proc/memsched-profiles';
    const now = () => NOW_MS;
    const shelf = kind === 'folder' ? new FolderShelf(path, now) : new FileShelf(path, now);
    const store = new ProfileStore(shelf, { warn: (sentence) => expect.unreachable(sentence) });
    const done = await learn(store, { a: [completed(1, 100)] });
    expect(done.ok ? '' : done.error).toContain('cannot be written');
  });
});

describe('a portable file', () => {
  const open = (path: string) => openFileStore(path, { warn: () => undefined });

  it('that a link leads to is replaced, and the link stays', async () => {
    const dir = tempDir();
    mkdirSync(join(dir, 'cache'));
    writeFileSync(join(dir, 'cache', 'real.json'), '');
    symlinkSync(join('cache', 'real.json'), join(dir, 'link.json'));
    const store = open(join(dir, 'link.json'));
    expect(await learn(store, { a: [completed(1, 100)] })).toEqual(DONE);
    expect(lstatSync(join(dir, 'link.json')).isSymbolicLink()).toBe(true);
    expect(readFileSync(join(dir, 'cache', 'real.json'), 'utf8')).toContain('"group":"a"');
  });

  it('is made with its first runs, and holds none before', async () => {
    const path = join(tempDir(), 'new.json');
    const store = open(path);
    expect(existsSync(path)).toBe(false);
    expect(await learn(store, {})).toEqual(DONE);
    expect(readFileSync(path, 'utf8')).toBe(profilesText([]));
  });

  it('needs a folder, and must be an ordinary file', () => {
    const dir = tempDir();
    expect(() => open(join(dir, 'missing', 'p.json'))).toThrow('there is no folder');
    expect(() => open(dir)).toThrow('no ordinary file');
    expect(() => open('/dev/null')).toThrow('no ordinary file');
  });

  it('that is another file is left as it is', async () => {
    const path = join(tempDir(), 'package.json');
    writeFileSync(path, '{"name":"x"}');
    const done = await learn(open(path), { a: [completed(1, 100)] });
    expect(done.ok ? '' : done.error).toContain('no file of profiles');
    expect(readFileSync(path, 'utf8')).toBe('{"name":"x"}');
  });
});
