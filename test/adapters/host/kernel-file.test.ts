import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  KernelFiles,
  readKernelFile,
  refusal,
  writeKernelFile,
} from '../../../src/adapters/host/kernel-file.js';
import { tempDir } from '../../support/temp-dir.js';

const fds = (): number => readdirSync('/proc/self/fd').length;

describe('readKernelFile', () => {
  it('reads what is there, however long', () => {
    const path = join(tempDir(), 'f');
    for (const length of [0, 1, 2047, 2048, 8192, 8193, 100_000]) {
      writeFileSync(path, 'x'.repeat(length));
      expect(readKernelFile(path)).toHaveLength(length);
    }
  });

  it('reads long files of the kernel whole', () => {
    expect(readKernelFile('/proc/self/smaps')).toMatch(/VmFlags:.*\n$/);
  });

  it('what is gone is an answer', () => {
    expect(readKernelFile('/nowhere/at/all')).toBeUndefined();
    expect(readKernelFile('/proc/self/stat/below-a-file')).toBeUndefined();
    expect(readKernelFile('/proc/999999999/stat')).toBeUndefined();
  });
});

describe('KernelFiles', () => {
  it('reads anew through the same descriptor', () => {
    const path = join(tempDir(), 'f');
    const files = new KernelFiles(4);
    writeFileSync(path, 'one');
    const file = files.file(path);
    expect(file.read()).toBe('one');
    const before = fds();
    writeFileSync(path, 'second');
    expect(file.read()).toBe('second');
    expect(fds()).toBe(before);
    file.close();
    expect(fds()).toBe(before - 1);
    file.close();
  });

  it('finds what was not there, some reads after it has come', () => {
    const path = join(tempDir(), 'f');
    const file = new KernelFiles(4).file(path);
    expect(file.read()).toBeUndefined();
    writeFileSync(path, 'here');
    const reads = Array.from({ length: 10 }, () => file.read());
    expect(reads).toEqual([...Array<undefined>(9), 'here']);
    expect(file.read()).toBe('here');
    file.close();
  });

  it('keeps no more open than it may, and reads the rest all the same', () => {
    const dir = tempDir();
    const files = new KernelFiles(2);
    const before = fds();
    const handles = ['a', 'b', 'c', 'd'].map((name) => {
      writeFileSync(join(dir, name), name);
      return files.file(join(dir, name));
    });
    expect(handles.map((handle) => handle.read())).toEqual(['a', 'b', 'c', 'd']);
    expect(handles.map((handle) => handle.read())).toEqual(['a', 'b', 'c', 'd']);
    expect(files.openCount).toBe(2);
    files.closeAll();
    expect(fds()).toBe(before);
  });
});

describe('writeKernelFile', () => {
  it('writes, but never makes a file', () => {
    const dir = tempDir();
    writeFileSync(join(dir, 'f'), '');
    expect(writeKernelFile(join(dir, 'f'), 'max')).toBe('written');
    expect(readKernelFile(join(dir, 'f'))).toBe('max');
    expect(writeKernelFile(join(dir, 'g'), 'max')).toBe('gone');
    rmSync(dir, { recursive: true });
    expect(writeKernelFile(join(dir, 'f'), 'max')).toBe('gone');
  });

  it('says why the kernel refused', () => {
    const dir = join(tempDir(), 'd');
    mkdirSync(dir);
    chmodSync(dir, 0o700);
    expect(refusal(writeKernelFile(dir, 'x'))).toBe('EISDIR');
    expect(refusal(writeKernelFile('/proc/self/oom_score_adj', 'x'))).toBe('EINVAL');
    expect(refusal('written')).toBeUndefined();
    expect(refusal('gone')).toBeUndefined();
  });
});
