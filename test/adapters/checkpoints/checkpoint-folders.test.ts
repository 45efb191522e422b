import {
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { createCheckpointFolders } from '../../../src/adapters/checkpoints/checkpoint-folders.js';
import { tempDir } from '../../support/temp-dir.js';

function folders() {
  const path = join(tempDir(), 'checkpoints');
  const warnings: string[] = [];
  const all = createCheckpointFolders(path, (sentence) => warnings.push(sentence));
  const opened = all.open('a.1');
  if (!opened.ok) throw new Error(opened.error.error);
  return { all, path, warnings, folder: opened.value };
}

describe('the folder of a task', () => {
  it('is made for the user alone, and opened again as it is', () => {
    const { all, path, folder } = folders();
    expect(folder).toBe(join(path, 'a.1'));
    expect(statSync(path).mode & 0o777).toBe(0o700);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    writeFileSync(join(folder, 'count'), '7');
    expect(all.open('a.1').ok).toBe(true);
    expect(existsSync(join(folder, 'count'))).toBe(true);
  });

  it('says in words why it cannot be made', () => {
    const { all, path } = folders();
    writeFileSync(join(path, 'b'), '');
    const opened = all.open('b');
    expect(opened.ok ? '' : opened.error.error).toContain(`cannot make the folder of checkpoints`);
  });

  it('is removed with all it holds, and without what links in it lead to', async () => {
    const { all, folder, warnings } = folders();
    const elsewhere = tempDir();
    writeFileSync(join(elsewhere, 'mine'), '');
    mkdirSync(join(folder, 'deep', 'er'), { recursive: true });
    symlinkSync(elsewhere, join(folder, 'deep', 'link'));
    all.remove('a.1');
    await all.close();
    expect(existsSync(folder)).toBe(false);
    expect(existsSync(join(elsewhere, 'mine'))).toBe(true);
    all.remove('never-there');
    await all.close();
    expect(warnings).toEqual([]);
  });
});

describe('a look into it', () => {
  it('tells an empty one, and one that is not there', () => {
    const { all } = folders();
    expect(all.look('a.1')).toEqual({ mark: '', ageMs: 0 });
    expect(all.look('b')).toEqual({ mark: '', ageMs: 0 });
  });

  it('tells a new file, one that grew, one that was replaced, and one below', () => {
    const { all, folder } = folders();
    const marks = new Set<string>();
    const note = (): void => void marks.add(all.look('a.1').mark);
    const path = join(folder, 'state');
    writeFileSync(path, '1');
    note();
    writeFileSync(path, '12');
    note();
    const { mtime } = statSync(path);
    writeFileSync(join(folder, 'state.tmp'), '34');
    renameSync(join(folder, 'state.tmp'), path);
    // Written in the same moment and as large: it is another file all the same.
    utimesSync(path, mtime, mtime);
    note();
    mkdirSync(join(folder, 'step-1'));
    writeFileSync(join(folder, 'step-1', 'weights'), 'x');
    note();
    expect(marks.size).toBe(4);
    expect(all.look('a.1').mark).toBe(all.look('a.1').mark);
  });

  it('leaves out what is being written', () => {
    const { all, folder } = folders();
    for (const name of ['state.tmp', 'state.part', '.state', 'state~'])
      writeFileSync(join(folder, name), 'half');
    expect(all.look('a.1').mark).toBe('');
  });

  it('says how old the newest file is, and not that of where a link leads', () => {
    const { all, folder } = folders();
    const old = new Date(Date.now() - 60_000);
    writeFileSync(join(folder, 'old'), '');
    utimesSync(join(folder, 'old'), old, old);
    const { ageMs } = all.look('a.1');
    expect(ageMs).toBeGreaterThanOrEqual(60_000);
    expect(ageMs).toBeLessThan(120_000);
    const future = new Date(Date.now() + 60_000);
    utimesSync(join(folder, 'old'), future, future);
    expect(all.look('a.1').ageMs).toBe(0);
    rmSync(join(folder, 'old'));
  });

  it('has a bound: a folder of many thousands keeps nobody waiting', () => {
    const { all, folder } = folders();
    for (let at = 0; at < 3000; at += 1) writeFileSync(join(folder, String(at)), '');
    expect(Number(all.look('a.1').mark.split(' ')[0])).toBe(1000);
  });
});
