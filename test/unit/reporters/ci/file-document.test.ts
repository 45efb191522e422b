import {
  chmodSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { describe, expect, test } from 'vitest';
import { openFileDocument } from '../../../../src/reporters/ci/file-document.js';
import { tempDir } from '../../../support/temp-dir.js';

/** Of this process (proc_pid_status(5)). */
function umask(): number {
  const [, octal = ''] = /^Umask:\s*(\d+)$/m.exec(readFileSync('/proc/self/status', 'utf8')) ?? [];
  return Number.parseInt(octal, 8);
}

describe('a document in a file', () => {
  test('opening changes nothing; each version replaces the one before, and nothing else is left', async () => {
    const folder = tempDir();
    const path = join(folder, 'junit.xml');
    const document = openFileDocument(path);
    expect(readdirSync(folder)).toEqual([]);
    await document.replace(['a', 'b']);
    expect(readFileSync(path, 'utf8')).toBe('ab');
    await document.replace(['ü'.repeat(300_000), '!']);
    expect(readFileSync(path, 'utf8')).toBe(`${'ü'.repeat(300_000)}!`);
    expect(readdirSync(folder)).toEqual(['junit.xml']);
  });

  test('a reader sees one version or the other, whole, and a file that it has open stays', async () => {
    const path = join(tempDir(), 'metrics.prom');
    const document = openFileDocument(path);
    await document.replace(['0'.repeat(2_000_000)]);
    const before = statSync(path).ino;
    const writing = document.replace(['1'.repeat(2_000_000)]);
    const seen = readFileSync(path, 'utf8');
    expect(new Set(seen).size).toBe(1);
    expect(seen).toHaveLength(2_000_000);
    await writing;
    expect(readFileSync(path, 'utf8')).toBe('1'.repeat(2_000_000));
    expect(statSync(path).ino).not.toBe(before);
  });

  test('others may read a new one, as the umask has it; a file that was there keeps its mode', async () => {
    const folder = tempDir();
    const fresh = join(folder, 'fresh');
    await openFileDocument(fresh).replace(['x']);
    expect(statSync(fresh).mode & 0o777).toBe(0o666 & ~umask());
    const old = join(folder, 'old');
    writeFileSync(old, '');
    chmodSync(old, 0o640);
    await openFileDocument(old).replace(['x']);
    expect(statSync(old).mode & 0o777).toBe(0o640);
  });

  test('symbolic links are followed and stay, also to a file that is still to come', async () => {
    const folder = tempDir();
    mkdirSync(join(folder, 'there'));
    symlinkSync('there', join(folder, 'link'));
    await openFileDocument(join(folder, 'link', 'a')).replace(['a']);
    symlinkSync(join(folder, 'there', 'a'), join(folder, 'b'));
    symlinkSync('there/new', join(folder, 'c'));
    for (const name of ['b', 'c']) {
      await openFileDocument(join(folder, name)).replace([name]);
      expect(lstatSync(join(folder, name)).isSymbolicLink()).toBe(true);
    }
    expect(readFileSync(join(folder, 'there', 'a'), 'utf8')).toBe('b');
    expect(readFileSync(join(folder, 'there', 'new'), 'utf8')).toBe('c');
    symlinkSync('loop', join(folder, 'loop'));
    expect(() => openFileDocument(join(folder, 'loop'))).toThrow('ELOOP');
  });

  test('what cannot be written is refused when it is opened', async () => {
    const folder = tempDir();
    expect(() => openFileDocument(folder)).toThrow('it is a folder; name a file in it');
    expect(() => openFileDocument(join(folder, 'missing', 'a'))).toThrow('ENOENT');
    expect(() => openFileDocument('/proc/memsched.xml')).toThrow('ENOENT');
    await execa('mkfifo', [join(folder, 'pipe')]);
    expect(() => openFileDocument(join(folder, 'pipe'))).toThrow('not a regular file');
  });

  test('a version that cannot be written leaves the old one', async () => {
    const folder = join(tempDir(), 'folder');
    mkdirSync(folder);
    const document = openFileDocument(join(folder, 'a'));
    rmSync(folder, { recursive: true });
    await expect(document.replace(['x'])).rejects.toThrow('ENOENT');
    mkdirSync(folder);
    await document.replace(['y']);
    expect(readFileSync(join(folder, 'a'), 'utf8')).toBe('y');
  });
});
